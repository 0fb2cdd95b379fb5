"""The environments that were built, each in a folder under its key, and never half of one.

<path>/<key>/entry.json     what it is; written last, so a folder without it is not whole
<path>/<key>/env/           the environment itself
<path>/<key>/used           its time is when the environment was last asked for
<path>/.wishes/<digest>.json   which key met a wish: no resolver is asked again
<path>/.locks/<key>         held while one builds it
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import get_ident
from typing import Any

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.environments.protocol import Materialised, Wish
from jupyter_aml.runfolder.trust import is_own

_ENTRY, _USED, _HOME = "entry.json", "used", "env"


@dataclass(frozen=True, slots=True)
class Entry:
    """An environment in the cache; times are seconds since the epoch, size is bytes."""

    environment: Materialised
    built: float
    used: float

    @property
    def key(self) -> str:
        """Its key."""
        return self.environment.key


@dataclass(frozen=True, slots=True)
class Site:
    """Where an environment is being built. `home` is its place for good, also while it is built."""

    folder: Path

    @property
    def home(self) -> Path:
        """The folder of the environment itself."""
        return self.folder / _HOME


class Cache:
    """The built environments of a root. Used by several processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def home(self, key: str) -> Path:
        """Where the environment of this key lies, or will lie."""
        return self.path / key / _HOME

    def met(self, wish: Wish) -> Materialised | None:
        """The environment that met this wish before, if it is still whole and still wanted.

        It counts as used now.
        """
        entry = self.known(wish, touch=True)
        return None if entry is None else entry.environment

    def known(self, wish: Wish, *, touch: bool = False) -> Entry | None:
        """What met this wish before; to look at it is not to use it."""
        met = None if wish.again else _read(self._wish(wish))
        entry = None if met is None else self.entry(str(met["key"]), touch=touch)
        if met is None or entry is None:
            return None
        return replace(entry, environment=_with_warnings(entry.environment, met["warnings"]))

    def take(self, wish: Wish, key: str, warnings: tuple[str, ...]) -> Materialised | None:
        """The whole environment of this key, from now on the answer to this wish."""
        entry = self.entry(key)
        if entry is None:
            return None
        self._write(self._wish(wish), {"key": key, "warnings": list(warnings)})
        return _with_warnings(entry.environment, warnings)

    def entry(self, key: str, *, touch: bool = True) -> Entry | None:
        """The whole environment of this key; None where there is none. It counts as used now."""
        folder = self.path / key
        known = _read(folder / _ENTRY)
        # What another user has left here is none of ours, and is built anew.
        if known is None or not (is_own(folder) and is_own(folder / _ENTRY)):
            return None
        # That an image is there still, only its engine knows.
        is_image = known["environment"]["image"] is not None
        if not is_image and not _lies_in(folder, Path(known["environment"]["interpreter"])):
            return None
        used = folder / _USED
        if touch:
            with contextlib.suppress(OSError):
                used.touch()
        try:
            last = used.stat().st_mtime
        except OSError:
            last = known["built"]
        return Entry(_materialised(known["environment"]), known["built"], last)

    def entries(self) -> Iterator[Entry]:
        """All whole environments."""
        with contextlib.suppress(FileNotFoundError):
            for folder in sorted(self.path.iterdir()):
                if not folder.name.startswith("."):
                    entry = self.entry(folder.name, touch=False)
                    if entry is not None:
                        yield entry

    @contextlib.asynccontextmanager
    async def building(self, key: str) -> AsyncIterator[Site | None]:
        """Hold the key alone, and get an empty place to build in; None where it is built already.

        It is built where it will stay, since a conda prefix cannot be moved; it counts once
        `finish` was called. What was not finished is removed, here or by the next builder.
        """
        folder = self.path / key
        lock = await self._locked(key)
        try:
            if self.entry(key) is not None:
                yield None
                return
            with _storage(folder):
                await asyncio.to_thread(_emptied, folder)
            try:
                yield Site(folder)
            finally:
                if not (folder / _ENTRY).exists():
                    await asyncio.shield(asyncio.to_thread(_removed, folder))
        finally:
            os.close(lock)

    def finish(self, site: Site, environment: Materialised) -> None:
        """Declare the environment whole."""
        self._write(
            site.folder / _ENTRY, {"environment": asdict(environment), "built": time.time()}
        )
        (site.folder / _USED).touch()

    async def remove(self, key: str) -> None:
        """Remove an environment, whole or not; it stops to count first."""
        lock = await self._locked(key)
        try:
            folder = self.path / key
            (folder / _ENTRY).unlink(missing_ok=True)
            await asyncio.to_thread(_removed, folder)
        finally:
            os.close(lock)

    async def _locked(self, key: str) -> int:
        """Lock the key against all others; waits without a thread, so that it can be cancelled."""
        path = self.path / ".locks" / key
        with _storage(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        pause = 0.005
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                try:
                    await asyncio.sleep(pause)
                except BaseException:
                    os.close(lock)
                    raise
                pause = min(0.25, pause * 1.5)
            else:
                return lock

    def _wish(self, wish: Wish) -> Path:
        return self.path / ".wishes" / f"{wish.digest}.json"

    def _write(self, path: Path, data: Any) -> None:
        # Several threads may write the same at once.
        unfinished = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}")
        with _storage(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                unfinished.write_text(json.dumps(data), encoding="utf-8")
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)


def disk_use(folder: Path) -> int:
    """Bytes that only this folder takes: a file that is linked from elsewhere counts nothing."""
    size = 0
    for where, _, names in os.walk(folder):
        for name in names:
            stat = os.lstat(os.path.join(where, name))
            if stat.st_nlink == 1:
                size += stat.st_blocks * 512
    return size


def _lies_in(folder: Path, interpreter: Path) -> bool:
    """Whether the interpreter of an entry is there, and in this folder.

    What was copied names the one in the original: it is built anew, in its own place.
    """
    told = next((parent for parent in interpreter.parents if parent.name == folder.name), folder)
    try:
        return is_own(interpreter) and is_own(folder / _HOME) and os.path.samefile(told, folder)
    except OSError:
        return False


def _materialised(data: dict[str, Any]) -> Materialised:
    return Materialised(**{**data, "warnings": tuple(data["warnings"])})


def _with_warnings(environment: Materialised, warnings: Any) -> Materialised:
    return replace(environment, warnings=tuple(warnings))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _emptied(folder: Path) -> None:
    _removed(folder)
    folder.mkdir(parents=True, mode=0o700)


def _removed(folder: Path) -> None:
    shutil.rmtree(folder, onerror=_writable)


def _writable(function: Any, path: str, why: Any) -> None:
    # A folder that somebody made read-only gives nothing up until it is writable.
    if isinstance(why[1], FileNotFoundError):
        return
    os.chmod(os.path.dirname(path), 0o700)
    function(path)


@contextlib.contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
