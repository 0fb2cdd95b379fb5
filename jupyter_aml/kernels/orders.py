"""Speaks to the keeper of a kernel by its door: lines of JSON each way. Blocks."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.runfolder.kernel_host import ORDERS, mac

_CONNECT, _ANSWER = 10.0, 90.0
"""Seconds until the keeper has let us in, and until it has done what it was told."""


class Orders:
    """One connection with orders, from when it is made until it breaks."""

    def __init__(self, port: int, key: str, state: Callable[[Mapping[str, Any]], None]) -> None:
        """`state` is told what the keeper says of its kernel. Raises OSError, or ValueError."""
        self._state = state
        self._ids = itertools.count(1)
        self._writing = threading.Lock()
        self._asked: dict[int, _Answer] = {}
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_CONNECT)
        try:
            self._lines = self._socket.makefile("rb")
            challenge = json.loads(self._lines.readline())["challenge"]
            self._write({"mac": mac(key, challenge, ORDERS), "want": ORDERS})
            # Whoever was not let in is hung up on.
            self._take(self._lines.readline())
            self._socket.settimeout(None)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except BaseException:
            self._socket.close()
            raise

    def listen(self) -> None:
        """Take what the keeper says until the connection breaks."""
        try:
            while line := self._lines.readline():
                self._take(line)
        except (OSError, ValueError):
            pass
        finally:
            self.close()

    def tell(self, what: str, **fields: Any) -> None:
        """Have the keeper do that; raises Unreachable where it does not, or cannot."""
        number, answer = next(self._ids), _Answer()
        self._asked[number] = answer
        try:
            self._write({"id": number, "do": what, **fields})
            if not answer.there.wait(_ANSWER):
                raise Unreachable("the keeper of the kernel does not answer")
            if answer.error is not None:
                raise Unreachable(answer.error)
        except OSError as error:
            raise Unreachable(f"the keeper of the kernel cannot be reached: {error}") from error
        finally:
            self._asked.pop(number, None)

    def close(self) -> None:
        """Let go of the connection; the kernel goes on."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is broken already.
        self._socket.close()
        for answer in list(self._asked.values()):
            answer.error = "the connection to the kernel was lost"
            answer.there.set()

    def _take(self, line: bytes) -> None:
        told = json.loads(line)
        if "state" in told:
            self._state(told)
        elif (answer := self._asked.get(told["id"])) is not None:
            answer.error = told["error"]
            answer.there.set()

    def _write(self, told: Mapping[str, Any]) -> None:
        with self._writing:
            self._socket.sendall(json.dumps(told).encode() + b"\n")


class _Answer:
    def __init__(self) -> None:
        self.there = threading.Event()
        self.error: str | None = None
