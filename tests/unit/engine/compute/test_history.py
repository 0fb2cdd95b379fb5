"""How busy a target was is kept for a while, and told with its changes alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jupyter_aml.compute.target import Target
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE, RunId
from jupyter_aml.engine.compute.history import MOST_SAMPLES, STEP, History
from jupyter_aml.engine.compute.stations import Station, Stations

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Machine(Target):
    name, kind, slots = "machine", "Local", 2


def note(history: History, busy: int) -> None:
    history.note(slots=4, busy=busy, waiting=0, nodes=busy)


def test_of_changes_that_follow_closely_the_last_one_counts() -> None:
    clock = Clock()
    history = History(clock)
    note(history, 0)
    clock.at += STEP
    note(history, 1)
    clock.at += timedelta(seconds=1)
    note(history, 2)

    assert [(each.at, each.busy) for each in history.samples()] == [(NOON, 0), (NOON + STEP, 2)]


def test_the_oldest_are_forgotten() -> None:
    clock = Clock()
    history = History(clock)
    for busy in range(MOST_SAMPLES + 3):
        note(history, busy)
        clock.at += STEP

    assert [len(history.samples()), history.samples()[0].busy] == [MOST_SAMPLES, 3]


def test_a_place_that_is_taken_and_freed_is_a_change() -> None:
    async def story() -> list[int]:
        stations = Stations({}, moved=lambda: None)
        station = stations.put(DEFAULT_WORKSPACE, Machine())
        busy = [now_busy(station)]
        await station.slots.take(RunId("a"))
        busy.append(now_busy(station))
        # Opened anew, it is the same target.
        again = stations.put(DEFAULT_WORKSPACE, Machine())
        again.slots.give_back(RunId("a"))
        return [*busy, now_busy(again), len(again.history.samples())]

    assert asyncio.run(story()) == [0, 1, 0, 1]


def now_busy(station: Station) -> int:
    return station.history.samples()[-1].busy
