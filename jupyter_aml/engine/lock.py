"""One engine per root: an OS lock that ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from jupyter_aml.domain.errors import AmlError, StorageFailed


class RootTaken(AmlError):
    """Another engine holds the root."""


class RootLock:
    """Holds `engine.lock` of a root for as long as this object is open."""

    def __init__(self, root: Path) -> None:
        """Take the lock at once, or raise RootTaken; makes the root (0700) where it is missing."""
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(root / "engine.lock", flags, 0o600)
        except OSError as error:
            raise StorageFailed(
                f"cannot use the root {root}: {error.strerror}; "
                "make it writable, or set AML_ROOT to another folder"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            raise RootTaken(f"another engine holds the root {root}") from error

    @property
    def is_gone(self) -> bool:
        """Whether the root was deleted; one that was moved is still held."""
        return self._fd >= 0 and os.fstat(self._fd).st_nlink == 0

    def release(self) -> None:
        """Give the root free; twice is once."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
