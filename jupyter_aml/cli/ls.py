"""`jupyter aml ls`: list runs."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_aml.cli import asking, codes
from jupyter_aml.sdk._run import filters
from jupyter_aml.widgets.plain import duration
from jupyter_aml.wire.runs import WireRun

_HEADS = ("Run", "Experiment", "#", "Name", "Status", "Created (UTC)", "Duration", "Metrics")
_PAGE = 500
_SHOWN_METRICS = 3
_EPILOG = """\
All words must hold: status:failed, experiment:NAME, tag.KEY:VALUE, param.KEY:VALUE, parent:RUN,
rmse<50, and plain words for id, name and script.

  jupyter aml ls status:failed,canceled
  jupyter aml ls --sort metric:rmse 'rmse<60' experiment:digits
  jupyter aml rm -y $(jupyter aml ls -q --limit 500 tag.stage:test)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = _EPILOG
    asking.options(parser)
    parser.add_argument("words", metavar="WORD", nargs="*", help="what must hold; see below")
    parser.add_argument("--exp", metavar="NAME", help="runs of this experiment only")
    parser.add_argument(
        "--sort",
        metavar="COLUMN",
        help="created, status, number, duration, metric:NAME, ...; `-` before it for falling",
    )
    parser.add_argument("--limit", type=_count, default=20, metavar="N", help="default: 20")
    parser.add_argument("--children", action="store_true", help="also children of other runs")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.set_defaults(several="words")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    space = asking.workspace(args)
    found, total = _found(space.client, space.name, args)
    if args.quiet:
        _print_ids(args, [each["runId"] for each in found])
        return codes.DONE
    asking.answer(args, found, asking.table(_HEADS, [_row(each) for each in found], "no runs"))
    if total > len(found) and not args.json:
        asking.tell(f"{len(found)} of {total} runs; --limit {total} shows all")
    return codes.DONE


def _print_ids(args: argparse.Namespace, ids: list[str]) -> None:
    # Not an empty line where there are none: it would be an empty word to `rm $(...)`.
    if ids or args.json:
        asking.answer(args, ids, "\n".join(ids))


def words(given: list[str], *, children: bool) -> str:
    """The filter line of some words, which leaves children out unless they are asked for."""
    line = " ".join(given)
    if not children and "parent:" not in line:
        line = f"{line} {filters.line(parent='none')}"
    return line.strip()


def _found(client: Any, workspace: str, args: argparse.Namespace) -> tuple[list[WireRun], int]:
    query: dict[str, Any] = {
        "workspace": workspace,
        "experiment": args.exp,
        "filter": words(args.words, children=args.children) or None,
        "sort": args.sort,
    }
    found: list[WireRun] = []
    after = None
    while True:
        page = client.runs.page(limit=min(args.limit - len(found), _PAGE), after=after, **query)
        found += page["runs"]
        after = page["next"]
        if after is None or len(found) >= args.limit:
            return found, page["total"]


def _row(seen: WireRun) -> tuple[str, ...]:
    metrics = list(seen["metrics"].items())[:_SHOWN_METRICS]
    return (
        seen["runId"],
        seen["experiment"],
        str(seen["number"]),
        seen["displayName"] or "",
        seen["status"],
        seen["createdAt"][:19].replace("T", " "),
        duration(seen),
        ", ".join(f"{name} {asking.number(value)}" for name, value in metrics),
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
