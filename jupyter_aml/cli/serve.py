"""`jupyter aml serve`: answer for a root where no Jupyter server runs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of AmlConfig, above those of the configuration files (repeatable)",
    )
    parser.add_argument(
        "--settings-from-stdin",
        action="store_true",
        help="read more NAME=VALUE from standard input, where `ps` does not show them",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM, a Jupyter server's wish, or a time with nothing to do."""
    from jupyter_aml.server import headless

    given = [f"root={os.path.abspath(args.root)}"] if args.root else []
    given += args.settings
    if args.settings_from_stdin:
        given += sys.stdin.read().splitlines()
    settings = headless.HeadlessApp.instance().read(given)
    return asyncio.run(headless.serve(settings, headless.log_to_stderr()))
