"""`jupyter aml reindex`: write the database again from the run folders alone."""

from __future__ import annotations

import argparse
import sys

from jupyter_aml.cli import settings
from jupyter_aml.domain.errors import NotFound


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    settings.add(parser)


def run(args: argparse.Namespace) -> int:
    """Refill the database and say what it holds; folders that cannot be read are named."""
    from jupyter_aml.engine.reindex import reindex_root
    from jupyter_aml.server import headless

    found = headless.HeadlessApp.instance().read(settings.given(args))
    if not found.root.is_dir():
        raise NotFound(f"there is no root {found.root}: give the folder that holds the runs")
    count, unreadable = reindex_root(found)
    for path in unreadable:
        print(f"jupyter aml: {path} holds no run.json that can be read", file=sys.stderr)
    print(f"{count} runs in {found.root}")
    return 1 if unreadable else 0
