"""What a run has much of, piece by piece: logs by byte, files by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.domain.errors import NotFound, Refused
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.masking import NO_MASKS, Masks
from jupyter_aml.runfolder.plain import NotPlain, still
from jupyter_aml.wire.contents import WireFiles

MOST_FILES = 10_000
"""Files that one answer lists."""

Opener = Callable[[str, int], int]


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Bytes of a log from `offset` on; `size` is how long the log was then."""

    data: bytes
    offset: int
    size: int


def read_piece(
    path: Path,
    offset: int,
    limit: int,
    tail: int | None = None,
    *,
    opener: Opener = still,
    masks: Masks = NO_MASKS,
) -> LogPiece:
    """Read `limit` bytes from `offset` on, or the last `tail` bytes, without what is masked.

    Raises NotFound or Refused where what was found there is gone, or is something else by now.
    """
    try:
        with open(path, "rb", opener=opener) as file:
            size = file.seek(0, 2)
            start = max(0, size - tail) if tail is not None else min(offset, size)
            length = tail if tail is not None else limit
            return LogPiece(masks.read(file, start, length), start, size)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{path.name!r} is no longer there") from error
    except NotPlain as error:
        raise Refused(f"{path.name!r} cannot be read: {error.strerror}") from error


def list_files(
    run_id: str, folder: RunFolder, prefix: str, after: str | None, limit: int
) -> WireFiles:
    """A page of the files of a run. Blocks."""
    page = folder.listing(prefix=prefix, after=after, most=limit)
    return {
        "runId": run_id,
        "files": [
            {"name": name, "size": stat.st_size, "modified": stat.st_mtime}
            for name, stat in page.files
        ],
        "total": page.total,
        "next": page.next,
    }
