"""Who holds a root: `engine.json`, and the place of the socket it names."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import get_type_hints

from jupyter_core.paths import jupyter_runtime_dir

from jupyter_aml.domain.errors import Refused, StorageFailed
from jupyter_aml.domain.identity import is_of
from jupyter_aml.domain.trust import is_loose
from jupyter_aml.runfolder import trust

LONGEST_SOCKET = 100
"""Bytes; systems refuse socket paths a little longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The engine that answers for a root."""

    pid: int
    start: str
    version: str
    protocol: int
    epoch: int
    kind: str
    socket: str
    device: int = 0
    inode: int = 0
    """Of the folder that it holds: a copy of the folder carries a copy of this word."""

    def __str__(self) -> str:
        return f"process {self.pid} ({self.kind}, version {self.version})"


def read(root: Path) -> Holder | None:
    """Return who says that it holds the root, or None where nobody says so legibly.

    What was said of another folder, and copied with it, does not count.
    """
    try:
        data = json.loads((root / "engine.json").read_bytes())
        here = root.stat()
        # An earlier version did not say which folder it means.
        said = {"device": 0, "inode": 0} | {
            field.name: data[field.name] for field in fields(Holder) if field.name in data
        }
        legible = all(type(said[name]) is kind for name, kind in get_type_hints(Holder).items())
        if not legible or is_of(said, here.st_dev, here.st_ino) is False:
            return None
        return Holder(**said)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(root: Path, holder: Holder) -> None:
    """Say who holds the root. Only the holder of the lock may do this."""
    rough = root / f".engine.json.{holder.pid}"
    rough.unlink(missing_ok=True)
    fd = os.open(rough, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump(asdict(holder), file)
    rough.rename(root / "engine.json")


def remove(root: Path, holder: Holder) -> None:
    """Take the word back, unless somebody else has spoken since."""
    if read(root) == holder:
        (root / "engine.json").unlink(missing_ok=True)


def own(root: Path) -> None:
    """Make the root, for this user alone; raises StorageFailed.

    A folder of this user that is open to others is closed, unless it holds things that are not
    ours: then it is none that was meant to be a root. What others could have left in it is looked
    for, as all that a root holds may be executed.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        trust.check_parents(root)
        mode = root.stat().st_mode
        if mode & 0o077 and root.stat().st_uid == trust.me():
            if not (root / "engine.lock").exists() and _holds_other_things(root):
                raise StorageFailed(
                    f"the root {root} is open to other users and holds other things; "
                    "make it 0700, or set AML_ROOT to another folder"
                )
            root.chmod(0o700)
        trust.check(root)
        if is_loose(mode):
            trust.check_tree(root)
        for path in root.iterdir():
            if path.exists():
                trust.check(path)
    except OSError as error:
        raise StorageFailed(
            f"cannot use the root {root}: {error.strerror}; "
            "make it writable, or set AML_ROOT to another folder"
        ) from error


def _holds_other_things(root: Path) -> bool:
    # Who starts an engine in a new folder opens its log first.
    return any(path.name != "engine.log" for path in root.iterdir())


def socket_path(root: Path) -> Path:
    """Return where the engine of this root listens: in the root where that path is short enough."""
    own = root / "engine.sock"
    if _fits(own):
        return own
    mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    runtime = Path(jupyter_runtime_dir())
    if _fits(runtime / f"aml-{mark}.sock"):
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        trust.check(runtime)
        return runtime / f"aml-{mark}.sock"
    return _private() / f"{mark}.sock"


def _private() -> Path:
    """A folder of this user alone where everybody may make some; raises Refused."""
    private = Path(tempfile.gettempdir()) / f"aml-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != trust.me():
        raise Refused(f"{private} must be a folder of this user alone (0700); move it away")
    private.chmod(0o700)
    return private


def process_start(pid: int) -> str:
    """Return a mark that tells this process from a later one of the same number; '' if unknown."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
    except OSError:
        return ""
    return after_name.split()[19].decode()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET
