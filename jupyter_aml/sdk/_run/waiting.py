"""Waits for the end of a run, with its console beside where that is wanted."""

from __future__ import annotations

import codecs
import sys
import time
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.patience import Restart
from jupyter_aml.domain.errors import NotFound, Unreachable
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.sdk._run.details import details, error_details, failure, portal_url, summary
from jupyter_aml.sdk._run.waits import waiting_for
from jupyter_aml.sdk.exceptions import ActivityFailedException

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles
    from jupyter_aml.wire.runs import WireRun

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_RESTART = 60.0
"""Seconds for which an engine that is being restarted is waited for."""


def wait(run: RunFiles, *, show_output: bool, raise_on_error: bool) -> dict[str, Any]:
    """Return the details of the run once it has ended."""
    if show_output:
        print(f"RunId: {run.id}\nWeb View: {portal_url(run)}")
    seen = until_ended(run, console=_Console(run) if show_output else None)
    if show_output:
        print(summary(seen))
        print()
    if raise_on_error and seen["status"] == "Failed":
        raise ActivityFailedException(error_details(seen), message=failure(seen))
    return details(run)


def until_ended(run: RunFiles, *, console: _Console | None = None) -> WireRun:
    """Look again and again until the run has ended; an engine may be restarted meanwhile."""
    with waiting_for(run):
        return _until_ended(run, console)


def _until_ended(run: RunFiles, console: _Console | None) -> WireRun:
    pause, restart = _FIRST_PAUSE, Restart(_RESTART)
    while True:
        try:
            seen = run.look()
            restart.answered()
            news = console.follow() if console is not None else False
            if seen["endedAt"] is not None:
                return seen
            pause = _FIRST_PAUSE if news else min(pause * 1.4, _LONGEST_PAUSE)
        except Unreachable as error:
            restart.missed(error)
        time.sleep(pause)


class _Console:
    """Prints what is new of the run's console."""

    def __init__(self, run: RunFiles) -> None:
        self._run, self._offset, self._said = run, 0, False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def follow(self) -> bool:
        """Print up to where the log is now; say whether there was anything."""
        news = False
        while True:
            try:
                piece = self._run.client.runs.log(self._run.id, CONSOLE, offset=self._offset)
            except NotFound:
                return news
            if not piece.data:
                return news
            if not self._said:
                print(f"\nStreaming {CONSOLE}\n{'=' * (10 + len(CONSOLE))}\n")
                self._said = True
            news, self._offset = True, piece.offset + len(piece.data)
            sys.stdout.write(self._decoder.decode(piece.data))
            sys.stdout.flush()
