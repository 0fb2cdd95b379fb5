"""`jupyter aml reindex`: write the database again from the run folders alone."""

from __future__ import annotations

import argparse
import sys

from jupyter_aml.domain.errors import NotFound


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
    """Refill the database and say what it holds; folders that cannot be read are named."""
    from jupyter_aml.engine.reindex import reindex_root
    from jupyter_aml.server import headless

    root = getattr(args, "root", None)
    given = [*([f"root={root}"] if root else []), *args.settings]
    settings = headless.HeadlessApp.instance().read(given)
    if not settings.root.is_dir():
        raise NotFound(f"there is no root {settings.root}: give the folder that holds the runs")
    count, unreadable = reindex_root(settings)
    for path in unreadable:
        print(f"jupyter aml: {path} holds no run.json that can be read", file=sys.stderr)
    print(f"{count} runs in {settings.root}")
    return 1 if unreadable else 0
