"""What all calls share: JSON both ways, pieces of logs, files saved whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_aml.client.transport import Address, Transport
from jupyter_aml.domain.errors import Unreachable

if TYPE_CHECKING:
    from jupyter_aml.wire.contents import WireMetrics


PIECE = 8 << 20
"""Bytes of a file that are sent at once."""
_WAITS = (0.2, 1.0, 3.0)
"""Seconds after which a piece is sent again that could not be."""


class LogPiece(NamedTuple):
    """Bytes of a log from byte `offset` on, of `size` that there were then."""

    data: bytes
    offset: int
    size: int


class FilePiece(NamedTuple):
    """Bytes of a file from byte `offset` on, and whether they are its last."""

    data: bytes
    offset: int
    is_last: bool


def pieces(local: Path) -> Iterator[FilePiece]:
    """A file as it is sent; one piece of an empty one. Raises OSError."""
    with local.open("rb") as file:
        offset, data = 0, file.read(PIECE)
        while following := file.read(PIECE):
            yield FilePiece(data, offset, False)
            offset, data = offset + len(data), following
        yield FilePiece(data, offset, True)


class Door:
    """Speaks JSON to one engine; raises the errors of `domain.errors` that it answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def address(self) -> Address:
        """Where the engine answers."""
        return self._transport.address

    def get(self, path: str, **query: Any) -> Any:
        """Return what is there."""
        return self._transport.request("GET", path, query=query).json()

    def columns(self, path: str, **query: Any) -> WireMetrics:
        """Return metrics, which come as columns of bytes where the engine knows them."""
        from jupyter_aml.wire import columns

        accepted = {"Accept": f"{columns.MEDIA_TYPE}, application/json"}
        answer = self._transport.request("GET", path, query=query, headers=accepted)
        if answer.headers.get("Content-Type") == columns.MEDIA_TYPE:
            return columns.unpack(answer.body)
        found: WireMetrics = answer.json()
        return found

    def post(self, path: str, body: Mapping[str, Any], *, again: bool = False) -> Any:
        """Send a body; `again` says that it may be sent twice."""
        return self._transport.request("POST", path, body=body, again=again).json()

    def send(self, path: str, body: Mapping[str, Any]) -> None:
        """Send a body, which may be sent twice, where nothing comes back."""
        self._transport.request("POST", path, body=body, again=True)

    def put(self, path: str, data: bytes, **query: Any) -> None:
        """Send bytes, which are there once however often they come; again where a line breaks."""
        for wait in _WAITS:
            try:
                self._transport.request("PUT", path, query=query, data=data)
                return
            except Unreachable:
                time.sleep(wait)
        self._transport.request("PUT", path, query=query, data=data)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is there."""
        return self._transport.request("PATCH", path, body=body).json()

    def delete(self, path: str, **query: Any) -> None:
        """Remove what is there."""
        self._transport.request("DELETE", path, query=query)

    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._transport.request("GET", path).body

    def part(self, path: str, offset: int, size: int, **query: Any) -> bytes:
        """Return at most so many bytes of a file from byte `offset` on."""
        headers = {"Range": f"bytes={offset}-{offset + size - 1}"}
        answer = self._transport.request("GET", path, query=query, headers=headers)
        return answer.body if answer.status == 206 else answer.body[offset : offset + size]

    def piece(self, path: str, query: Mapping[str, Any]) -> LogPiece:
        """Return bytes of a log, and where they lie in it."""
        answer = self._transport.request("GET", path, query=query)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        offset = int(headers.get("x-aml-offset", query.get("offset", 0)))
        return LogPiece(
            answer.body, offset, int(headers.get("x-aml-size", offset + len(answer.body)))
        )

    def save(self, path: str, target: Path) -> None:
        """Write a file to `target`, whole or not at all."""
        # Several may fetch it at once, and its name may be as long as a name can be.
        unfinished = target.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
        try:
            with self._transport.stream(path) as pieces, unfinished.open("wb") as file:
                file.writelines(pieces)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
