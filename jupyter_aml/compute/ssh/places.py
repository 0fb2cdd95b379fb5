"""What lies on an attached machine: sent folders by their hash, run folders, and their records.

Part of the far end (agent.py): Python 3.10 and the standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.compute import proc
from jupyter_aml.shim import shim

_UPLOADS, _RUNS = 86_400.0, 30 * 86_400.0
"""Seconds after which pieces that were sent, and folders of runs, are taken for left behind."""


def cores() -> int:
    """The cores that a run may use here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def append(draft: Path, data: bytes, offset: int) -> None:
    """Write a piece of what is sent; a piece that came before is written over."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.seek(offset)
        file.write(data)


def unpack(draft: Path, place: Path) -> None:
    """Make a folder of an archive, whole or not at all; one that is there stays."""
    try:
        if place.is_dir():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f".new-{draft.name}")
        unfinished.mkdir(mode=0o700)
        try:
            with tarfile.open(draft) as archive:
                if hasattr(tarfile, "fully_trusted_filter"):
                    archive.extractall(unfinished, filter="fully_trusted")
                else:
                    archive.extractall(unfinished)
            os.rename(unfinished, place)
        except OSError:
            if not place.is_dir():  # else another connection was first, and made the same
                raise
        finally:
            remove(unfinished)
    finally:
        draft.unlink(missing_ok=True)


def make_run(folder: Path, sent: Path, snapshot: Path | None) -> None:
    """Make the folder of a run of what was sent for it, and of the snapshot that is there."""
    if snapshot is not None:
        _copy(snapshot, sent / "work")
    for name in ("status", "logs", "metrics", "work/outputs", "work/logs"):
        (sent / name).mkdir(parents=True, exist_ok=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    os.rename(sent, folder)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder; what came to the target beside it stays, and the copy may be written to."""
    for here, folders, names in os.walk(source):
        there = target / os.path.relpath(here, source)
        there.mkdir(parents=True, exist_ok=True)
        for name in folders:
            (there / name).mkdir(exist_ok=True)
        for name in names:
            if not os.path.lexists(there / name):
                shutil.copy(os.path.join(here, name), there / name)
                os.chmod(there / name, os.stat(there / name).st_mode | stat.S_IRUSR | stat.S_IWUSR)


def words(told: Sequence[str], pythons: Sequence[int], python: str, path: str | None) -> list[str]:
    """The words of a shim, with the Python of this machine in the places of `pythons`."""
    own = shutil.which(python, path=path) or python
    return [own if place in pythons else word for place, word in enumerate(told)]


def state(folder: Path, attempt: str, shims: Sequence[int]) -> dict[str, Any]:
    """How the shim of an attempt does: `is_there`, `claim`, `lives`, `ended`.

    `shims` are those whose claims may still be on their way.
    """
    status = folder / "status"
    claim = read(status / f"claim.{attempt}")
    lives = bool(claim) and _lives(claim or {})
    ended = (status / f"exit.{attempt}").exists()
    return {
        "is_there": status.is_dir(),
        "claim": claim,
        "lives": lives,
        "ended": ended,
        "begins": claim is None and bool(shims),
    }


def _lives(claim: dict[str, Any]) -> bool:
    is_now = claim.get("boot", "") == shim.boot()
    return is_now and proc.is_alive(int(claim.get("pid", -1)), str(claim.get("start", "")))


def read(path: Path) -> dict[str, Any] | None:
    """A record; None where there is none, and an empty one where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return {}
    with open(fd, "rb") as file:
        try:
            told = json.loads(file.read())
        except (OSError, ValueError):
            return {}
    return told if isinstance(told, dict) else {}


def write(path: Path, data: bytes) -> None:
    """Write a small file whole."""
    draft = path.with_name(f"{path.name}.{os.getpid()}-{time.monotonic_ns()}")
    draft.write_bytes(data)
    os.replace(draft, path)


def sweep(home: Path) -> None:
    """Remove what was left: pieces of what was sent, and runs that nobody came to fetch in time."""
    now = time.time()
    for place, limit in (("uploads/*", _UPLOADS), ("*/.new-*", _UPLOADS), ("runs/*", _RUNS)):
        for found in home.glob(place):
            with contextlib.suppress(OSError):
                newest = max(os.lstat(path).st_mtime for path in (found, *found.glob("*/status/*")))
                if now - newest < limit:
                    continue
                if found.is_dir() and not found.is_symlink():
                    remove(found)
                else:
                    found.unlink()


def remove(folder: Path) -> None:
    """Delete a folder with all that it holds; one that is not there is fine."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for here, folders, _ in os.walk(folder):
        # Scripts and snapshots may have left folders that may not be written to.
        os.chmod(here, 0o700)
        for name in folders:
            inner = os.path.join(here, name)
            if not os.path.islink(inner):
                os.chmod(inner, 0o700)
    shutil.rmtree(folder)
