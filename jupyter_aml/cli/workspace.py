"""`jupyter aml workspace`: the workspaces of a root, made, listed and deleted."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.client import find
from jupyter_aml.domain import ids
from jupyter_aml.sdk._submit import command_line, sending
from jupyter_aml.sdk._workspace import removal
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
        count = str(removal.count(client, each["name"]))
        rows.append((each["name"], local(each["createdAt"]), count, tags))
    asking.answer(args, found, asking.table(_HEADS, rows, "no workspaces"))
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    client, name = find(), ids.workspace_name(args.name)
    count = removal.check(client, name, with_runs=args.runs, cure="--runs")
    many = "1 run" if count == 1 else f"{count} runs"
    what = f"workspace {name}" + (f" with {many} and all files" if count else "")
    if not args.yes and not asking.confirm(f"Delete {what}?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    gone = removal.remove(client, name)
    asking.answer(args, {"name": name, "runIds": gone}, f"deleted {what}")
    return codes.DONE
