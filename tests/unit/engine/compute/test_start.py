"""When a run would start is said from what its target does."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_aml.compute.target import Node, NodeState, Target, TargetState
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE, RunId
from jupyter_aml.engine.compute.line import Rank
from jupyter_aml.engine.compute.start import probable_start
from jupyter_aml.engine.compute.stations import Station, Stations


class Machine(Target):
    name, kind, slots = "machine", "Local", 2


class Queue(Target):
    name, kind, slots, queue = "hpc", "AmlCompute", 2, "Slurm"


class Cluster(Target):
    name, kind, slots, has_nodes = "cluster", "AmlCompute", 2, True

    def __init__(self, *states: NodeState, state: TargetState = TargetState()) -> None:  # noqa: B008
        self._nodes = [Node(id=f"n{number}", state=each) for number, each in enumerate(states)]
        self._state = state

    def nodes(self) -> list[Node]:
        return self._nodes

    def state(self) -> TargetState:
        return self._state


def a_station(target: Target) -> Station:
    return Stations({}, moved=lambda: None).put(DEFAULT_WORKSPACE, target)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Queue(), "it would be handed to Slurm at once, which decides when it starts"),
        (Machine(), "it would start at once (0 of 2 slots busy)"),
        (Cluster(), "it would start as soon as a node has started for it (0 of 2 slots busy)"),
        (
            Cluster(NodeState.BUSY, NodeState.STARTING),
            "it would start as soon as a node that is starting is there (0 of 2 slots busy)",
        ),
        (
            Cluster(NodeState.IDLE),
            "it would start at once, on a node that is idle (0 of 2 slots busy)",
        ),
        (
            Cluster(state=TargetState(state="Stopped", why="'cluster' is stopped: start it")),
            "it would wait: 'cluster' is stopped: start it",
        ),
        (Cluster(state=TargetState(state="Failed")), "it would wait: the target is failed"),
    ],
)
def test_a_run_starts_where_there_is_a_place(target: Target, told: str) -> None:
    assert probable_start(a_station(target), Rank()) == told


def test_a_run_waits_behind_others() -> None:
    async def go() -> None:
        station = a_station(Machine())
        for run in ("a", "b"):
            await station.slots.take(RunId(run))
        assert probable_start(station, Rank()) == (
            "it would wait until a run there ends, and be the next (2 of 2 slots busy)"
        )
        waiting = asyncio.ensure_future(station.slots.take(RunId("c")))
        await asyncio.sleep(0)
        assert probable_start(station, Rank()) == (
            "it would wait behind 1 run that waits (2 of 2 slots busy)"
        )
        waiting.cancel()

    asyncio.run(go())


def test_a_run_waits_behind_none_of_a_lower_priority() -> None:
    async def go() -> list[str]:
        station = a_station(Machine())
        for run in ("a", "b"):
            await station.slots.take(RunId(run))
        ranks = (Rank((-5, 1.0, 1)), Rank((0, 2.0, 2)))
        waiting = [
            asyncio.ensure_future(station.slots.take(RunId(run), rank))
            for run, rank in zip(("c", "d"), ranks, strict=True)
        ]
        await asyncio.sleep(0)
        told = [probable_start(station, Rank((each, 3.0, 0))) for each in (0, -1, -6)]
        for each in waiting:
            each.cancel()
        return told

    assert asyncio.run(go()) == [
        "it would wait behind 2 runs that wait (2 of 2 slots busy)",
        "it would wait behind 1 run that waits (2 of 2 slots busy)",
        "it would wait until a run there ends, and be the next (2 of 2 slots busy)",
    ]
