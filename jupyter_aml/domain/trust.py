"""Whose files may be executed, and whose sockets spoken to: one's own, and those of root."""

from __future__ import annotations

import stat

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_trusted(owner: int, *, me: int) -> bool:
    """Whether what belongs to this user may run as me."""
    return owner in (me, 0)


def is_loose(mode: int) -> bool:
    """Whether other users may change what lies there."""
    return bool(mode & _OTHERS_WRITE)


def may_be_replaced(mode: int) -> bool:
    """Whether everybody may rename what lies in a folder of this mode, whoever owns it."""
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
