"""The nodes of one cluster and the jobs that they are handed, without an engine."""

from __future__ import annotations

import asyncio
import os
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


def a_gang(tmp_path: Path, name: str, nodes: int) -> tuple[str, list[Order]]:
    """A job that writes down each of its nodes, and stays there until it is told to go."""
    stays = f"echo $$ > {tmp_path}/{name}-$AML_NODE; exec sleep 600"
    some = [
        Order(
            words=["/bin/sh", "-c", stays],
            environment={"AML_NODE": str(node), "PATH": "/usr/bin:/bin"},
            lost=tmp_path / f"lost-{name}",
        )
        for node in range(nodes)
    ]
    return f"{name}.1", some


async def there(*paths: Path) -> None:
    while not all(path.exists() and path.read_text() for path in paths):
        await asyncio.sleep(0.02)


async def test_a_job_of_several_nodes_has_them_at_once_and_is_not_passed(tmp_path: Path) -> None:
    scale = Scale(max_nodes=3)
    async with a_pool(tmp_path / "nodes", Budget(3), scale) as pool, asyncio.timeout(60):
        pool.enqueue(*a_gang(tmp_path, "one", 1))
        await there(tmp_path / "one-0")
        pool.enqueue(*a_gang(tmp_path, "large", 3))
        pool.enqueue(*order(tmp_path, "late", "/bin/touch", str(tmp_path / "late")))
        said = pool.reason("large.1")
        while [each.state for each in pool.shown()].count(NodeState.IDLE) < 2:
            await asyncio.sleep(0.02)
        one_lacks = pool.reason("large.1")
        assert not [*tmp_path.glob("large-*")]
        assert not (tmp_path / "late").exists()

        os.kill(int((tmp_path / "one-0").read_text()), signal.SIGKILL)
        pool.forget("one.1")
        await there(*(tmp_path / f"large-{node}" for node in range(3)))
        shown = pool.shown()
        assert {each.runs for each in shown} == {("large",)}
        assert len({pool.node_of("large.1", part) is None for part in range(3)}) == 1
        for node in range(3):
            os.kill(int((tmp_path / f"large-{node}").read_text()), signal.SIGKILL)
        pool.forget("large.1")
        while not (tmp_path / "late").exists():
            await asyncio.sleep(0.02)

    assert said is not None and said.startswith("waits for 3 of 3 nodes of 'c'")
    assert one_lacks == "waits for 1 of 3 nodes of 'c'"


async def test_a_job_whose_node_is_gone_is_broken_and_gives_the_others_back(
    tmp_path: Path,
) -> None:
    scale = Scale(max_nodes=2)
    async with a_pool(tmp_path / "nodes", Budget(2), scale) as pool, asyncio.timeout(60):
        pool.enqueue(*a_gang(tmp_path, "pair", 2))
        await there(tmp_path / "pair-0", tmp_path / "pair-1")
        second = pool.node_of("pair.1", 1)
        assert second is not None and not pool.has_lost_one("pair.1")

        second.tell(signal.SIGKILL)
        while not pool.has_lost_one("pair.1"):
            await asyncio.sleep(0.02)
        assert (pool.waits("pair.1"), pool.node_of("pair.1", 1)) == (False, None)
        os.kill(int((tmp_path / "pair-0").read_text()), signal.SIGKILL)
        pool.forget("pair.1")
        while [each.state for each in pool.shown()] != [NodeState.IDLE]:
            await asyncio.sleep(0.02)


async def test_the_next_engine_goes_on_where_a_job_was_given_some_of_its_nodes(
    tmp_path: Path,
) -> None:
    folder, scale, hand_over = tmp_path / "nodes", Scale(min_nodes=2, max_nodes=2), nodes.hand_over
    definition = ComputeDefinition(name="c", kind="cluster", type="AmlCompute", scale=scale)

    def once(*what: Any, part: int = 0) -> None:
        if not part:
            raise StorageFailed("the engine dies here")
        hand_over(*what, part=part)

    first = Pool(definition, folder, Budget(2), per_node=1, moved=lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "hand_over", once)
        await first.begin()
        first.enqueue(*a_gang(tmp_path, "pair", 2))
        async with asyncio.timeout(60):
            await there(tmp_path / "pair-1")
        assert first._task is not None
        first._task.cancel()
        await asyncio.gather(first._task, return_exceptions=True)
    assert not (tmp_path / "pair-0").exists()

    async with a_pool(folder, Budget(2), scale) as pool, asyncio.timeout(60):
        pool.enqueue(*a_gang(tmp_path, "pair", 2))
        await there(tmp_path / "pair-0")
        assert len(pool.shown()) == 2
        assert {each.runs for each in pool.shown()} == {("pair",)}


async def test_the_place_of_a_run_that_waits_for_others_serves_them_where_there_is_no_more_room(
    tmp_path: Path,
) -> None:
    async with a_pool(tmp_path / "nodes", Budget(1)) as pool, asyncio.timeout(60):
        pool.enqueue(*a_gang(tmp_path, "parent", 1))
        await there(tmp_path / "parent-0")
        pool.enqueue(*a_gang(tmp_path, "child", 1))
        assert pool.reason("child.1") is not None

        pool.lend({"parent"})
        await there(tmp_path / "child-0")
        assert [each.runs for each in pool.shown()] == [("child", "parent")]
        pool.lend(set())
        pool.enqueue(*a_gang(tmp_path, "late", 1))
        os.kill(int((tmp_path / "child-0").read_text()), signal.SIGKILL)
        pool.forget("child.1")
        assert pool.reason("late.1") is not None
        os.kill(int((tmp_path / "parent-0").read_text()), signal.SIGKILL)
        pool.forget("parent.1")
        await there(tmp_path / "late-0")
