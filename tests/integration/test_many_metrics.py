"""A run of 9,000 metrics, or of one with an endless name, takes nothing from what others say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.feed.feed import Listener
from jupyter_aml.engine.settings import Settings
from jupyter_aml.runfolder.records import RecordWriter
from jupyter_aml.server.handlers.events import LONGEST_MESSAGE
from tests import asking
from tests.asking import submit

pytestmark = pytest.mark.anyio

LONG = 120.0
LARGEST = 4 << 20
"""Bytes of one message to a page."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def an_engine(root: Path) -> AsyncIterator[Engine]:
    engine = await Engine.open(Settings(root=root), kind="headless")
    try:
        yield engine
    finally:
        await engine.close()


async def a_run(engine: Engine) -> tuple[str, RecordWriter]:
    """An interactive run that goes on, and the writer of what it logs."""
    asked = {"experiment": "many", "type": "azureml.interactive", "source": {}}
    run: Any = await submit(engine, asked)
    folder = Path(engine.settings.root, "workspaces", "default", "runs", run["runId"])
    return run["runId"], RecordWriter(folder / "metrics")


async def caught_up(listener: Listener) -> tuple[int, dict[str, Any], list[str]]:
    """Read until the whole has been told: the cursor, the series, and the messages as sent."""
    series: dict[str, Any] = {}
    sent: list[str] = []
    async with asyncio.timeout(LONG):
        while True:
            event = await listener.next()
            assert event["type"] != "problem", event
            if event["type"] == "metrics":
                sent.append(json.dumps(event))
                series |= event["metrics"]["series"]
                if event["metrics"]["cursor"] is not None:
                    return event["metrics"]["cursor"], series, sent


def question(run_id: str, cursor: int | None) -> dict[str, Any]:
    return {"type": "subscribe", "topic": "run", "runId": run_id, "logs": {}, "metrics": cursor}


async def test_all_of_9000_metrics_come_in_messages_of_a_bounded_size(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run_id, writer = await a_run(engine)
        names = {f"layer.{number}.weight.norm": float(number) for number in range(9_000)}
        for step in range(3):
            for name, value in names.items():
                writer.number(name, value, step)
        listener = engine.listen()

        await asking.follow(listener, question(run_id, None))
        cursor, series, sent = await caught_up(listener)

        assert {name: one["last"] for name, one in series.items()} == names
        assert all(one["x"] == [0, 1, 2] for one in series.values())
        assert max(map(len, sent)) < LARGEST
        assert len(json.dumps(question(run_id, cursor))) < LONGEST_MESSAGE / 100

        again = engine.listen()
        await asking.follow(again, question(run_id, cursor))
        writer.number("layer.7.weight.norm", 0.5, 3)
        _, news, sent = await caught_up(again)
        assert news.keys() == {"layer.7.weight.norm"}
        assert news["layer.7.weight.norm"]["x"] == [3]


async def test_a_cursor_counts_after_a_restart_too(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run_id, writer = await a_run(engine)
        writer.number("loss", 1.0, 0)
        listener = engine.listen()
        await asking.follow(listener, question(run_id, None))
        early, _, _ = await caught_up(listener)
        writer.number("loss", 0.5, 1)
        late, _, _ = await caught_up(listener)
    async with an_engine(aml_root) as engine:
        listener, behind = engine.listen(), engine.listen()
        await engine.runs.metrics(run_id)
        await asking.follow(listener, question(run_id, late))
        writer.number("loss", 0.25, 2)
        _, news, sent = await caught_up(listener)
        assert (json.loads(sent[0])["replace"], news["loss"]["x"]) == (False, [2])

        # What lay before it then only the earlier engine knew: the whole comes again.
        await asking.follow(behind, question(run_id, early))
        _, news, sent = await caught_up(behind)
        assert (json.loads(sent[0])["replace"], news["loss"]["x"]) == (True, [0, 1, 2])


async def test_a_name_of_100000_characters_stands_in_no_cursor(aml_root: Path) -> None:
    name = "n" * 100_000
    async with an_engine(aml_root) as engine:
        run_id, writer = await a_run(engine)
        writer.number(name, 1.0)
        writer.number("loss", 2.0)
        listener = engine.listen()

        await asking.follow(listener, question(run_id, None))
        cursor, series, _ = await caught_up(listener)

        assert series.keys() == {name, "loss"}
        assert type(cursor) is int


async def test_a_list_and_its_events_tell_a_hundred_metrics_of_a_run_and_the_run_all(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        run_id, writer = await a_run(engine)
        for number in range(9_000):
            writer.number(f"layer.{number:05}", 1.0)
        writer.number("loss", 0.5)
        page = engine.listen()
        await asking.follow(page, {"topic": "runs", "workspace": "default", "seq": 0})
        await engine.runs.look(run_id)

        async with asyncio.timeout(LONG):
            while (event := await page.next())["type"] != "run" or not event["run"]["metrics"]:
                pass

        assert len(event["run"]["metrics"]) == 100
        assert event["run"]["metrics"]["loss"] == 0.5
        [listed] = (await engine.runs.page(workspace="default"))["runs"]
        assert listed["metrics"] == event["run"]["metrics"]
        [whole] = (await engine.runs.page(workspace="default", metrics=0))["runs"]
        assert len(whole["metrics"]) == len((await engine.runs.get(run_id))["metrics"]) == 9_001


async def test_a_run_that_cannot_be_followed_silences_no_other(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_engine(aml_root) as engine:
        bad, _ = await a_run(engine)
        good, writer = await a_run(engine)
        writer.number("loss", 1.0)
        of = engine.runs._metrics.of
        monkeypatch.setattr(
            engine.runs._metrics, "of", lambda run_id, folder: {good: of}[run_id](run_id, folder)
        )
        listener = engine.listen()

        await asking.follow(listener, question(bad, None))
        async with asyncio.timeout(LONG):
            while (event := await listener.next())["type"] != "problem":
                pass
        await asking.follow(listener, question(good, None))
        _, series, _ = await caught_up(listener)

        assert (event["runId"], series["loss"]["last"]) == (bad, 1.0)
