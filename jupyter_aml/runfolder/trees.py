"""Clears folders away with all that scripts may have left in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jupyter_aml.domain.errors import StorageFailed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEEPEST = 64


def remove_tree(folder: Path) -> None:
    """Delete a folder with all it holds, also what is read-only; a link is removed, not followed.

    A folder that is not there is fine. Raises StorageFailed, naming what could not be deleted.
    """
    try:
        parent = os.open(folder.parent, _FOLDER)
    except FileNotFoundError:
        return
    try:
        _remove(parent, folder.name)
    except OSError as error:
        raise StorageFailed(f"cannot delete {folder}: {error.strerror}") from error
    finally:
        os.close(parent)


def _remove(parent: int, name: str) -> None:
    top = _enter(parent, name)
    if top is None:
        return
    try:
        # What lies too deep is moved up and met again here, so that no depth uses up descriptors.
        while _empty(top, top, 0):
            pass
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _empty(folder: int, top: int, depth: int) -> bool:
    """Delete what a folder holds; say whether something was moved up to `top` on the way."""
    moved = False
    for index, name in enumerate(_names(folder)):
        inner = _enter(folder, name)
        if inner is None:
            continue
        try:
            if depth >= _DEEPEST:
                os.rename(name, _free_name(top, index), src_dir_fd=folder, dst_dir_fd=top)
                moved = True
                continue
            moved |= _empty(inner, top, depth + 1)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)
    return moved


def _enter(parent: int, name: str) -> int | None:
    """Open a folder for clearing; whatever is not a folder, also a link to one, is deleted."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return None
    except (IsADirectoryError, PermissionError):
        # Linux says the one of a folder, macOS the other.
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise
    else:
        return None
    try:
        inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    os.fchmod(inner, 0o700)
    return inner


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as found:
        return [entry.name for entry in found]


def _free_name(top: int, index: int) -> str:
    return next(name for name in _candidates(index) if not _exists(top, name))


def _candidates(index: int) -> Iterator[str]:
    number = index
    while True:
        yield f".deep-{number}"
        number += 1


def _exists(top: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=top, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
