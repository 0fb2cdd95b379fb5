"""Mounts the files of a data set as a folder that is filled as it is read (FUSE).

A process of its own answers for the folder: a library that holds Python's lock while it reads a
file would otherwise wait for itself.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_aml.data.listing import DataFile
from jupyter_aml.domain.errors import StorageFailed

Tell = Callable[[str], None]
MOUNTED = "mounted"
"""What the process says once the folder is there."""

_DEVICE = "/dev/fuse"
_DETACH = 2
_PATIENCE = 10.0
"""Seconds that its process may take to end."""
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from jupyter_aml.data.mounted import main; main(sys.argv[2])"
)


def lacking() -> str | None:
    """What is missing here for such a folder; None where nothing is."""
    if find_spec("mfusepy") is None:
        return "mfusepy is not installed (the extra `mount`)"
    if not any(map(ctypes.util.find_library, ("fuse3", "fuse"))):
        return "libfuse is not installed"
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return f"this user may not use {_DEVICE}"
    if os.geteuid() != 0 and _unmounter() is None:
        return "fusermount3 is not installed"
    return None


class Mount:
    """A mounted folder: there until `stop`, or until this process has ended."""

    def __init__(self, found: Sequence[DataFile], folder: Path, tell: Tell) -> None:
        """Mount the files at an empty folder; `tell` hears what cannot be read later on.

        Raises StorageFailed.
        """
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, json.dumps(sys.path), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._begin(found)
        except BaseException:
            self._end()
            self._process.stdout.close()  # type: ignore[union-attr]
            raise
        self._listener = threading.Thread(target=self._listen, args=(tell,), daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """Unmount the folder, which is left empty; nothing happens the second time."""
        self._end()
        self._listener.join()

    # ---- inside -----------------------------------------------------------------------------

    def _begin(self, found: Sequence[DataFile]) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # Its standard input stays open: the end of that is the end of the mount.
            content = json.dumps(_told(found)).encode()
            self._process.stdin.write(len(content).to_bytes(8, "big") + content)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # It says why.
        why = "its process ended without a word"
        for line in self._process.stdout:
            said = line.decode(errors="replace").strip()
            if said == MOUNTED:
                return
            why = said or why
        raise StorageFailed(f"nothing can be mounted at {self._folder}: {why}")

    def _listen(self, tell: Tell) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                tell(line.decode(errors="replace").strip())

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if _is_left(self._folder):
            _unmount(self._folder)


def _told(found: Sequence[DataFile]) -> dict[str, Any]:
    """The files and their stores, for another process."""
    stores = {id(each.store): each.store for each in found}
    numbers = {key: number for number, key in enumerate(stores)}
    return {
        "stores": [asdict(store.recipe()) for store in stores.values()],
        "files": [
            [numbers[id(each.store)], each.path, each.name, each.size, each.modified]
            for each in found
        ],
    }


def _is_left(folder: Path) -> bool:
    """Whether a process that was killed has left its mount."""
    try:
        os.stat(folder)
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return os.path.ismount(folder)


def _unmount(folder: Path) -> None:
    if os.geteuid() == 0:
        ctypes.CDLL(None).umount2(os.fsencode(folder), _DETACH)
        return
    program = _unmounter()
    if program is not None:
        subprocess.run([program, "-u", "-z", str(folder)], check=False, capture_output=True)


def _unmounter() -> str | None:
    return shutil.which("fusermount3") or shutil.which("fusermount")
