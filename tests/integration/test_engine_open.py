"""An engine that cannot take its root lets go of all that it had taken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.engine import identity
from tests.integration.test_engine import an_engine

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def opened_below(folder: Path) -> list[str]:
    """The files below a folder that this process has open."""
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    files = (os.readlink(link) for link in links if os.path.islink(link))
    return [file for file in files if file.startswith(str(folder.resolve()))]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="/proc tells what is open")
async def test_an_engine_that_does_not_come_up_holds_neither_root_nor_index(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise StorageFailed("the disk is full")

    monkeypatch.setattr(identity, "write", fails)

    with pytest.raises(StorageFailed, match="the disk is full"):
        async with an_engine(aml_root):
            raise AssertionError

    assert opened_below(aml_root) == []
