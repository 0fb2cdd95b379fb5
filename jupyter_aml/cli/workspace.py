"""`jupyter aml workspace`: the workspaces of a root, made, listed and deleted."""

from __future__ import annotations

import argparse
from contextlib import suppress

from jupyter_aml.cli import asking, codes
from jupyter_aml.client import Client, find
from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.workspace import check_deletable
from jupyter_aml.sdk._run import filters
from jupyter_aml.sdk._submit import command_line, sending
from jupyter_aml.widgets.plain import local

_HEADS = ("Workspace", "Created", "Runs", "Tags")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser, takes=asking.as_json)
    create = verbs.add("create", _create, "make a workspace")
    create.add_argument("name", metavar="NAME", help="letters, digits, `-`, `_` and `.`")
    create.add_argument("-t", "--tag", action="append", default=[], metavar="K=V", help="a tag")
    create.add_argument("--exist-ok", action="store_true", help="one that is there is fine")
    verbs.add("ls", _ls, "list the workspaces of the root")
    remove = verbs.add("rm", _remove, "delete a workspace with its experiments and environments")
    remove.add_argument("name", metavar="NAME", help="as `ls` lists it in the first column")
    remove.add_argument("--runs", action="store_true", help="delete its runs, too")
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _create(args: argparse.Namespace) -> int:
    tags = sending.unique([command_line.pair(text) for text in args.tag], "-t")
    name = ids.workspace_name(args.name)
    made = find().workspaces.add({"name": name, "tags": tags, "existOk": args.exist_ok})
    asking.answer(args, made, made["name"])
    return codes.DONE


def _ls(args: argparse.Namespace) -> int:
    client = find()
    found = client.workspaces.list()
    rows = []
    for each in found:
        tags = ", ".join(f"{key}={value}" for key, value in each["tags"].items())
        count = str(_count(client, each["name"]))
        rows.append((each["name"], local(each["createdAt"]), count, tags))
    asking.answer(args, found, asking.table(_HEADS, rows, "no workspaces"))
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    client, name = find(), ids.workspace_name(args.name)
    # Before its runs are deleted, which would be done for nothing.
    check_deletable(name)
    client.workspaces.get(name)
    count = _count(client, name)
    many = "1 run" if count == 1 else f"{count} runs"
    if count and not args.runs:
        raise IllegalMove(f"workspace {name!r} has {many}: --runs deletes them, too")
    active = _count(client, name, "status:active")
    if active:
        raise IllegalMove(f"{active} of the runs of workspace {name!r} go on: cancel them first")
    what = f"workspace {name}" + (f" with {many} and all files" if count else "")
    if not args.yes and not asking.confirm(f"Delete {what}?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    gone = _delete_runs(client, name) if count else []
    with suppress(NotFound):  # Somebody else was quicker.
        client.workspaces.remove(name)
    asking.answer(args, {"name": name, "runIds": gone}, f"deleted {what}")
    return codes.DONE


def _count(client: Client, workspace: str, words: str = "") -> int:
    """The runs of a workspace for which the words hold, children among them."""
    return client.runs.page(workspace=workspace, filter=words or None, limit=1)["total"]


def _delete_runs(client: Client, workspace: str) -> list[str]:
    """Delete all runs; children go with their parents."""
    pages = list(filters.pages(client, workspace=workspace))
    gone = [seen["runId"] for page in pages for seen in page["runs"]]
    for run_id in gone:
        with suppress(NotFound):  # Somebody else was quicker.
            client.runs.delete(run_id)
    return gone
