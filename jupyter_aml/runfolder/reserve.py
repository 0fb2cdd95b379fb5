"""Room on the disk ahead of a file's end, so that a disk that fills up later takes what comes."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

_KEEP_SIZE = 1
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoReserve(Exception):
    """This file system, or this system, cannot reserve room beyond a file's end."""


def reserve(fd: int, offset: int, length: int) -> None:
    """Reserve room without growing the file; raises OSError where the disk is full, NoReserve.

    Plain `posix_fallocate` would move the end, which is where O_APPEND writes.
    """
    allocate = _fallocate()
    if allocate is None:
        raise NoReserve
    while allocate(fd, _KEEP_SIZE, offset, length) != 0:
        import ctypes

        number = ctypes.get_errno()
        if number in _FULL:
            raise OSError(number, os.strerror(number))
        if number != errno.EINTR:
            raise NoReserve


def give_back(fd: int) -> None:
    """Give back what is reserved beyond the end. Only where nobody else writes at this moment."""
    os.ftruncate(fd, os.fstat(fd).st_size)


_found: list[Any] = []


def _fallocate() -> Any:
    """The call of the C library, or None; looked for once, by those who need it."""
    if not _found:
        _found.append(_look() if sys.platform == "linux" else None)
    return _found[0]


def _look() -> Any:
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        # With 64 bits for both numbers whatever the machine, where the library has it.
        call = getattr(library, "fallocate64", None) or library.fallocate
        call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    except (ImportError, OSError, AttributeError):
        return None
    return call
