"""`jupyter aml serve`: answer for a root where no Jupyter server runs."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from functools import partial

from jupyter_aml.cli import asking, settings
from jupyter_aml.server.holder import Holder

_TOLD = ("pid", "kind", "version", "socket")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    asking.as_json(parser)
    settings.add(parser)
    parser.add_argument(
        "--settings-from-stdin",
        action="store_true",
        help="read more NAME=VALUE from standard input, where `ps` does not show them",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM, a Jupyter server's wish, or a time with nothing to do."""
    from jupyter_aml.server import headless

    given = settings.given(args)
    if args.settings_from_stdin:
        given += sys.stdin.read().splitlines()
    read = headless.HeadlessApp().read(given)
    serving = headless.serve(
        read, headless.log_to_stderr(), tell=partial(_tell, args, str(read.root))
    )
    return asyncio.run(serving)


def _tell(args: argparse.Namespace, root: str, held: Holder | None) -> None:
    """With --json: who answers for the root, at once, for whoever reads it as it comes."""
    if args.json:
        told = None if held is None else {name: getattr(held, name) for name in _TOLD}
        print(json.dumps({"root": root, "engine": told}), flush=True)
