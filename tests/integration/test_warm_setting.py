"""The setting `warm_runners`, through the whole engine: a run gets an interpreter that waited."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.engine.engine import Engine
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="interpreters wait on Linux alone"),
]

# When its process began, in seconds since 1970.
TELLS = """
import os, time
ticks = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
age = float(open("/proc/uptime").read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
print(time.time() - age)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def was_waited_for(engine: Engine, root: Path) -> bool:
    """Whether the process of a new run is older than the run."""
    run: Any = await submit(engine, asked(TELLS))
    end = await ended(engine, run["runId"])
    assert end["status"] == "Completed", end
    began = float(folder_of(root, end).console.read_text())
    return began < datetime.fromisoformat(end["createdAt"]).timestamp() - 0.05


async def test_with_the_setting_a_run_gets_an_interpreter_that_waited(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
    async with an_engine(aml_root, warm_runners=1) as engine:
        assert not await was_waited_for(engine, aml_root)
        async with asyncio.timeout(60):
            while not await was_waited_for(engine, aml_root):
                await asyncio.sleep(0.1)


async def test_without_it_none_waits(aml_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
    async with an_engine(aml_root) as engine:
        for _ in range(3):
            assert not await was_waited_for(engine, aml_root)
            await asyncio.sleep(0.2)
