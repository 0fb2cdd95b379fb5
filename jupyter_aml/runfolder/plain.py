"""Opens files where a script may have put something else: a pipe, a device, a link, a folder.

Whoever opens a pipe waits for its other end, and who reads a device may read for ever. So what
reads the folder of a run opens plain files alone, and finds out at once.
"""

from __future__ import annotations

import errno
import os
import stat

_OTHERS = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR})
"""What the system says of a link that is not followed, of a socket and of a folder."""


class NotPlain(OSError):
    """There is something of that name, and it is no plain file."""


def plain(path: str | os.PathLike[str], flags: int) -> int:
    """The `opener` of `open` for such files: never waits, follows no link; raises NotPlain."""
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in _OTHERS:
            raise NotPlain(error.errno, "it is not a plain file", os.fspath(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotPlain(errno.EINVAL, "it is not a plain file", os.fspath(path))
    return fd


def still(path: str | os.PathLike[str], flags: int) -> int:
    """Like `plain`, for the real path of a file that was found; NotPlain where it moved since.

    A folder above it may have become a link meanwhile, which opening alone does not notice.
    """
    fd = plain(path, flags)
    held = f"/proc/self/fd/{fd}"
    if os.path.islink(held) and os.readlink(held) != os.fspath(path):
        os.close(fd)
        raise NotPlain(errno.ELOOP, "it is no longer where it was found", os.fspath(path))
    return fd


def read_plain(path: str | os.PathLike[str]) -> bytes:
    """All bytes of a plain file; raises OSError, and NotPlain for anything else."""
    with open(path, "rb", opener=plain) as file:
        return file.read()
