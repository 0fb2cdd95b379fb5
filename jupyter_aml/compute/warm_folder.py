"""The folder that interpreters wait in: each engine has one, and removes those of killed ones."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile

_PREFIX = "aml-warm-"


class WarmFolder:
    """A folder of this process alone. The kernel knows by a lock whether the process lives."""

    def __init__(self) -> None:
        held = None
        while held is None:
            self._path = tempfile.mkdtemp(prefix=_PREFIX)
            # Until it is locked, somebody who sweeps may take it for one that was left.
            with contextlib.suppress(FileNotFoundError):
                held = _held(self._path)
        self._lock = held
        # The path of the script is written over with that in the run, which must be no longer.
        self.place = os.path.join(self._path, *["_" * 200] * 4)
        os.makedirs(self.place)

    def remove(self) -> None:
        """Remove it; nobody waits there any more."""
        shutil.rmtree(self._path, ignore_errors=True)
        os.close(self._lock)


def sweep() -> None:
    """Remove what processes of this user have left that were killed, where nobody waits."""
    for path in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), _PREFIX + "*")):
        try:
            lock = _held(path)
        except OSError:
            continue
        if lock is None:
            continue
        if os.fstat(lock).st_uid == os.geteuid() and not _is_inhabited(path):
            shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _held(path: str) -> int | None:
    """Hold a folder until the descriptor is closed; None where another one does.

    Raises OSError where there is none, or its file system has no locks.
    """
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        own = os.fstat(lock)
        is_there = os.path.samestat(own, os.stat(path, follow_symlinks=False))
        if is_there:
            return lock
    except BlockingIOError:
        pass
    except BaseException:
        os.close(lock)
        raise
    os.close(lock)
    return None


def _is_inhabited(path: str) -> bool:
    """Whether a process is there that has outlived its engine."""
    inside = os.path.realpath(path)
    for link in glob.glob("/proc/[0-9]*/cwd"):
        # What is gone, or another user's, is not there.
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith(f"{inside}/"):
                return True
    return False
