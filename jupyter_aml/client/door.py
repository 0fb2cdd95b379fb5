"""What all calls share: JSON both ways, pieces of logs, files saved whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_aml.client.transport import Transport

if TYPE_CHECKING:
    from jupyter_aml.wire.contents import WireMetrics


class LogPiece(NamedTuple):
    """Bytes of a log from byte `offset` on, of `size` that there were then."""

    data: bytes
    offset: int
    size: int


class Door:
    """Speaks JSON to one engine; raises the errors of `domain.errors` that it answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

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

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is there."""
        return self._transport.request("PATCH", path, body=body).json()

    def delete(self, path: str, **query: Any) -> None:
        """Remove what is there."""
        self._transport.request("DELETE", path, query=query)

    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._transport.request("GET", path).body

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
