"""Tells the engine which runs this script waits for: its place serves them meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from time import time
from typing import TYPE_CHECKING

from jupyter_aml.domain.errors import AmlError

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.place import RunPlace
    from jupyter_aml.wire.runs import WireRun

LOOK = 30.0
"""Seconds for which a script that looked at a run that goes on counts as waiting for it."""

_numbers = count(1)
_looked: dict[str, float] = {}
"""When the last look at a run was recorded."""


@contextmanager
def waiting_for(run: RunPlace) -> Iterator[None]:
    """Record that this script waits for a run, as long as the block lasts."""
    script = _this_script(run, run.id)
    if script is None:
        yield
        return
    key = f"{os.getpid()}.{next(_numbers)}"
    script._records.record("wait", key, [run.id], None, time())
    # The engine reads of it now, else within a second.
    with suppress(AmlError):
        script.client.runs.look(script.id)
    try:
        yield
    finally:
        script._records.record("resume", key, time())


def look(run: RunPlace) -> WireRun:
    """Ask for a run as a script does that waits for it."""
    seen = run.look()
    looked_at(run, [seen])
    return seen


def looked_at(run: RunPlace, some: Iterable[WireRun]) -> None:
    """Record what a script has seen by asking for a run: one that looks again and again waits."""
    for seen in some:
        run_id, now = seen["runId"], time()
        has_ended, last = seen["endedAt"] is not None, _looked.get(run_id, 0.0)
        script = _this_script(run, run_id)
        if script is None:
            continue
        if has_ended and last:
            script._records.record("resume", run_id, now)
            del _looked[run_id]
        elif not has_ended and abs(now - last) > LOOK / 3:
            script._records.record("wait", run_id, [run_id], now + LOOK, now)
            _looked[run_id] = now


def _this_script(run: RunPlace, waits_for: str) -> RunPlace | None:
    """The run that this script is; None outside of runs, and where a run asks for itself."""
    if "AML_RUN_DIR" not in os.environ or os.environ["AML_RUN_ID"] == waits_for:
        return None
    script: RunPlace = run.get_context()
    return script
