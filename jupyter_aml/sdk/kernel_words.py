"""What a kernel says is heard to its last word, however it dies.

A kernel reads its own standard streams in a thread, to send them in messages, so what it wrote just
before it was killed dies with it. Here another process, the one that started the kernel, reads the
streams first, keeps their end, and gives them back to the kernel to be sent.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module
from typing import Any

STREAM = f"{__name__}.stream"
"""The class of streams that such a kernel is started with (`IPKernelApp.outstream_class`)."""

_NAMES = ("stdout", "stderr")
_CHUNK = 65_536
_KEPT = 4_000
_SECONDS = 5.0


class LastWords:
    """The pipes between a kernel and the process that starts it, and the end of what it said."""

    def __init__(self) -> None:
        self._kept = b""
        self._lock = threading.Lock()
        self._given: list[int] = []
        self._readers: list[threading.Thread] = []
        self.environment: dict[str, str] = {}
        self.streams: dict[str, int] = {}
        for name in _NAMES:
            self.streams[name] = self._follow(None)
            back, forth = os.pipe()
            self._given.append(back)
            self.environment[_variable(name)] = f"{self._follow(forth)} {back}"

    def _follow(self, forth: int | None) -> int:
        """Read from a new pipe and pass it on; return the end to write to."""
        reading, writing = os.pipe()
        self._given.append(writing)
        reader = threading.Thread(target=self._read, args=(reading, forth), daemon=True)
        reader.start()
        self._readers.append(reader)
        return writing

    def _read(self, reading: int, forth: int | None) -> None:
        while some := os.read(reading, _CHUNK):
            with self._lock:
                self._kept = (self._kept + some)[-_KEPT:]
            if forth is not None:
                try:
                    os.write(forth, some)
                except BrokenPipeError:
                    os.close(forth)
                    forth = None
        os.close(reading)
        if forth is not None:
            os.close(forth)

    def options(self) -> dict[str, Any]:
        """What the kernel's process is started with."""
        environment = {**os.environ, **self.environment}
        return {**self.streams, "env": environment, "pass_fds": tuple(self._given)}

    def started(self) -> None:
        """Leave the kernel's ends to the kernel: only its death closes them."""
        for end in self._given:
            os.close(end)
        self._given.clear()

    def lines(self) -> list[str]:
        """The last lines of a kernel that is dead."""
        for reader in self._readers:
            # A process that outlives the kernel may hold a stream open.
            reader.join(_SECONDS)
        return self._kept.decode("utf-8", "replace").splitlines()


def _variable(name: str) -> str:
    return f"AML_KERNEL_{name.upper()}"


def stream(session: Any, thread: Any, name: str, **options: Any) -> Any:
    """The stream of this name, in a kernel that was started with the options of LastWords."""
    iostream: Any = import_module("ipykernel.iostream")
    to_starter, from_starter = map(int, os.environ.pop(_variable(name)).split())

    class Stream(iostream.OutStream):  # type: ignore[misc]
        """Reads its file descriptor by way of the process that started the kernel."""

        def _setup_stream_redirects(self, name: str) -> None:
            self._exc = None
            self._fid = from_starter
            own = self._original_stdstream_fd = getattr(sys, name).fileno()
            self._original_stdstream_copy = os.dup(own)
            os.dup2(to_starter, own)
            os.close(to_starter)
            os.set_inheritable(from_starter, False)
            self.watch_fd_thread = threading.Thread(target=self._watch_pipe_fd, daemon=True)
            self.watch_fd_thread.start()

        def fileno(self) -> int:
            """Where a child process writes that is given this stream: to the cell, too."""
            return int(self._original_stdstream_fd)

        def write(self, string: str) -> int | None:
            written: int | None = super().write(string)
            if threading.current_thread() is not self.watch_fd_thread:
                os.write(self._original_stdstream_copy, string.encode("utf-8", "replace"))
            return written

    return Stream(session, thread, name, **options)
