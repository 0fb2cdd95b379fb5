"""`jupyter aml logs`: print what a run printed."""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Iterable, Iterator

from jupyter_aml.cli import asking, codes, following
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.sdk._run.log import Log

_EPILOG = """\
  jupyter aml logs -f last
  jupyter aml logs --tail 100 digits#3 | grep loss

An interrupt stops the following, and not the run. With --json each line is one JSON document.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = _EPILOG
    asking.options(parser)
    asking.name_run(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument("--tail", type=int, metavar="N", help="begin with the last N lines")
    parser.add_argument("--name", default=CONSOLE, help=f"another log (default: {CONSOLE})")


def run(args: argparse.Namespace) -> int:
    """Print the log."""
    log = Log(asking.one(args), args.name)
    try:
        _print(log, args)
    except KeyboardInterrupt:
        asking.tell(f"the run goes on; `jupyter aml cancel {log.run.id}` ends it")
        raise
    return codes.DONE


def _print(log: Log, args: argparse.Namespace) -> None:
    if args.tail is not None:
        lines = deque(_there(log, args), maxlen=max(args.tail, 0))
        _write(lines, log, args)
    if args.follow:
        if args.json:
            _write(log.coming(), log, args)
        else:
            following.write(log.coming_pieces())
    elif args.tail is None:
        _write(_there(log, args), log, args)


def _there(log: Log, args: argparse.Namespace) -> Iterator[str]:
    """The lines that are there by now; none of a console that is not written yet."""
    try:
        if args.tail is not None:
            log.skip_to_the_last(args.tail)
        yield from log.lines()
    except NotFound:
        if args.name != CONSOLE:
            raise


def _write(lines: Iterable[str], log: Log, args: argparse.Namespace) -> None:
    if args.json:
        for line in lines:
            print(json.dumps({"runId": log.run.id, "name": args.name, "line": line}), flush=True)
    else:
        following.write(f"{line}\n" for line in lines)
