"""Why a process does not answer: what is said of it wherever somebody waits."""

from __future__ import annotations

import sys

STOPPED = 10.0
"""Seconds for which an engine whose process is stopped is waited for: it may be told to go on."""


def is_stopped(pid: int | None) -> bool:
    """Whether a signal or a debugger holds the process, as far as the system tells."""
    if pid is None or not sys.platform.startswith("linux"):
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return False


def sentence(whom: str, pid: int | None, seconds: float) -> str:
    """Say that nobody has answered for so long, why that may be, and what to do."""
    told = f"{whom} has not answered for {seconds:.0f} s"
    if is_stopped(pid):
        return f"{told}: it is stopped; `kill -CONT {pid}` lets it go on"
    return f"{told}; it may have too much to do: try again, or look into its log"
