"""`jupyter aml serve`: answer for a root where no Jupyter server runs."""

from __future__ import annotations

import argparse
import asyncio


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


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM, a Jupyter server's wish, or a time with nothing to do."""
    from jupyter_aml.server import headless

    root = getattr(args, "root", None)
    given = [*([f"root={root}"] if root else []), *args.settings]
    settings = headless.HeadlessApp.instance().read(given)
    return asyncio.run(headless.serve(settings, headless.log_to_stderr()))
