"""Pieces of logs, by byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Bytes of a log from `offset` on; `size` is how long the log was then."""

    data: bytes
    offset: int
    size: int


def read_piece(path: Path, offset: int, limit: int, tail: int | None = None) -> LogPiece:
    """Read `limit` bytes from `offset` on, or the last `tail` bytes."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - tail) if tail is not None else min(offset, size)
        file.seek(start)
        return LogPiece(file.read(tail if tail is not None else limit), start, size)
