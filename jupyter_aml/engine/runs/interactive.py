"""Runs that log from a kernel: they end when they say so, or when their kernel does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_aml.compute.proc import is_alive
from jupyter_aml.domain.run import Failure, Run
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.runs.records import Follower
from jupyter_aml.runfolder.plain import NotPlain, read_plain


class InteractiveRuns:
    """Looks at the process behind an interactive run."""

    def __init__(self, root: Root) -> None:
        self._root = root

    async def look(self, run: Run, follower: Follower) -> dict[str, Any] | None:
        """Return what the run ended with, or None while it goes on."""
        if follower.said.failed is not None or follower.said.completed:
            return {"exit_code": 0}
        if await asyncio.to_thread(self._lives, run):
            return None
        dead = Failure(message="its kernel ended before the run was completed", code="KernelDied")
        return {"failure": dead}

    def _lives(self, run: Run) -> bool:
        path = self._root.folder(run).status / "process.json"
        try:
            process = json.loads(read_plain(path))
            return is_alive(int(process["pid"]), str(process["start"]))
        except FileNotFoundError:
            return True  # Logged from a place we cannot see: only its own word ends it.
        except (NotPlain, ValueError, KeyError, TypeError):
            return False
