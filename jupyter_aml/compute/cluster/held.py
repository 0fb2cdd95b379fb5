"""A job in front of a cluster or on its nodes, and how it is told that it has lost one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_aml.compute.cluster.nodes import LiveNode, Order

TAKEN = "its node was taken back for a run on dedicated nodes"
LOST = "its node was lost: the process that stands for the machine is gone"


@dataclass(slots=True)
class Held:
    """A job: what its nodes start, and those that have started it."""

    orders: Sequence[Order] = ()
    """One a node; none where an earlier engine handed it over."""
    nodes: dict[int, LiveNode] = field(default_factory=dict)
    """By their numbers among those of the job."""
    is_broken: bool = False
    """Whether a node of it is gone, so that it needs no others any more."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def missing(self) -> list[int]:
        """The nodes that it still waits for; the first is handed over last."""
        if self.is_broken:
            return []
        return [part for part in range(len(self.orders))[::-1] if part not in self.nodes]


def note_lost(path: Path, why: str) -> None:
    """Write down that a job has lost a node; the disk may refuse it, then the job was cancelled."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        draft.write_text(json.dumps({"lost": why}))
        draft.rename(path)
