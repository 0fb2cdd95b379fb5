"""Waits for a run: an interrupt detaches, a second one cancels, a failure is told as one error."""

from __future__ import annotations

import builtins
import re
import time
from collections.abc import Callable
from typing import Any

from jupyter_aml.client.patience import Restart
from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.sdk._run.waits import waiting_for
from jupyter_aml.widgets.plain import clean
from jupyter_aml.wire.causes import cause, is_cell
from jupyter_aml.wire.runs import WireFailure, WireRun

_FRAME = re.compile(r'(?P<head>\s+File )"(?P<file>[^"]+)", line (?P<line>\d+)(?P<tail>.*)\Z')
_SECOND_THOUGHTS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_RESTART = 30.0


class RunFailed(Exception):
    """A run that was waited for did not complete. `run` is the run, `failure` says why."""

    def __init__(self, run: Any, seen: WireRun) -> None:
        self.run, self.failure = run, seen["error"]
        self._seen = seen
        super().__init__(_sentence(seen))

    def _render_traceback_(self) -> list[str]:
        parts = [f"RunFailed: {self}"]
        traceback = relevant(self._seen)
        if traceback:
            parts.append(traceback)
        if self.failure and self.failure["hint"]:
            parts.append(f"Hint: {clean(self.failure['hint'])}")
        return parts


def wait(run: Any, look: Callable[[], WireRun]) -> WireRun | None:
    """Return the run as it ended; None where the user detached from it."""
    try:
        with waiting_for(run):
            return _until_final(look, None)
    except KeyboardInterrupt:
        print(
            f"Detached: the run goes on. `%aml cancel {run.id}` ends it, "
            "and so does a second interrupt within 2 seconds."
        )
    try:
        return _until_final(look, time.monotonic() + _SECOND_THOUGHTS)
    except KeyboardInterrupt:
        run.cancel()
        print(f"Cancel requested for {run.id}.")
        return None


def raise_unless_completed(run: Any, seen: WireRun) -> None:
    """Raise RunFailed for a run that failed or was cancelled, from its error where we can."""
    if seen["status"] != "Completed":
        raise RunFailed(run, seen) from _original(seen["error"])


def relevant(seen: WireRun) -> str:
    """The part of the remote traceback that speaks of the user's code."""
    error = seen["error"]
    if error is None or not error["traceback"]:
        return ""
    marker = f"/{seen['runId']}/work/"
    kept: list[str] = []
    ours = True
    for row in clean(error["traceback"]).splitlines():
        frame = _FRAME.match(row)
        if frame:
            inside = frame["file"].split(marker, 1)[-1] if marker in frame["file"] else None
            ours = inside is not None or frame["file"] == seen["script"]
            name = inside or frame["file"]
            if ours:
                called = "cell" if name == seen["script"] and is_cell(seen) else f'"{name}"'
                row = f"{frame['head']}{called}, line {frame['line']}{frame['tail']}"
        elif not row.startswith(" "):
            ours = True
        if ours:
            kept.append(row)
    return "\n".join(kept[-40:])


def _until_final(look: Callable[[], WireRun], deadline: float | None) -> WireRun | None:
    pause, restart = _FIRST_PAUSE, Restart(_RESTART)
    while True:
        try:
            seen = look()
        except Unreachable as error:
            # A server that restarts is back within seconds, and the run does not need it.
            restart.missed(error)
        else:
            restart.answered()
            if RunStatus(seen["status"]).is_final:
                return seen
        if deadline is not None and time.monotonic() >= deadline:
            return None
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE if deadline is None else 0.1)


def _sentence(seen: WireRun) -> str:
    name = f"run {seen['experiment']} #{seen['number']} ({seen['runId']})"
    error = seen["error"]
    if seen["status"] == "Canceled":
        return f"{name} was cancelled"
    if error is None:
        return f"{name} ended as {seen['status']}"
    return clean(f"{cause(seen)} in {name}")


def _original(error: WireFailure | None) -> BaseException | None:
    kind = getattr(builtins, (error["type"] or "") if error else "", None)
    if error is None or not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    try:
        made = kind(clean(error["message"]).partition(": ")[2])
    except TypeError:
        return None
    return made if isinstance(made, Exception) else None
