"""Which built environments to give up: those that nobody asked for, the longest ago first."""

from __future__ import annotations

import contextlib
import time

import psutil

from jupyter_aml.environments.cache import Cache, Entry

_DAY = 86_400


def choose(cache: Cache, days: float | None, keep: float | None) -> list[Entry]:
    """Those not used for `days`, and of the rest the oldest until all take at most `keep` bytes.

    Blocks. With neither limit nothing is chosen, and never one in which something runs.
    """
    held = _in_use()
    unused = [entry for entry in cache.entries() if str(cache.home(entry.key)) not in held]
    newest_first = sorted(unused, key=lambda entry: entry.used, reverse=True)
    chosen, kept, now = [], 0, time.time()
    for entry in newest_first:
        too_old = days is not None and now - entry.used > days * _DAY
        too_much = keep is not None and kept + entry.environment.size > keep
        if too_old or too_much:
            chosen.append(entry)
        else:
            kept += entry.environment.size
    return chosen


def _in_use() -> set[str]:
    """The homes of environments in which a process of this user runs."""
    homes: set[str] = set()
    for process in psutil.process_iter():
        # Those of others, and those that end meanwhile, are none of ours.
        with contextlib.suppress(psutil.Error, OSError):
            variables = process.environ()
            homes |= {variables.get("VIRTUAL_ENV", ""), variables.get("CONDA_PREFIX", "")}
    return homes
