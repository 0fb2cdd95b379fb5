"""What is told of runs while and after they run."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from jupyter_aml.cli import asking
from jupyter_aml.sdk._run import waiting
from jupyter_aml.sdk._run.log import Log
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.widgets.plain import clean, duration
from jupyter_aml.wire.causes import cause
from jupyter_aml.wire.runs import WireRun


def until_ended(run: Run, *, prints: bool = False) -> WireRun:
    """Return the run as it ended, its console printed meanwhile; an interrupt leaves it alone."""
    try:
        if prints:
            waiting.until_begun(run, tell=asking.tell)
            write(Log(run).coming_pieces())
        return waiting.until_ended(run, tell=asking.tell)
    except KeyboardInterrupt:
        asking.tell(f"the run goes on; `jupyter aml cancel {run.id}` ends it")
        raise


def write(pieces: Iterable[str]) -> None:
    """Print pieces of a log as they come; a terminal gets no escape sequences of a run's."""
    is_terminal = sys.stdout.isatty()
    for piece in pieces:
        sys.stdout.write(clean(piece) if is_terminal else piece)
        sys.stdout.flush()


def sentence(seen: WireRun) -> str:
    """How a run ended, or how far it is, in one line."""
    told = f"{seen['experiment']} #{seen['number']} ({seen['runId']}): {seen['status']}"
    spent = duration(seen)
    if spent:
        told += f" after {spent}"
    if seen["error"] is not None:
        told += f": {clean(cause(seen))}"
    return told
