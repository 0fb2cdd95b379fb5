"""A queue of runs: each says where it stands, and a long one costs no run more than a short one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.feed.feed import Listener
from jupyter_aml.engine.settings import Settings
from jupyter_aml.wire.runs import WireRun
from tests import asking
from tests.asking import patch, submit

pytestmark = pytest.mark.anyio

LONG = 120.0
MOST_CHANGES = 8
"""A run is entered, prepared, queued, started, runs, is finalised and has ended: seven."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Gate:
    """Keeps the runs that wait before it from ending."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gate"
        os.mkfifo(self.path)
        # Open for both, so that opening waits for nobody and a word is kept until it is read.
        self._end = os.open(self.path, os.O_RDWR)

    @property
    def script(self) -> str:
        return f"open({str(self.path)!r}, 'rb', 0).read(1)"

    def let(self, count: int) -> None:
        os.write(self._end, b"x" * count)


@asynccontextmanager
async def an_engine(root: Path, places: int) -> AsyncIterator[Engine]:
    engine = await Engine.open(Settings(root=root, max_runs=places), kind="headless")
    try:
        yield engine
    finally:
        await engine.close()


async def send(engine: Engine, script: str, **more: Any) -> WireRun:
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local"}
    source = {"files": {"main.py": script}}
    sent: Any = await submit(
        engine, {"experiment": "queue", "script": "main.py", "source": source, "job": job, **more}
    )
    return sent  # type: ignore[no-any-return]


class Page:
    """What a page that shows the list of runs knows, and how much it was told."""

    def __init__(self, listener: Listener) -> None:
        self.listener, self.told = listener, 0
        self.runs: dict[str, WireRun] = {}

    @classmethod
    async def of(cls, engine: Engine) -> Page:
        page = cls(engine.listen())
        await asking.follow(page.listener, {"topic": "runs", "workspace": "default", "seq": 0})
        return page

    async def hear(self) -> None:
        match await self.listener.next():
            case {"type": "run", "run": run}:
                self.told += 1
                self.runs[run["runId"]] = run
            case {"type": "reasons", "reasons": reasons}:
                for run_id, reason in reasons.items():
                    self.runs[run_id] = {**self.runs[run_id], "reason": reason}

    async def until(self, run_id: str, **wanted: Any) -> None:
        async with asyncio.timeout(LONG):
            while not wanted.items() <= self.runs.get(run_id, {}).items():
                await self.hear()


async def test_a_long_queue_costs_a_run_no_more_than_a_short_one(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    async with an_engine(aml_root, places=2) as engine:
        page = await Page.of(engine)
        holders = [await send(engine, gate.script) for _ in range(2)]
        sent = [await send(engine, "pass") for _ in range(50)]
        for last in sent[-2:]:
            await page.until(last["runId"], status="Queued")

        gate.let(2)
        for run in [*holders, *sent]:
            await page.until(run["runId"], status="Completed")

        changes = max(run["seq"] for run in page.runs.values())
        assert changes <= MOST_CHANGES * 52
        assert page.told <= MOST_CHANGES * 52


async def test_a_run_that_waits_says_its_place_in_every_answer_and_no_place_is_written(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    async with an_engine(aml_root, places=1) as engine:
        page = await Page.of(engine)
        first = await send(engine, gate.script)
        await page.until(first["runId"], status="Running")
        await send(engine, gate.script)
        third = (await send(engine, "pass", runId="third"))["runId"]
        await page.until(third, reason="1 run ahead on 'local' (1 of 1 slot busy)")
        waiting = await engine.runs.get(third)

        listed = {
            run["runId"]: run for run in (await engine.runs.page(workspace="default"))["runs"]
        }
        assert listed[third] == waiting == page.runs[third]
        assert await send(engine, "pass", runId="third") == waiting
        record = aml_root / "workspaces/default/runs/third/run.json"
        assert json.loads(record.read_text())["reason"] == "waiting for its turn on 'local'"

        gate.let(1)
        await page.until(third, reason="next on 'local' (1 of 1 slot busy)")
        assert (await engine.runs.get(third)) == {**waiting, "reason": page.runs[third]["reason"]}

        named = await patch(engine, third, {"displayName": "mine"})
        assert named["reason"] == "next on 'local' (1 of 1 slot busy)"
        gate.let(1)
        await page.until(third, status="Completed", reason=None)


async def test_who_follows_one_run_hears_of_its_place_alone(aml_root: Path, tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    async with an_engine(aml_root, places=1) as engine:
        page = await Page.of(engine)
        first = await send(engine, gate.script)
        await page.until(first["runId"], status="Running")
        sent = [(await send(engine, "pass"))["runId"] for _ in range(3)]
        await page.until(sent[-1], reason="2 runs ahead on 'local' (1 of 1 slot busy)")
        card = engine.listen()
        await asking.follow(card, {"topic": "run", "runId": sent[-1]})

        await engine.runs.cancel(sent[0])

        async with asyncio.timeout(LONG):
            while (event := await card.next())["type"] != "reasons" or (
                event["reasons"] != {sent[-1]: "1 run ahead on 'local' (1 of 1 slot busy)"}
            ):
                assert event["type"] != "reasons" or event["reasons"].keys() == {sent[-1]}
        gate.let(1)
        await page.until(sent[-1], status="Completed")
