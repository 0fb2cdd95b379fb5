"""Looks at who owns what is executed or connected to; loose modes of one's own are repaired."""

from __future__ import annotations

import os
import pwd
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Refused, StorageFailed
from jupyter_aml.domain.trust import is_loose, is_trusted, may_be_replaced


def me() -> int:
    """The user who executes."""
    return os.geteuid()


def check(path: Path) -> os.stat_result:
    """Look at what is executed, and close it to others where it is open; raises StorageFailed.

    A link is looked at itself, and then what it leads to.
    """
    found = check_owner(path)
    if is_loose(found.st_mode):
        _close(path, found)
    return found


def check_owner(path: Path) -> os.stat_result:
    """Raise StorageFailed for what belongs to another user, or leads to such."""
    for follow in (False, True):
        found = os.stat(path, follow_symlinks=follow)
        if not is_trusted(found.st_uid, me=me()):
            raise StorageFailed(
                f"{path} belongs to {name_of(found.st_uid)}, whose code would run as yours: "
                "move it away, or set AML_ROOT to a folder of yours"
            )
    return found


def check_tree(path: Path) -> None:
    """Look at all that lies in a folder, and at the folder; raises StorageFailed."""
    check(path)
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                check_tree(Path(entry.path))
            elif os.path.exists(entry.path):
                check(Path(entry.path))


def check_parents(path: Path) -> None:
    """Raise StorageFailed where everybody may put another folder in the place of this one."""
    for parent in path.resolve().parents:
        if may_be_replaced(parent.stat().st_mode):
            raise StorageFailed(
                f"every user may replace what lies in {parent} (mode "
                f"{stat.S_IMODE(parent.stat().st_mode):04o}): chmod o-w it, "
                "or set AML_ROOT to another folder"
            )


def is_own(path: Path) -> bool:
    """Whether what lies there belongs to this user or to root; False where nothing is there."""
    try:
        return is_trusted(path.lstat().st_uid, me=me())
    except OSError:
        return False


def check_peer(end: socket.socket, path: str) -> None:
    """Raise Refused where somebody else listens at the other end of a Unix socket."""
    owner = peer_uid(end)
    if owner is not None and not is_trusted(owner, me=me()):
        raise Refused(
            f"the socket {path} belongs to another user ({name_of(owner)}), who would hear all "
            "that is sent: set AML_ROOT to a folder of yours"
        )


def peer_uid(end: socket.socket) -> int | None:
    """Return the user at the other end of a Unix socket; None where the system does not say."""
    option: Any = getattr(socket, "SO_PEERCRED", None)
    if end.family != socket.AF_UNIX:
        return None
    if option is not None:
        return int(struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, option, 12))[1])
    if sys.platform == "darwin":
        # SOL_LOCAL and LOCAL_PEERCRED; struct xucred begins with its version and the user.
        return int(struct.unpack("2I", end.getsockopt(0, 1, 76)[:8])[1])
    return None


def name_of(user: int) -> str:
    """What people call a user."""
    try:
        return f"user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"user {user}"


def _close(path: Path, found: os.stat_result) -> None:
    if found.st_uid == me():
        path.chmod(stat.S_IMODE(found.st_mode) & ~0o022)
        found = path.stat()
    if is_loose(found.st_mode):
        raise StorageFailed(
            f"other users may write to {path}, and its mode cannot be changed: "
            "set AML_ROOT to a folder on a file system that has modes"
        )
