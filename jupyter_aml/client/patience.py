"""Waits for an engine's answer: says whom it waits for, and ends at a bound."""

from __future__ import annotations

import io
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.runfolder import silence
from jupyter_aml.runfolder.trust import check_peer

SAY_AFTER = 2.0
"""Seconds of silence after which the user is told whom we wait for."""
LONGEST = 120.0
"""Seconds that an engine at work may take for a step of one answer: a large folder is hashed."""
_LOOK = 0.5

_own = threading.local()


class Silent(Unreachable):
    """Somebody listens and does not answer; another engine would find the root taken."""


@contextmanager
def quietly() -> Iterator[None]:
    """Say nothing in this thread while it waits: nobody has asked for what it does."""
    _own.is_quiet = True
    try:
        yield
    finally:
        _own.is_quiet = False


def say(text: str) -> None:
    """Tell the user, beside the output of what was asked."""
    if not getattr(_own, "is_quiet", False):
        print(f"jupyter aml: {text}", file=sys.stderr, flush=True)


class Patience:
    """How long one engine is waited for; it is said once in each silence."""

    def __init__(self, place: str, longest: float = LONGEST) -> None:
        self.pid: int | None = None
        self._place, self._longest = place, longest
        self._has_said = False

    @property
    def whom(self) -> str:
        """Who is waited for."""
        process = "" if self.pid is None else f" (process {self.pid})"
        return f"the engine of {self._place}{process}"

    def answered(self) -> None:
        """An answer came: the next silence is told anew."""
        self._has_said = False

    def until(self, ready: Callable[[float], bool]) -> None:
        """Return once `ready(seconds)` says so; raises Silent at the bound."""
        began = time.monotonic()
        while not ready(_LOOK):
            waited = time.monotonic() - began
            if waited >= SAY_AFTER:
                self._say()
            bound = silence.STOPPED if silence.is_stopped(self.pid) else self._longest
            if waited >= min(bound, self._longest):
                raise Silent(silence.sentence(self.whom, self.pid, waited))

    def _say(self) -> None:
        if not self._has_said:
            self._has_said = True
            say(f"waiting for {self.whom}")


class Restart:
    """An engine that does not answer while runs go on is waited for: it may be restarted."""

    def __init__(self, longest: float) -> None:
        self._longest, self._answered = longest, time.monotonic()
        self._has_said = False

    def answered(self) -> None:
        """It is there."""
        self._answered, self._has_said = time.monotonic(), False

    def missed(self, error: Unreachable) -> None:
        """It is not: raise what it said last once that has lasted too long."""
        waited = time.monotonic() - self._answered
        if waited > self._longest:
            raise error
        if waited > SAY_AFTER and not self._has_said:
            self._has_said = True
            say(f"{error}; the run goes on, and is waited for up to {self._longest:g} s")


class Line:
    """A connected socket, as `http.client` uses one, whose every wait is a patient one."""

    def __init__(self, end: socket.socket, patience: Patience) -> None:
        self._end, self._patience = end, patience
        patience.pid = peer_pid(end)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `http.client` reads an answer from."""
        return io.BufferedReader(_Answer(self._end, self._patience))

    def sendall(self, data: bytes) -> None:
        """Send all, however slowly it is taken."""
        rest = memoryview(data)
        while rest:
            self._patience.until(lambda seconds: _is_ready(self._end, select.POLLOUT, seconds))
            rest = rest[self._end.send(rest) :]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._end, name)


class _Answer(io.RawIOBase):
    """The bytes that come back."""

    def __init__(self, end: socket.socket, patience: Patience) -> None:
        # A file of its own, so that the answer can be read after its connection was let go.
        self._end, self._patience, self._file = end, patience, end.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes, and take them."""
        self._patience.until(lambda seconds: _is_ready(self._end, select.POLLIN, seconds))
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Let the connection go."""
        self._file.close()
        super().close()


def connect(path: str, patience: Patience) -> socket.socket:
    """Connect to a Unix socket; its engine may be too busy, or stopped, to take us in."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(LONGEST)
    try:
        patience.until(lambda seconds: _is_connected(end, path, seconds))
        check_peer(end, path)
    except BaseException:
        end.close()
        raise
    return end


def _is_connected(end: socket.socket, path: str, seconds: float) -> bool:
    try:
        end.connect(path)
    except BlockingIOError:
        # So many wait already that the system lets nobody else stand in line.
        time.sleep(seconds / 10)
        return False
    return True


def _is_ready(end: socket.socket, event: int, seconds: float) -> bool:
    if event == select.POLLIN and isinstance(end, ssl.SSLSocket) and end.pending():
        return True
    waits = select.poll()
    waits.register(end, event)
    return bool(waits.poll(seconds * 1000))


def peer_pid(end: socket.socket) -> int | None:
    """The process that listens at the other end of a Unix socket; None where nobody says."""
    if end.family != socket.AF_UNIX:
        return None
    if sys.platform == "darwin":
        # SOL_LOCAL and LOCAL_PEERPID.
        return int(struct.unpack("i", end.getsockopt(0, 2, 4))[0])
    # A process of another container has no number here.
    pid: int = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return pid or None
