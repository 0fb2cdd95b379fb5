"""Waits for the end of a run, with its logs beside where that is wanted."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.patience import Restart
from jupyter_aml.domain.errors import NotFound, Unreachable
from jupyter_aml.runfolder.layout import BUILD_LOG, CONSOLE
from jupyter_aml.sdk._run.details import details, error_details, failure, portal_url, summary
from jupyter_aml.sdk._run.waits import waiting_for
from jupyter_aml.sdk.exceptions import ActivityFailedException

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles
    from jupyter_aml.wire.runs import WireRun

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_PATIENT = 2.0
"""Seconds for which a run may wait without a word."""
_RESTART = 60.0
"""Seconds for which an engine that is being restarted is waited for."""


Tell = Callable[[str], None]


def wait(run: RunFiles, *, show_output: bool, raise_on_error: bool) -> dict[str, Any]:
    """Return the details of the run once it has ended."""
    url = portal_url(run) if show_output else ""
    if show_output:
        print(f"RunId: {run.id}\nWeb View: {url}")
    seen = until_ended(run, logs=_Logs(run) if show_output else None)
    if show_output:
        print(summary(seen, url, with_error=not raise_on_error))
    if raise_on_error and seen["status"] == "Failed":
        raise ActivityFailedException(error_details(seen), message=failure(seen))
    return details(run)


def until_ended(run: RunFiles, *, logs: _Logs | None = None, tell: Tell | None = None) -> WireRun:
    """Look again and again until the run has ended; an engine may be restarted meanwhile.

    `tell` hears why the run waits, each time that it is something else.
    """
    with waiting_for(run):
        return _looked(run, _is_over, logs, tell)


def until_begun(run: RunFiles, *, tell: Tell) -> WireRun:
    """Look until the script runs, or will not."""
    return _looked(run, lambda seen: seen["startedAt"] is not None or _is_over(seen), None, tell)


def _is_over(seen: WireRun) -> bool:
    return seen["endedAt"] is not None


def _looked(
    run: RunFiles, is_so: Callable[[WireRun], bool], logs: _Logs | None, tell: Tell | None
) -> WireRun:
    waits = None if tell is None else _Reasons(tell)
    pause, restart = _FIRST_PAUSE, Restart(_RESTART)
    while True:
        try:
            seen = run.look()
            restart.answered()
            news = logs.follow(seen) if logs is not None else False
            if is_so(seen):
                return seen
            if waits is not None:
                waits.hear(seen)
            pause = _FIRST_PAUSE if news else min(pause * 1.4, _LONGEST_PAUSE)
        except Unreachable as error:
            restart.missed(error)
        time.sleep(pause)


class _Reasons:
    """Tells why a run waits, where it waits for longer than a moment."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._told = tell, ""
        self._since = time.monotonic()

    def hear(self, seen: WireRun) -> None:
        reason = seen["reason"] or ""
        if seen["startedAt"] is not None or time.monotonic() - self._since < _PATIENT:
            return
        if reason not in ("", self._told):
            self._told = reason
            self._tell(f"{seen['status']}: {reason}")


class _Logs:
    """Prints what is new of a run's logs: that of the build, then that of its script."""

    def __init__(self, run: RunFiles) -> None:
        self._build, self._console = _Log(run, BUILD_LOG), _Log(run, CONSOLE)
        self._is_built = False

    def follow(self, seen: WireRun) -> bool:
        """Print up to where the logs are now; say whether there was anything."""
        news = not self._is_built and self._build.follow()
        # Nothing is built any more once this was seen, so all of that log was there to be read.
        self._is_built = seen["startedAt"] is not None or seen["endedAt"] is not None
        return (self._is_built and self._console.follow()) or news


class _Log:
    """Prints what is new of one log, below its name."""

    def __init__(self, run: RunFiles, name: str) -> None:
        self._run, self._name, self._offset = run, name, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def follow(self) -> bool:
        """Print up to where the log is now; say whether there was anything."""
        news = False
        while True:
            try:
                piece = self._run.client.runs.log(self._run.id, self._name, offset=self._offset)
            except NotFound:
                return news
            if not piece.data:
                return news
            if self._offset == 0:
                print(f"\nStreaming {self._name}\n{'=' * (10 + len(self._name))}\n")
            news, self._offset = True, piece.offset + len(piece.data)
            sys.stdout.write(self._decoder.decode(piece.data))
            sys.stdout.flush()
