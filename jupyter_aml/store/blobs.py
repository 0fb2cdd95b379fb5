"""Contents under the name of their hash: written once, never changed, linked from then on."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

from blake3 import blake3

from jupyter_aml.domain.errors import Invalid, StorageFailed

CHUNK = 1 << 20
_SMALL = 1 << 16
_REMEMBERED = 100_000
_HASH = re.compile(r"[0-9a-f]{64}").fullmatch
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FICLONE = 0x40049409
_MODES = {
    (False, False): 0o400, (False, True): 0o500, (True, False): 0o644, (True, True): 0o755,
}  # fmt: skip
_LEFTOVER_SECONDS = 24 * 3600
_NO_LINK = frozenset({
    errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP,
    errno.ENOSYS,
})  # fmt: skip


class Blob(NamedTuple):
    """The hash (blake3, in hex) and the size of a stored content."""

    hash: str
    size: int


class Blobs:
    """The contents of a root, in `ab/cdef...`; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Use this folder, which is made when something is first put there."""
        self._base = str(folder)
        self._seen: set[str] = set()
        self._whole: dict[str, tuple[int, ...]] = {}
        self._door, self._users = threading.Lock(), 0
        # Until the file system refuses it, or at once where the system has no such call.
        self._clones = sys.platform == "linux"

    @property
    def folder(self) -> Path:
        """The folder that all contents lie below."""
        return Path(self._base)

    def path(self, hash: str) -> Path:
        """Return where the content of this hash lies, or would lie."""
        return Path(self._place(hash))

    def has(self, hash: str, size: int) -> bool:
        """Whether the content is there, in full length; seen once, it is not looked at again."""
        if hash in self._seen:
            return True
        try:
            is_there = os.stat(self._place(hash)).st_size == size
        except OSError:
            return False
        if is_there:
            self._saw(hash)
        return is_there

    def is_whole(self, hash: str) -> bool:
        """Whether what lies there is the content of this hash; read again only after a change.

        Raises OSError where it cannot be read.
        """
        try:
            source = os.open(self._place(hash), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            found = os.fstat(source)
            if self._whole.get(hash) != _stamp(found):
                if _hash_of(source) != hash:
                    return False
                self._know_whole(hash, found)
        finally:
            os.close(source)
        return True

    def _know_whole(self, hash: str, found: os.stat_result) -> None:
        if len(self._whole) >= _REMEMBERED:
            self._whole.clear()
        self._whole[hash] = _stamp(found)

    def drop(self, hash: str) -> None:
        """Forget a content, such as one that is no longer what its name says."""
        self._seen.discard(hash)
        self._whole.pop(hash, None)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._place(hash))

    def put_bytes(self, content: bytes) -> Blob:
        """Store the content; what is there already is not written again."""
        blob = Blob(blake3(content).hexdigest(), len(content))
        if not self.has(*blob):
            with self._storing(), self._new() as (fd, temporary):
                _write(fd, content)
                self._keep(fd, temporary, blob)
        return blob

    def put_file(self, path: Path) -> Blob:
        """Store the content of a file; raises OSError of the source where it cannot be read."""
        with open(path, "rb", buffering=0) as source:
            return self.put_stream(source)

    def put_stream(self, source: IO[bytes]) -> Blob:
        """Store what an unbuffered file holds, in one pass; errors of the source are OSError."""
        # A buffer much larger than the file would cost more than the reading.
        size = os.fstat(source.fileno()).st_size
        if size < CHUNK:
            content = source.read(size + 1)
            if len(content) <= size:
                return self.put_bytes(content)
        else:
            content = b""
        return self._put_long(content, source)

    def link(self, hash: str, target: Path, *, writable: bool, executable: bool = False) -> None:
        """Make `target` a file with this content, sharing its blocks where the file system can.

        A writable target is never the stored file itself. Raises StorageFailed, and leaves no
        half of a file behind.
        """
        self.lay(hash, os.fspath(target), writable=writable, executable=executable)

    def lay(self, hash: str, target: str, *, writable: bool, executable: bool = False) -> None:
        """`link` for a path that is a text already; a snapshot has thousands of them."""
        place = self._place(hash)
        try:
            if writable or executable or self._clones:
                self._copy(place, target, _MODES[writable, executable])
                return
            try:
                os.link(place, target)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                self._copy(place, target, 0o400)
        except OSError as error:
            if not os.path.exists(place):
                self._seen.clear()
                raise StorageFailed(
                    f"the stored content {hash[:12]} is gone from {self._base}; submit again"
                ) from error
            raise StorageFailed(f"cannot write {target}: {error.strerror}") from error

    def _saw(self, hash: str) -> None:
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add(hash)

    def _place(self, hash: str) -> str:
        if not _HASH(hash):
            raise Invalid(f"{hash[:80]!r} is not a blake3 hash")
        return f"{self._base}/{hash[:2]}/{hash[2:]}"

    def _put_long(self, first: bytes, source: IO[bytes]) -> Blob:
        hasher, size = blake3(), 0
        with self._storing(), self._new() as (fd, temporary):
            for piece in _pieces(first, source):
                hasher.update(piece)
                _write(fd, piece)
                size += len(piece)
            blob = Blob(hasher.hexdigest(), size)
            if self.has(*blob):
                os.unlink(temporary)
            else:
                self._keep(fd, temporary, blob)
        return blob

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except _SourceError as problem:
            raise problem.error from None
        except OSError as error:
            raise StorageFailed(f"cannot write to {self._base}: {error.strerror}") from error

    @contextlib.contextmanager
    def _new(self) -> Iterator[tuple[int, str]]:
        """A file in the making, which is gone afterwards unless it was kept."""
        temporary = f"{self._base}/incoming/{os.getpid()}-{uuid4().hex}"
        try:
            fd = os.open(temporary, _CREATE, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(temporary), mode=0o700, exist_ok=True)
            fd = os.open(temporary, _CREATE, 0o600)
        try:
            yield fd, temporary
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        finally:
            os.close(fd)

    def _keep(self, fd: int, temporary: str, blob: Blob) -> None:
        os.fchmod(fd, 0o400)
        place = self._place(blob.hash)
        try:
            os.rename(temporary, place)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
            os.rename(temporary, place)
        self._saw(blob.hash)
        if blob.size >= CHUNK:  # It need not be read once more to know that it is whole.
            self._know_whole(blob.hash, os.fstat(fd))

    def _copy(self, place: str, target: str, mode: int) -> None:
        source = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            made = os.open(target, _CREATE, mode)
            try:
                if not self._clone(source, made):
                    _copy_content(source, made)
            except BaseException:
                os.unlink(target)
                raise
            finally:
                os.close(made)
        finally:
            os.close(source)

    def _clone(self, source: int, made: int) -> bool:
        """Whether `made` shares the blocks of `source` now; asked again only while it works."""
        if not self._clones:
            return False
        try:
            fcntl.ioctl(made, _FICLONE, source)
        except OSError:
            self._clones = False
        return self._clones

    def begin(self) -> bool:
        """Say that what is found and put from now on is needed until `end`; False for a moment.

        That is while contents are being removed: try again.
        """
        if not self._door.acquire(blocking=False):
            return False
        self._users += 1
        self._door.release()
        return True

    def end(self) -> None:
        """Say that what was needed since `begin` has been linked, or is named by now."""
        with self._door:
            self._users -= 1

    def all(self) -> Iterator[Blob]:
        """Every content that is there."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._base) as folders:
            for folder in folders:
                if len(folder.name) != 2 or not folder.is_dir(follow_symlinks=False):
                    continue
                with os.scandir(folder) as found:
                    for entry in found:
                        if _HASH(hash := folder.name + entry.name):
                            yield Blob(hash, entry.stat(follow_symlinks=False).st_size)

    def collect(
        self, hashes: Iterable[str], named: Callable[[], Collection[str]], *, is_dry: bool = False
    ) -> list[Blob] | None:
        """Remove those of the contents that nobody names and no snapshot shares.

        None where somebody is at work with contents (`begin`), who may need any of them: then
        nothing is removed. Returns what went, or of a dry one would go.
        """
        with self._door:
            if self._users:
                return None
            needed, gone = named(), list[Blob]()
            for hash in hashes:
                size = None if hash in needed else self._alone(hash)
                if size is None:
                    continue
                if not is_dry:
                    self.drop(hash)
                gone.append(Blob(hash, size))
            return gone

    def _alone(self, hash: str) -> int | None:
        """The size of a content that no snapshot has a link to; None for others."""
        try:
            found = os.stat(self._place(hash))
        except OSError:
            return None
        return found.st_size if found.st_nlink == 1 else None

    def sweep(self, *, now: float | None = None) -> None:
        """Remove what a killed writer left half made; for an engine that opens its root."""
        limit = (time.time() if now is None else now) - _LEFTOVER_SECONDS
        with contextlib.suppress(FileNotFoundError), os.scandir(f"{self._base}/incoming") as found:
            for entry in found:
                if entry.stat(follow_symlinks=False).st_mtime < limit:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(entry)


class _SourceError(Exception):
    """Reading failed, not storing."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _pieces(first: bytes, source: IO[bytes]) -> Iterator[memoryview]:
    """Yield `first` and what is left of the source, in one buffer that is used again."""
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    if first:
        yield memoryview(first)
    while True:
        try:
            count = os.readv(source.fileno(), [buffer])
        except OSError as error:
            raise _SourceError(error) from error
        if not count:
            return
        yield view[:count]


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _hash_of(source: int) -> str:
    hasher, buffer = blake3(), bytearray(CHUNK)
    view = memoryview(buffer)
    while count := os.readv(source, [buffer]):
        hasher.update(view[:count])
    return hasher.hexdigest()


def _write(fd: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _copy_content(source: int, made: int) -> None:
    size = os.fstat(source).st_size
    if size > _SMALL and sys.platform == "linux":
        left = size
        try:
            while left and (done := os.copy_file_range(source, made, left)):
                left -= done
        except OSError as error:
            if left != size or error.errno not in _NO_LINK | {errno.EINVAL}:
                raise
    # Also the rest of what the kernel would not copy.
    while piece := os.read(source, CHUNK):
        _write(made, piece)
