"""Exit codes, for scripts; `docs/reference/cli.md` lists them."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_aml.wire.runs import WireRun

DONE = 0
FAULT = 1
"""It could not be done; one line on stderr says why."""
FAILED = 3
"""A run that was waited for failed."""
CANCELED = 4
"""A run that was waited for was cancelled, and none failed."""
UNREACHABLE = 5
"""No engine answers, and none could be started."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""Who read the output has gone, as `head` does."""


def of(ended: Iterable[WireRun]) -> int:
    """What became of runs, as an exit code."""
    statuses = {run["status"] for run in ended}
    if "Failed" in statuses:
        return FAILED
    return CANCELED if "Canceled" in statuses else DONE
