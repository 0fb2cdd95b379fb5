"""The nodes of one cluster and the jobs that they are handed, without an engine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.cluster import nodes
from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.nodes import LiveNode, Order
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.target import NodeState
from jupyter_aml.domain.compute import ComputeDefinition, Scale
from jupyter_aml.domain.errors import StorageFailed

pytestmark = pytest.mark.anyio
ONE = Scale()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def a_pool(folder: Path, budget: Budget, scale: Scale = ONE) -> AsyncIterator[Pool]:
    definition = ComputeDefinition(name="c", kind="cluster", type="AmlCompute", scale=scale)
    pool = Pool(definition, folder, budget, per_node=1, moved=lambda: None)
    await pool.begin()
    try:
        yield pool
    finally:
        await pool.end()


def order(tmp_path: Path, name: str, *words: str) -> tuple[str, list[Order]]:
    one = Order(words=words, environment={}, lost=tmp_path / f"lost-{name}")
    return f"{name}.1", [one]


async def test_a_job_that_never_began_keeps_no_place_on_its_node(tmp_path: Path) -> None:
    up = tmp_path / "up"
    async with a_pool(tmp_path / "nodes", Budget(1)) as pool, asyncio.timeout(30):
        pool.enqueue(*order(tmp_path, "broken", "/bin/false"))
        pool.enqueue(*order(tmp_path, "well", "/bin/touch", str(up)))

        while not up.exists() or [each.state for each in pool.shown()] != [NodeState.IDLE]:
            await asyncio.sleep(0.02)


async def test_nodes_that_are_just_being_started_end_with_their_cluster(tmp_path: Path) -> None:
    folder, started = tmp_path / "nodes", []
    start = nodes._started

    def noted(*what: Any) -> LiveNode:
        started.append(start(*what))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "_started", noted)
        async with a_pool(folder, Budget(2), Scale(min_nodes=2, max_nodes=2)):
            while not [*folder.glob("node-*")]:
                await asyncio.sleep(0)

    try:
        assert started
        assert not any(node.lives for node in started)
        assert [*folder.iterdir()] == []
    finally:
        for node in started:
            node.tell(signal.SIGKILL)


@pytest.mark.parametrize("error", [StorageFailed("a disk is away"), OSError("a disk is away")])
async def test_a_cluster_that_cannot_look_at_its_nodes_says_so_and_looks_again(
    tmp_path: Path, error: Exception
) -> None:
    found, up = nodes.found, tmp_path / "up"
    told = asyncio.Event()

    def fails_at_first(folder: Path) -> list[LiveNode]:
        if told.is_set():
            return found(folder)
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "found", fails_at_first)
        async with a_pool(tmp_path / "nodes", Budget(1)) as pool, asyncio.timeout(30):
            pool.enqueue(*order(tmp_path, "a", "/bin/touch", str(up)))
            while "a disk is away" not in (pool.reason("a.1") or ""):
                await asyncio.sleep(0.02)
            told.set()
            while not up.exists():
                await asyncio.sleep(0.02)


async def test_a_cluster_that_wants_no_more_nodes_has_no_trouble_any_more(tmp_path: Path) -> None:
    budget = Budget(1)
    async with (
        a_pool(tmp_path / "full", budget, Scale(min_nodes=1)) as full,
        a_pool(tmp_path / "late", budget) as late,
        asyncio.timeout(30),
    ):
        while not full.count:
            await asyncio.sleep(0.02)
        late.enqueue(*order(tmp_path, "a", "/bin/true"))
        while late.trouble is None:
            await asyncio.sleep(0.02)
        late.forget("a.1")
        while late.trouble is not None:
            await asyncio.sleep(0.02)
