"""Which folder a root is, and whose a claim: rules that tell a copy from what was moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """What only one folder or file has at a time; a copy has another."""

    device: int
    inode: int
    machine: str = ""
    """Of which machine device and inode are; "" where it has no name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A root as it is written down in it: a name by chance, and where it lay when it got it."""

    token: str
    place: Place
    path: str
    copy_of: str | None = None
    """The path of the root that this one was copied from."""


class Origin(Enum):
    """What became of a root since its identity was written."""

    NEW = "it has no identity yet"
    SAME = "it is where it was"
    MOVED = "it was moved, or restored from a backup"
    COPIED = "it was copied from another root"


UNSEEN = object()
"""What lies at a path that this user may not look at."""


def origin(written: Identity | None, here: Place, path: str, elsewhere: object) -> Origin:
    """Say what a root is; in doubt it is a copy.

    `elsewhere` is the token of the root at the path that is written down, None where no root is
    there, and UNSEEN where nobody may look.
    """
    if written is None:
        return Origin.NEW
    if written.place == here:
        return Origin.SAME
    is_same_inode, is_same_path = written.place.inode == here.inode, written.path == path
    if is_same_inode and is_same_path:
        # Devices have other numbers after a restart, and on another machine on the same files.
        return Origin.SAME
    if written.place.machine != here.machine:
        return Origin.COPIED
    if is_same_path or (elsewhere is not UNSEEN and elsewhere != written.token):
        return Origin.MOVED
    return Origin.COPIED


class Whose(Enum):
    """Whose the process is that a claim names."""

    OURS = "of this attempt in this root"
    ELSEWHERE = "of another machine, or of this one before it was started again"
    COPIED = "of the root that the claim was copied from"
    UNSAID = "the claim does not say"


def whose(claim: Mapping[str, Any], *, root: str, file: Place | None, boot: str) -> Whose:
    """Say whose the process of a claim is, by what the claim says of itself.

    `root` is the token of this root ("" where it has none), `file` where the claim lies now.
    """
    if claim.get("boot", "") != boot:
        return Whose.ELSEWHERE
    if "root" not in claim and "file" not in claim:
        return Whose.UNSAID
    if root and claim.get("root") and claim["root"] != root:
        return Whose.COPIED
    told = claim.get("file")
    if file is not None and told is not None and told != [file.device, file.inode]:
        return Whose.COPIED
    return Whose.OURS


def is_of(told: Mapping[str, Any], device: int, inode: int) -> bool | None:
    """Whether an `engine.json` is about the folder it lies in; None where it does not say."""
    if not told.get("inode"):
        return None
    return (told.get("device"), told.get("inode")) == (device, inode)
