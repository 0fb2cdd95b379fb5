"""What lay behind a data set when it was registered: each file with its size, time and hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.data.listing import DataFile, changed_at, is_url, seen
from jupyter_aml.domain.dataset import Files
from jupyter_aml.domain.errors import AmlError

HASHED = 4 << 30
"""Bytes that are hashed at a registration; of what comes after them the ends are hashed alone."""
_END = 1 << 20

Hash = Callable[[str], str]
"""Hashes a file of this machine."""


@dataclass(frozen=True)
class Recorded:
    """A file as it was; the hash begins with how it was made, such as `sha256:`."""

    path: str
    size: int | None
    modified: float | None
    hash: str | None


@dataclass(frozen=True)
class Changes:
    """How the files differ from those that were recorded, by the names they are shown with."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def record(found: Sequence[DataFile], hash_whole: Hash) -> tuple[Files, list[Recorded]]:
    """Record files: those of this machine with a hash of their content, others with their etag."""
    rows: list[Recorded] = []
    left = HASHED
    for each in sorted(found, key=lambda one: one.shown):
        mark = _mark(each, hash_whole, left >= (each.size or 0))
        left -= each.size or 0
        rows.append(Recorded(each.shown, each.size, each.modified, mark))
    digest = hashlib.sha256()
    for row in rows:
        # Without a hash the time is all that tells one content from another of the same size.
        content = row.hash if row.hash is not None else row.modified
        digest.update(f"{row.path}\0{row.size}\0{content}\n".encode())
    size = sum(row.size or 0 for row in rows)
    files = Files(
        count=len(rows), size=size, digest=digest.hexdigest(), seen=seen(found),
        changed=changed_at(found),
    )  # fmt: skip
    return files, rows


def compare(rows: Iterable[Recorded], found: Sequence[DataFile], hash_whole: Hash) -> Changes:
    """How files differ from their record; only those of another size or time are hashed."""
    before, now = {row.path: row for row in rows}, {each.shown: each for each in found}
    changed = [
        path
        for path, each in now.items()
        if path in before and not _is_same(before[path], each, hash_whole)
    ]
    return Changes(
        tuple(sorted(now.keys() - before.keys())),
        tuple(sorted(before.keys() - now.keys())),
        tuple(sorted(changed)),
    )


def save(rows: Iterable[Recorded], path: Path) -> None:
    """Write a record, packed, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with gzip.open(part, "wt", encoding="utf-8", compresslevel=3) as file:
            for row in rows:
                file.write(json.dumps([row.path, row.size, row.modified, row.hash]) + "\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path) -> list[Recorded]:
    """Read a record."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [Recorded(*json.loads(line)) for line in file]


def sha256(path: str) -> str:
    """The hash of a file, in hex."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"


def _mark(each: DataFile, hash_whole: Hash, is_whole: bool) -> str | None:
    if each.etag is not None:
        return f"etag:{each.etag}"
    if is_url(each.shown):
        return None  # It is not fetched only to be hashed.
    try:
        local = each.local
        if local is None:
            return None
        return hash_whole(local) if is_whole else _ends(local)
    except (OSError, AmlError):
        return None


def _is_same(row: Recorded, each: DataFile, hash_whole: Hash) -> bool:
    if each.size is not None and row.size != each.size:
        return False
    if row.modified == each.modified and (each.etag is None or row.hash == f"etag:{each.etag}"):
        return True
    if row.hash is None:
        return False
    return _mark(each, hash_whole, not row.hash.startswith("ends:")) == row.hash


def _ends(path: str) -> str:
    """A hash of the first and the last megabyte."""
    with open(path, "rb") as file:
        head = file.read(_END)
        size = file.seek(0, 2)
        file.seek(max(0, size - _END))
        tail = file.read(_END)
    return f"ends:{hashlib.sha256(head + tail).hexdigest()}"
