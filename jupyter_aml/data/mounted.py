"""The process behind a mounted folder: it fetches what is read, block by block, and keeps it."""

from __future__ import annotations

import errno
import importlib
import json
import os
import signal
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from jupyter_aml.data import copies
from jupyter_aml.data.listing import DataFile
from jupyter_aml.data.mounting import MOUNTED
from jupyter_aml.data.protocol import Store
from jupyter_aml.domain.errors import AmlError

BLOCK = 4 << 20
"""Bytes that are fetched at once."""


class Cut(OSError):
    """A file has fewer bytes than its store said."""


@dataclass
class Kept:
    """A file of the folder, and which of its blocks are here."""

    file: DataFile
    size: int | None
    begin: int = -1
    """Where its first byte is kept; negative while its size is unknown."""
    here: set[int] = field(default_factory=set)
    users: int = 0
    source: IO[bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Cache:
    """What has been fetched: one file without a name, which is gone with this process."""

    def __init__(self) -> None:
        self._content = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this process
        self._end, self._lock = 0, threading.Lock()

    def size_of(self, kept: Kept) -> int:
        """Its size; a file whose store tells none is fetched as a whole for that."""
        with kept.lock:
            if kept.size is None:
                self._take_whole(kept)
        assert kept.size is not None
        return kept.size

    def read(self, kept: Kept, size: int, offset: int) -> bytes:
        """Some bytes of it, fetched where they are not here yet; raises AmlError and OSError."""
        end = min(offset + size, self.size_of(kept))
        if end <= offset:
            return b""
        with kept.lock:
            self._reserve(kept)
            for block in range(offset // BLOCK, (end - 1) // BLOCK + 1):
                if block not in kept.here:
                    self._fetch(kept, block)
        return os.pread(self._content.fileno(), end - offset, kept.begin + offset)

    def close(self, kept: Kept) -> None:
        """Let go of its store."""
        with kept.lock:
            source, kept.source = kept.source, None
        if source is not None:
            source.close()

    def _reserve(self, kept: Kept) -> None:
        assert kept.size is not None
        if kept.begin < 0:
            with self._lock:
                kept.begin, self._end = self._end, self._end + kept.size

    def _fetch(self, kept: Kept, block: int) -> None:
        assert kept.size is not None
        if kept.source is None:
            kept.source = kept.file.open()
        wanted = min(BLOCK, kept.size - block * BLOCK)
        kept.source.seek(block * BLOCK)
        data = _exactly(kept.source, wanted)
        if len(data) < wanted:
            raise Cut(errno.EIO, f"it is shorter than the {kept.size:,} bytes it had when mounted")
        self._write(data, kept.begin + block * BLOCK)
        kept.here.add(block)

    def _take_whole(self, kept: Kept) -> None:
        with kept.file.open() as source:
            data = source.read()
        kept.size = len(data)
        self._reserve(kept)
        self._write(data, kept.begin)
        kept.here.update(range(len(data) // BLOCK + 1))

    def _write(self, data: bytes, at: int) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._content.fileno(), view, at)
            view, at = view[written:], at + written


class Folder:
    """The files, to be read and nothing else: what the kernel asks, by mfusepy's names."""

    use_ns = True

    def __init__(self, found: Iterable[DataFile], say: Callable[[str], None]) -> None:
        self._say, self._cache = say, Cache()
        self._files: dict[str, Kept] = {}
        self._folders: dict[str, dict[str, None]] = {"/": {}}
        self._open: dict[int, Kept] = {}
        self._next, self._lock, self._said = 1, threading.Lock(), set[str]()
        self._begun = time.time()
        for each in found:
            self._add(each)

    def init(self, path: str) -> None:
        """Say that the folder is there."""
        self._say(MOUNTED)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """What `stat` tells."""
        own = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        if path in self._folders:
            times = dict.fromkeys(("st_mtime", "st_ctime", "st_atime"), _ns(self._begun))
            return {"st_mode": stat.S_IFDIR | 0o555, "st_nlink": 2, **own, **times}
        kept = self._kept(path)
        if kept.file.local is not None:
            return {"st_mode": stat.S_IFLNK | 0o777, "st_nlink": 1, **own}
        changed = self._begun if kept.file.modified is None else kept.file.modified
        times = dict.fromkeys(("st_mtime", "st_ctime", "st_atime"), _ns(changed))
        size = self._tried(path, lambda: self._cache.size_of(kept))
        return {"st_mode": stat.S_IFREG | 0o444, "st_nlink": 1, "st_size": size, **own, **times}

    def readlink(self, path: str) -> str:
        """Where a file is that is on this machine anyway."""
        return str(self._kept(path).file.local)

    def readdir(self, path: str, fh: int) -> list[str]:
        """The names in a folder."""
        if path not in self._folders:
            raise _error(errno.ENOTDIR if path in self._files else errno.ENOENT)
        return [".", "..", *self._folders[path]]

    def open(self, path: str, flags: int) -> int:
        """Begin to read a file."""
        kept = self._kept(path)
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise _error(errno.EROFS)
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._open[number] = kept
            kept.users += 1
        return number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Some bytes of a file."""
        data: bytes = self._tried(path, lambda: self._cache.read(self._open[fh], size, offset))
        return data

    def release(self, path: str, fh: int) -> int:
        """End to read a file."""
        with self._lock:
            kept = self._open.pop(fh)
            kept.users -= 1
            is_last = kept.users == 0
        if is_last:
            self._cache.close(kept)
        return 0

    # ---- inside -----------------------------------------------------------------------------

    def _add(self, each: DataFile) -> None:
        *above, name = each.name.split("/")
        here = "/"
        for part in above:
            self._folders[here][part] = None
            here = f"{here.rstrip('/')}/{part}"
            self._folders.setdefault(here, {})
        self._folders[here][name] = None
        self._files[f"{here.rstrip('/')}/{name}"] = Kept(each, each.size)

    def _kept(self, path: str) -> Kept:
        kept = self._files.get(path)
        if kept is None:
            raise _error(errno.EISDIR if path in self._folders else errno.ENOENT)
        return kept

    def _tried(self, path: str, act: Callable[[], Any]) -> Any:
        """What an act returns; what it cannot do is told once a file, and is an error of input."""
        try:
            return act()
        except (AmlError, OSError, EOFError, ValueError) as error:
            with self._lock:
                is_new = path not in self._said
                self._said.add(path)
            if is_new:
                self._say(f"{path[1:]} of the mounted data cannot be read: {_words(error)}")
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise _error(errno.ENOSPC if full else errno.EIO) from error


def main(folder: str) -> NoReturn:
    """Mount what comes on standard input, and answer until that ends."""
    from mfusepy import FUSE

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        size = int.from_bytes(sys.stdin.buffer.read(8), "big")
        found = _found(json.loads(sys.stdin.buffer.read(size)))
        for each in found:
            copies.target_of(Path(folder), each.name)
        threading.Thread(target=_watch, daemon=True).start()
        FUSE(Folder(found, _say), folder, foreground=True, ro=True, fsname="jupyter-aml")
    except RuntimeError:
        pass  # libfuse has said why, or was told to end.
    except (AmlError, OSError) as error:
        _say(_words(error))
    os._exit(0)


def _found(told: dict[str, Any]) -> list[DataFile]:
    """The files, from stores that are opened here anew."""
    stores = [_opened(each["maker"], each["arguments"]) for each in told["stores"]]
    return [
        DataFile(stores[number], path, name, name, size, modified)
        for number, path, name, size, modified in told["files"]
    ]


def _opened(maker: str, arguments: list[Any]) -> Store:
    module, name = maker.split(":")
    store: Store = getattr(importlib.import_module(module), name)(*arguments)
    return store


def _watch() -> None:
    """End with whoever holds the other end of standard input."""
    while sys.stdin.buffer.read(1 << 16):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        pass  # Nobody listens any more.


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _exactly(source: IO[bytes], size: int) -> bytes:
    pieces, missing = [], size
    while missing and (data := source.read(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)
