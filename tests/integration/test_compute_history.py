"""How busy a target was is told while its engine lives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import NotFound
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_run_is_seen_in_the_history_of_its_target(aml_root: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"

    async with an_engine(aml_root, max_runs=3) as engine:
        run: Any = await submit(engine, asked(waits))
        await until(engine, run["runId"], lambda seen: seen["status"] == "Running")
        during = await engine.compute.history(DEFAULT_WORKSPACE, "local")
        gate.touch()
        await ended(engine, run["runId"])
        after = await engine.compute.history(DEFAULT_WORKSPACE, "local")

    assert (during[-1]["busy"], during[-1]["slots"]) == (1, 3)
    assert after[-1]["busy"] == 0


async def test_no_target_has_no_history(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(NotFound, match="no compute target 'locale'; did you mean 'local'"):
            await engine.compute.history(DEFAULT_WORKSPACE, "locale")
