"""With several workers (`-n 2`) one of them gets all tests that share what is dear to start.

pytest-xdist's own `--dist loadgroup` finds no group since pytest has no `_nodeid` any more, and
says nothing of it: each test goes to the worker that is free.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

_TESTS = Path(__file__).parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole groups, whatever `--dist` says."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.partition("::")[0])

    return Together(config, log)


@functools.cache
def group(module: str) -> str:
    """The group of a module's tests, by its path: one engine, one victim, else its own."""
    path = _TESTS.parent / module
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for engine in ("docker", "slurm"):
        if f"{engine}_engine" in text or f"{engine}_cluster" in text:
            return engine
    return "attacks" if path.parent == _TESTS / "attacks" else module
