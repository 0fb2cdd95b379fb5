"""When a run that is not sent yet would probably start, from what its target does now."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_aml.compute.target import Node, NodeState
from jupyter_aml.engine.compute.line import Rank
from jupyter_aml.engine.compute.stations import Station


def probable_start(station: Station, rank: Rank) -> str:
    """Say in a sentence when a run of that rank would start, on as many nodes as it needs."""
    slots, target, nodes = station.slots, station.target, rank.places
    state = target.state()
    if state.state in ("Stopped", "Failed"):
        return f"it would wait: {state.why or f'the target is {state.state.lower()}'}"
    busy = f"{slots.busy} of {slots.count} {'slot' if slots.count == 1 else 'slots'} busy"
    if ahead := slots.ahead_of(rank):
        others = "1 run that waits" if ahead == 1 else f"{ahead} runs that wait"
        return f"it would wait behind {others} ({busy})"
    if slots.busy + nodes > slots.count:
        until = "a run there ends" if nodes == 1 else f"{nodes} nodes are free"
        return f"it would wait until {until}, and be the next ({busy})"
    if target.queue:
        return f"it would be handed to {target.queue} at once, which decides when it starts"
    if not target.has_nodes:
        return f"it would start at once ({busy})"
    return f"{_on_nodes(target.nodes(), nodes)} ({busy})"


def _on_nodes(nodes: Sequence[Node], wanted: int) -> str:
    states = [node.state for node in nodes]
    if wanted > 1:
        lacking = wanted - states.count(NodeState.IDLE)
        if lacking <= 0:
            return f"it would start at once, on {wanted} nodes that are idle"
        return f"it would start as soon as {lacking} of {wanted} nodes have started for it"
    if NodeState.IDLE in states:
        return "it would start at once, on a node that is idle"
    if NodeState.STARTING in states:
        return "it would start as soon as a node that is starting is there"
    return "it would start as soon as a node has started for it"
