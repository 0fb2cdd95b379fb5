"""`jupyter aml serve`: answer for a root where no Jupyter server runs."""

from __future__ import annotations

import argparse
import asyncio
import sys

from jupyter_aml.cli import settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
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
    read = headless.HeadlessApp.instance().read(given)
    return asyncio.run(headless.serve(read, headless.log_to_stderr()))
