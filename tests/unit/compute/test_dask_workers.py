"""A run on a worker of another machine, whose files are seen late."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.compute.dask.backend import DaskBackend
from jupyter_aml.compute.protocol import Handle, Phase
from jupyter_aml.domain.errors import Unreachable

pytestmark = pytest.mark.anyio
ADDRESS = "tcp://10.0.0.7:1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def handle(tmp_path: Path) -> Handle:
    """An attempt that a shim of another machine has claimed, and whose pulse is long past."""
    status = tmp_path / "status"
    status.mkdir()
    claim = {"pid": 7, "start": "1", "boot": "of another machine", "time": 1.0, "root": "r"}
    (status / "claim.1").write_text(json.dumps({**claim, "file": place_of(status)}))
    worker = {"pid": 7, "start": "1", "host": "another", "address": ADDRESS}
    (status / "worker.1").write_text(json.dumps(worker))
    data = {
        "run": "x", "attempt": "1", "root": "r", "status": str(status), "log": str(tmp_path / "l"),
        "shim": "-1", "shimStart": "",
    }  # fmt: skip
    return Handle(backend="cluster", data=data)


def place_of(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_dev, found.st_ino]


def a_backend(bridge: Path | None) -> DaskBackend:
    pool: Any = SimpleNamespace(
        waits=lambda job: False,
        node_of=lambda job: None if bridge is None else SimpleNamespace(folder=bridge, lives=True),
    )
    return DaskBackend(pool)


async def test_one_that_the_scheduler_knows_lives(tmp_path: Path, handle: Handle) -> None:
    (tmp_path / "workers.json").write_text(json.dumps([{"address": ADDRESS}]))

    assert (await a_backend(tmp_path).look(handle)).phase is Phase.ALIVE


async def test_one_that_the_scheduler_has_lost_is_tried_again(
    tmp_path: Path, handle: Handle
) -> None:
    (tmp_path / "workers.json").write_text("[]")

    seen = await a_backend(tmp_path).look(handle)

    assert (seen.phase, seen.lost_node) == (Phase.GONE, "its worker was lost")


async def test_where_nobody_knows_nothing_is_guessed(handle: Handle) -> None:
    with pytest.raises(Unreachable, match="nobody knows whether worker tcp://10"):
        await a_backend(None).look(handle)
