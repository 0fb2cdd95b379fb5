"""Zip files that are made while they are sent: in no memory, on no disk."""

from __future__ import annotations

import os
import re
import stat
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

_BLOCK = 1 << 20
_UNSAFE = re.compile(r"[\\:\x00-\x1f\x7f\udc80-\udcff]")
_EARLIEST = 315_619_200.0
_LATEST = 4_354_000_000.0
"""No zip file knows a time before 1980 or after 2107."""
_PACKED = (
    ".gz",
    ".zip",
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".parquet",
    ".whl",
    ".xz",
    ".zst",
    ".npz",
)


def packed(files: Iterable[tuple[str, Path]], root: Path) -> Iterator[bytes]:
    """The pieces of a zip file with these files, by their names in it.

    Only plain files below the root are in it, whatever links say. A file that goes away while it is
    packed is left out or cut.
    """
    pipe, root = _Pipe(), root.resolve()
    taken: set[str] = set()
    with zipfile.ZipFile(cast("Any", pipe), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        for name, path in files:
            fd = _opened(path, root)
            if fd is None:
                continue
            try:
                about = _entry(_own(name, taken), os.fstat(fd))
                with zipped.open(about, "w", force_zip64=True) as entry:
                    while block := os.read(fd, _BLOCK):
                        entry.write(block)
                        # However little it became: the reader sees that it goes on.
                        yield pipe.taken()
            finally:
                os.close(fd)
    yield pipe.taken()


def _opened(path: Path, root: Path) -> int | None:
    """A descriptor of a plain file that lies below the root, whatever links say; else None."""
    try:
        # A pipe must not make us wait, and a link put there meanwhile must not lead us out.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    held = Path(f"/proc/self/fd/{fd}")
    real = Path(os.readlink(held)) if held.is_symlink() else path.resolve()
    if stat.S_ISREG(os.fstat(fd).st_mode) and real.is_relative_to(root):
        return fd
    os.close(fd)
    return None


def _own(name: str, taken: set[str]) -> str:
    """A name that no other file of the archive has, and that every system opens in its place."""
    # Where the archive is opened a backslash may lead out of the folder, and a colon elsewhere.
    safe = _UNSAFE.sub("_", name)
    stem, dot, ending = safe.rpartition(".")
    own, count = safe, 0
    while own in taken:
        count += 1
        own = f"{stem}_{count}.{ending}" if dot and "/" not in ending else f"{safe}_{count}"
    taken.add(own)
    return own


def _entry(name: str, found: os.stat_result) -> zipfile.ZipInfo:
    at = time.gmtime(min(max(found.st_mtime, _EARLIEST), _LATEST))
    entry = zipfile.ZipInfo(name, at[:6])
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    stored = name.lower().endswith(_PACKED)
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    return entry


class _Pipe:
    """What a zip file is written into; it cannot be sought in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data, self._pieces = b"".join(self._pieces), []
        return data
