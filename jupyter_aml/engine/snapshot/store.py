"""Puts the files of a plan into the blobs, and reads only those that may have changed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from blake3 import blake3

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.engine.snapshot.plan import SnapshotPlan, SourceFile
from jupyter_aml.runfolder.names import shown
from jupyter_aml.runfolder.plain import plain
from jupyter_aml.store.blobs import Blob, Blobs
from jupyter_aml.wire.contents import WireSnapshot

log = logging.getLogger(__name__)

_READERS = 2
_REMEMBERED = 10_000
_SOURCES = 16
_RACY_NS = 2_000_000_000
"""A file that changed this recently may change again and keep its times."""

Stamp = tuple[int, int, int, int]
Known = dict[str, tuple[Stamp, str]]


class ManifestFile(NamedTuple):
    """A file of a snapshot."""

    path: str
    size: int
    hash: str
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot holds, sorted by path; equal contents have equal ids."""

    snapshot_id: str
    files: tuple[ManifestFile, ...]
    excluded: tuple[str, ...]


class StatCache:
    """Remembers the hashes of files by their stamps, one small file for each source folder."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `<folder>/snapshots`; nothing is lost when that is deleted."""
        self._folder = folder / "snapshots"
        self._memory: dict[Path, Known] = {}

    def load(self, source: Path) -> Known:
        """What is known of the files of a folder; nothing when the record is missing or torn."""
        if source in self._memory:
            return self._memory[source]
        known = self._read(source)
        self._remember(source, known)
        return known

    def _remember(self, source: Path, known: Known) -> None:
        if len(self._memory) >= _SOURCES:
            self._memory.clear()
        self._memory[source] = known

    def _read(self, source: Path) -> Known:
        try:
            rows = json.loads(self._place(source).read_bytes())
            return {
                path: ((size, modified, changed, inode), hash)
                for path, size, modified, changed, inode, hash in rows
                if len(hash) == 64
            }
        except (OSError, ValueError, TypeError):
            return {}

    def save(self, source: Path, known: Known) -> None:
        """Write what is known; a disk that refuses it costs time and nothing else."""
        self._remember(source, known)
        rows = [[path, *stamp, hash] for path, (stamp, hash) in known.items()]
        place = self._place(source)
        temporary = place.with_name(f"{place.name}.{uuid4().hex}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(json.dumps(rows, separators=(",", ":")))
            os.replace(temporary, place)
        except OSError as error:
            log.warning("the stat cache of %s was not written: %s", source, error)
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _place(self, source: Path) -> Path:
        return self._folder / f"{blake3(os.fsencode(source)).hexdigest()[:32]}.json"


def take(
    plan: SnapshotPlan,
    blobs: Blobs,
    cache: StatCache | None = None,
    *,
    now: Callable[[], int] = time.time_ns,
) -> Manifest:
    """Store the files of the plan and return the manifest.

    `now` tells the time in ns. Raises Invalid for a file that is gone, cannot be read or does not
    hold still, StorageFailed where the disk refuses.
    """
    known = cache.load(plan.source) if cache and plan.source else {}
    stored: list[Blob | None] = [_remembered(file, known, blobs) for file in plan.files]
    missing = [index for index, blob in enumerate(stored) if blob is None]
    began = now()
    fresh = _put_all([plan.files[index] for index in missing], blobs)
    for index, (blob, _) in zip(missing, fresh, strict=True):
        stored[index] = blob
    if cache and plan.source:
        learned = {
            plan.files[index].path: (stamp, blob.hash)
            for index, (blob, stamp) in zip(missing, fresh, strict=True)
            if plan.files[index].content is None and max(stamp[1:3]) < began - _RACY_NS
        }
        if learned:
            cache.save(plan.source, _merged(known, learned, plan))
    files = tuple(
        ManifestFile(file.path, blob.size, blob.hash, file.executable)
        for file, blob in zip(plan.files, stored, strict=True)
        if blob is not None
    )
    return Manifest(snapshot_id=snapshot_id(files), files=files, excluded=plan.excluded)


def snapshot_id(files: Sequence[ManifestFile]) -> str:
    """The hash of names, contents and executable bits as a GUID, which scripts of SDK v1 read.

    It is empty where there is no file at all.
    """
    if not files:
        return ""
    lines = [f"{file.hash} {'x' if file.executable else '-'} {file.path}\0" for file in files]
    return str(UUID(bytes=blake3("".join(sorted(lines)).encode()).digest(length=16)))


def encode_snapshot(manifest: Manifest) -> WireSnapshot:
    """A manifest as JSON."""
    return {
        "snapshotId": manifest.snapshot_id,
        "files": [
            {"path": shown(file.path), "size": file.size, "hash": file.hash}
            for file in manifest.files
        ],
        "excluded": list(manifest.excluded),
    }


def _remembered(file: SourceFile, known: Known, blobs: Blobs) -> Blob | None:
    seen = known.get(file.path)
    if (
        file.content is not None
        or seen is None
        or seen[0] != file.stamp
        or not blobs.has(seen[1], file.size)
    ):
        return None
    return Blob(seen[1], file.size)


def _merged(known: Known, learned: Known, plan: SnapshotPlan) -> Known:
    """What to remember: of other files of the folder (other globs name them) only so many."""
    merged = known | learned
    if len(merged) > _REMEMBERED:
        paths = {file.path for file in plan.files}
        merged = {path: seen for path, seen in merged.items() if path in paths}
    return merged


def _put_all(files: Sequence[SourceFile], blobs: Blobs) -> list[tuple[Blob, Stamp]]:
    if len(files) < 2 * _READERS:
        return [_put(file, blobs) for file in files]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="aml-snapshot") as readers:
        return list(readers.map(lambda file: _put(file, blobs), files))


def _put(file: SourceFile, blobs: Blobs) -> tuple[Blob, Stamp]:
    if file.content is not None:
        return blobs.put_bytes(file.content), file.stamp
    try:
        for _ in range(2):
            with open(file.origin, "rb", buffering=0, opener=plain) as source:
                before = _stamp(source.fileno())
                if before[3] != file.stamp[3] and not _is_inside(source.fileno(), file.top):
                    raise Refused(f"{file.path} was put elsewhere by a link while being read")
                blob = blobs.put_stream(source)
                if before == _stamp(source.fileno()) and blob.size == before[0]:
                    return blob, before
    except OSError as error:
        raise Invalid(f"cannot read {file.origin}: {error.strerror}") from error
    raise Invalid(
        f"{file.path} changed while being read; submit again once it is written, "
        "or name it in .amlignore to leave it out"
    )


def _is_inside(fd: int, top: str) -> bool:
    """Whether what is open lies below that folder: a folder above it may be a link by now."""
    held = f"/proc/self/fd/{fd}"
    return not os.path.islink(held) or os.readlink(held).startswith(top.rstrip("/") + "/")


def _stamp(fd: int) -> Stamp:
    found = os.fstat(fd)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
