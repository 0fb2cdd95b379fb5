"""Reads a log of a run on from where the last reading ended."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_aml.client.patience import Restart
from jupyter_aml.domain.errors import NotFound, Unreachable
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.sdk._run.waits import waiting_for

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles

_PIECE = 1 << 20
_PAUSE = 0.2
_RESTART = 30.0
"""Seconds for which an engine that is being restarted is waited for."""


class Log:
    """One log of a run, read piece by piece or line by line."""

    def __init__(self, run: RunFiles, name: str = CONSOLE) -> None:
        self.run, self._name = run, name
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def skip_to_the_last(self, count: int) -> None:
        """Leave out the beginning of a long log, if its last piece holds so many lines."""
        piece = self.run.client.runs.log(self.run.id, self._name, tail=_PIECE)
        # The first line of the piece may be a part of one.
        if piece.data.count(b"\n") > count:
            self._offset = piece.offset

    def pieces(self) -> Iterator[str]:
        """Yield what is new by now, as it comes; NotFound where there is no such log."""
        while True:
            piece = self.run.client.runs.log(
                self.run.id, self._name, offset=self._offset, limit=_PIECE
            )
            if not piece.data:
                return
            self._offset = piece.offset + len(piece.data)
            yield self._decoder.decode(piece.data)

    def coming_pieces(self) -> Iterator[str]:
        """Yield what is new until the run has ended; the engine may be restarted meanwhile."""
        with waiting_for(self.run):
            yield from self._coming_pieces()

    def _coming_pieces(self) -> Iterator[str]:
        restart = Restart(_RESTART)
        while True:
            ended = False
            try:
                ended = RunStatus(self.run.look()["status"]).is_final
                restart.answered()
                yield from self.pieces()
            except NotFound:
                # Nothing is written before the run starts, or ever by one that never does.
                if ended and self._name != CONSOLE:
                    raise
            except Unreachable as error:
                restart.missed(error)
                ended = False
            if ended:
                return
            time.sleep(_PAUSE)

    def lines(self) -> Iterator[str]:
        """Yield what is there now, a line without its end included."""
        for piece in self.pieces():
            yield from self._whole_lines(piece)
        yield from self._last_line()

    def coming(self) -> Iterator[str]:
        """Yield whole lines as they come, until the run has ended."""
        for piece in self.coming_pieces():
            yield from self._whole_lines(piece)
        yield from self._last_line()

    def _whole_lines(self, piece: str) -> list[str]:
        *lines, self._rest = (self._rest + piece).split("\n")
        return lines

    def _last_line(self) -> list[str]:
        rest, self._rest = self._rest, ""
        return [rest] if rest else []
