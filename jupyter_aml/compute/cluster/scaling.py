"""How many nodes a cluster should have: what is wanted and what is there, in; what to do, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from jupyter_aml.domain.compute import Scale


@dataclass(frozen=True, slots=True)
class Present:
    """A node that is there, or that is just being started."""

    id: str
    is_busy: bool
    idle_for: timedelta = timedelta()
    """How long it has had nothing to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, and when to ask again where nothing happens meanwhile."""

    start: int = 0
    stop: tuple[str, ...] = ()
    again_in: timedelta | None = None


def plan(nodes: Sequence[Present], *, waiting: int, scale: Scale, is_stopped: bool = False) -> Plan:
    """Say which nodes to start and stop; `waiting` is how many nodes' worth of jobs wait.

    Nodes that work are never stopped. Those that have idled longest go first.
    """
    busy = [node for node in nodes if node.is_busy]
    idle = sorted((node for node in nodes if not node.is_busy), key=lambda node: -node.idle_for)
    if is_stopped:
        return Plan(stop=tuple(node.id for node in idle))
    wanted = min(max(scale.min_nodes, len(busy) + waiting), scale.max_nodes)
    spare = max(0, len(nodes) - wanted)
    over = max(0, len(nodes) - scale.max_nodes)
    stop = [
        node.id for at, node in enumerate(idle[:spare]) if at < over or node.idle_for >= scale.idle
    ]
    left = [node for node in idle if node.id not in stop]
    due = [scale.idle - node.idle_for for node in left] if spare > len(stop) else []
    return Plan(max(0, wanted - len(nodes)), tuple(stop), min(due, default=None))
