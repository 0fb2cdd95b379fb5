"""An IPython extension: a cell has ended when all is heard that its child processes have printed.

What is written to the file descriptors 1 and 2 reaches the kernel through a pipe that a thread
reads. Whoever runs a notebook by itself listens until the cell ends, so what the thread had not
read by then would be lost. Where a kernel does not listen to its children, there is nothing to do.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

_MARK = "\x16"
"""Synchronous idle: of one byte, so no end of a piece divides it."""
_LONGEST = 30.0
"""Seconds for which a cell waits for what comes before the mark."""


def load_ipython_extension(shell: Any) -> None:
    """Have each cell of this shell wait for what its children have printed."""
    ends = [_End(stream) for stream in (sys.stdout, sys.stderr) if _listens(stream)]

    def wait() -> None:
        for end in ends:
            end.wait()

    shell.events.register("post_execute", wait)


def _listens(stream: Any) -> bool:
    names = ("watch_fd_thread", "_original_stdstream_fd", "_fid")
    return bool(getattr(stream, "_should_watch", False)) and all(
        getattr(stream, name, None) is not None for name in names
    )


class _End:
    """The end of what has been written to a file descriptor, found again by a mark behind it."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._write = stream, stream.write
        self._asked, self._seen = False, threading.Event()
        stream.write = self._hear

    def wait(self) -> None:
        """Return when all has been passed on that was written before."""
        if not self._is_heard():
            return
        self._seen.clear()
        self._asked = True
        os.write(self._stream._original_stdstream_fd, _MARK.encode())
        self._seen.wait(_LONGEST)
        self._asked = False

    def _is_heard(self) -> bool:
        """Whether somebody reads what is written; a cell may have led it elsewhere."""
        written, read = self._stream._original_stdstream_fd, self._stream._fid
        try:
            same = os.path.samestat(os.fstat(written), os.fstat(read))
        except OSError:
            return False
        return same and bool(self._stream.watch_fd_thread.is_alive())

    def _hear(self, text: str) -> Any:
        if not self._asked or threading.current_thread() is not self._stream.watch_fd_thread:
            return self._write(text)
        before, mark, behind = text.rpartition(_MARK)
        written = self._write(before + behind)
        if mark:
            self._seen.set()
        return written
