"""The nodes of one cluster and the jobs that they are handed, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.nodes import Order
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.target import NodeState
from jupyter_aml.domain.compute import ComputeDefinition, Scale

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def a_pool(folder: Path, budget: Budget) -> AsyncIterator[Pool]:
    definition = ComputeDefinition(name="c", kind="cluster", type="AmlCompute", scale=Scale())
    pool = Pool(definition, folder, budget, per_node=1, moved=lambda: None)
    await pool.begin()
    try:
        yield pool
    finally:
        await pool.end()


def order(tmp_path: Path, name: str, *words: str) -> Order:
    return Order(f"{name}.1", words, {}, tmp_path / f"lost-{name}")


async def test_a_job_that_never_began_keeps_no_place_on_its_node(tmp_path: Path) -> None:
    up = tmp_path / "up"
    async with a_pool(tmp_path / "nodes", Budget(1)) as pool, asyncio.timeout(30):
        pool.enqueue(order(tmp_path, "broken", "/bin/false"))
        pool.enqueue(order(tmp_path, "well", "/bin/touch", str(up)))

        while not up.exists() or [each.state for each in pool.shown()] != [NodeState.IDLE]:
            await asyncio.sleep(0.02)
