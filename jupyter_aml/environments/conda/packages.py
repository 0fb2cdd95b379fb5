"""The unpacked packages that py-rattler links into environments, and which of them to give up."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from jupyter_aml.environments.cache import Cache

_PAUSE = 0.05


def folder(cache: Cache) -> Path:
    """Where py-rattler keeps what it downloads for the environments of a cache."""
    return cache.path.absolute() / ".conda"


def clean(cache: Cache, *, dry_run: bool = False) -> int:
    """Remove the packages that no environment is linked to; returns their bytes. Blocks.

    While an environment is built from them nothing is removed. `dry_run` removes nothing.
    """
    try:
        lock = _opened(folder(cache))
    except FileNotFoundError:
        return 0
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        freed = 0
        for package in _unlinked(folder(cache) / "pkgs"):
            freed += _size(package)
            if not dry_run:
                shutil.rmtree(package)
                package.with_name(f"{package.name}.lock").unlink(missing_ok=True)
        return freed
    except BlockingIOError:
        return 0
    finally:
        os.close(lock)


@contextlib.asynccontextmanager
async def held(folder: Path) -> AsyncIterator[None]:
    """Keep the packages there while the body runs; several may do so at once."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = _opened(folder)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(lock)


def _opened(folder: Path) -> int:
    return os.open(folder / "held", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _unlinked(packages: Path) -> Iterator[Path]:
    if packages.is_dir():
        for package in sorted(packages.iterdir()):
            if package.is_dir() and not any(_is_linked(file) for file in _files(package)):
                yield package


def _is_linked(file: Path) -> bool:
    return file.lstat().st_nlink > 1


def _size(package: Path) -> int:
    return sum(file.lstat().st_blocks * 512 for file in _files(package))


def _files(package: Path) -> Iterator[Path]:
    return (Path(where, name) for where, _, names in os.walk(package) for name in names)
