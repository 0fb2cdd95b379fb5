"""The machine that runs run on."""

from __future__ import annotations

import os
import platform
import socket
from functools import cache

from jupyter_aml.shim.sampling import gpus
from jupyter_aml.wire.facts import WireHost


@cache
def host() -> WireHost:
    """This machine; found out once. Blocks."""
    return {
        "name": socket.gethostname(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": _cores(),
        "memory": _memory(),
        "gpus": [gpu.name for gpu in gpus()],
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() in ("model name", "Processor"):
                    return value.strip()
    except OSError:
        pass  # Not Linux: the next line knows.
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
