"""The nodes of a cluster as an engine finds them that was not there when they were started."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from jupyter_aml.compute.cluster import nodes
from jupyter_aml.testing.jupyter import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_nodes_belong_to_the_root_that_they_were_started_in(tmp_path: Path) -> None:
    node = await nodes.start(tmp_path / "root", idle=60)
    try:
        shutil.copytree(tmp_path / "root", tmp_path / "copy")

        assert nodes.found(tmp_path / "copy") == []
        assert [*(tmp_path / "copy").iterdir()] == []
        assert [each.pid for each in nodes.found(tmp_path / "root")] == [node.pid]
        assert node.lives
    finally:
        node.tell(signal.SIGTERM)
    until(lambda: not node.lives, seconds=30, what="the end of the node")


async def test_nodes_of_a_root_that_is_moved_are_found_again(tmp_path: Path) -> None:
    node = await nodes.start(tmp_path / "root", idle=60)
    try:
        (tmp_path / "root").rename(tmp_path / "moved")

        assert [each.pid for each in nodes.found(tmp_path / "moved")] == [node.pid]
    finally:
        node.tell(signal.SIGTERM)
    until(lambda: not node.lives, seconds=30, what="the end of the node")


async def test_a_node_waits_for_an_engine_as_long_as_it_was_told_last(tmp_path: Path) -> None:
    node = await nodes.start(tmp_path / "root", idle=3600)
    try:
        (found,) = nodes.found(tmp_path / "root")
        assert found.idle is None

        nodes.allow(found, 0.01)

        until(lambda: not node.lives, seconds=30, what="the end of the node")
    finally:
        node.tell(signal.SIGTERM)
