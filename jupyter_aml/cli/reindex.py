"""`jupyter aml reindex`: write the database again from the run folders alone."""

from __future__ import annotations

import argparse
import sys

from jupyter_aml.cli import asking, settings
from jupyter_aml.domain.errors import NotFound


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    asking.as_json(parser)
    settings.add(parser)


def run(args: argparse.Namespace) -> int:
    """Refill the database and say what it holds; folders that cannot be read are named."""
    from jupyter_aml.engine.lock import RootTaken
    from jupyter_aml.engine.reindex import reindex_root
    from jupyter_aml.server import headless, holder

    found = headless.HeadlessApp().read(settings.given(args))
    if not found.root.is_dir():
        raise NotFound(f"there is no root {found.root}: give the folder that holds the runs")
    try:
        count, unreadable = reindex_root(found)
    except RootTaken:
        held = holder.read(found.root)
        who = "another engine" if held is None else str(held)
        cure = f": kill {held.pid}" if held is not None and held.kind == "headless" else ""
        raise RootTaken(f"{who} holds the root {found.root}; end it first{cure}") from None
    for path in unreadable:
        told = "cannot be read, or its run lies in another workspace, too"
        print(f"jupyter aml: {path} is left out: it {told}", file=sys.stderr)
    counted = {
        "root": str(found.root),
        "runs": count,
        "leftOut": [str(path) for path in unreadable],
    }
    asking.answer(args, counted, f"{count} runs in {found.root}")
    return 1 if unreadable else 0
