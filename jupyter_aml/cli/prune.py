"""`jupyter aml prune`: delete old runs, and environments that were built and are not used."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from jupyter_aml.cli import asking, codes
from jupyter_aml.client import Client
from jupyter_aml.domain.errors import AmlError, NotFound
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.sdk._run import filters
from jupyter_aml.widgets.plain import size
from jupyter_aml.wire.coding import decode_time
from jupyter_aml.wire.runs import WireRun

_FINAL = {status.value.lower(): status.value for status in RunStatus if status.is_final}
_EPILOG = """\
A run goes if it has ended and all that is said holds for it; active runs and their parents stay.

  jupyter aml prune --status failed,canceled --older-than 7d
  jupyter aml prune --keep 20 --exp digits --dry-run
  jupyter aml prune --older-than 30d --environments
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = _EPILOG
    asking.options(parser)
    add = parser.add_argument
    add("--older-than", type=asking.days, metavar="30d", help="ended so long ago (h, d, w)")
    add("--keep", type=int, metavar="N", help="leave the newest N runs of each experiment")
    add("--status", type=_statuses, metavar="S", help="failed, canceled, completed, or several")
    add("--exp", metavar="NAME", help="runs of this experiment only")
    add(
        "--environments",
        action="store_true",
        help="also environments that were built and not used for so long; definitions stay",
    )
    add("--dry-run", action="store_true", help="say what would go, and keep it")
    add("-y", "--yes", action="store_true", help="do not ask")
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Delete what is chosen, and say what it was."""
    if args.older_than is None and args.keep is None and args.status is None:
        args.parser.error("say what goes: --older-than 30d, --keep 20, --status failed")
    if args.environments and args.older_than is None:
        args.parser.error("--environments needs --older-than")
    if args.keep is not None and args.keep < 0:
        args.parser.error("--keep must be 0 or more")
    space = asking.workspace(args)
    chosen = list(_chosen(space.client, space.name, args))
    asks = bool(chosen) and not args.dry_run and not args.yes
    if asks and not asking.confirm(f"Delete {_many(len(chosen), 'run')} with all files?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    gone = chosen if args.dry_run else list(_delete(space.client, chosen))
    answer: dict[str, Any] = {"runIds": [each["runId"] for each in gone]}
    verb = "would delete" if args.dry_run else "deleted"
    rows = [f"{each['runId']}  {each['status']}  {each['createdAt'][:10]}" for each in gone]
    rows.append(f"{verb} {_many(len(gone), 'run')}")
    if args.environments:
        asked = {"olderThanDays": args.older_than, "dryRun": args.dry_run}
        built = space.client.environments.prune(asked)
        answer.update(environments=built["keys"], size=built["size"])
        many = _many(len(built["keys"]), "built environment")
        rows += [*built["keys"], f"{verb} {many}, {size(built['size'])}"]
    asking.answer(args, answer, "\n".join(rows))
    return codes.DONE if len(gone) == len(chosen) else codes.FAULT


def _chosen(client: Client, workspace: str, args: argparse.Namespace) -> Iterator[WireRun]:
    """The runs that go, newest first. Children go with their parents and are not counted."""
    before = None
    if args.older_than is not None:
        before = datetime.now(UTC) - timedelta(days=args.older_than)
    newer: dict[str, int] = {}
    query = {} if args.exp is None else {"experiment": args.exp}
    for page in filters.pages(client, workspace=workspace, **query):
        for seen in page["runs"]:
            if seen["parentId"] is not None:
                continue
            place = newer[seen["experiment"]] = newer.get(seen["experiment"], 0) + 1
            ended = decode_time(seen["endedAt"])
            if (
                RunStatus(seen["status"]).is_final
                and (args.status is None or seen["status"] in args.status)
                and (args.keep is None or place > args.keep)
                and (before is None or (ended is not None and ended < before))
            ):
                yield seen


def _delete(client: Client, chosen: list[WireRun]) -> Iterator[WireRun]:
    for seen in chosen:
        try:
            client.runs.delete(seen["runId"])
        except NotFound:
            pass  # Somebody else was quicker.
        except AmlError as error:
            asking.tell(f"{seen['runId']}: {error}")
            continue
        yield seen


def _statuses(text: str) -> list[str]:
    found = []
    for word in text.split(","):
        status = _FINAL.get(word.strip().lower())
        if status is None:
            listed = ", ".join(_FINAL)
            raise argparse.ArgumentTypeError(f"{word!r} is not how a run ends: {listed}")
        found.append(status)
    return found


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
