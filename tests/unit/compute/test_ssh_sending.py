"""Sending a job to an attached machine, where something goes wrong that nobody foresaw."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.protocol import BackendJob, Phase
from jupyter_aml.compute.ssh.backend import SshBackend
from jupyter_aml.compute.ssh.options import SshOptions

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_job_that_cannot_be_sent_for_any_reason_ends_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> None:
        raise OSError("there is no usable temporary directory")

    backend = SshBackend(SshOptions(address="away", username="me"))
    monkeypatch.setattr(backend, "_sent", breaks)
    job = BackendJob(
        id="r.1", attempt=1, folder=tmp_path / "r", command=("true",), cwd=tmp_path, environment={}
    )

    handle = await backend.submit(job)
    async with asyncio.timeout(20):
        while (seen := await backend.look(handle)).phase is Phase.WAITING:
            await backend.wait(handle)

    assert seen.phase is Phase.GONE
    assert "no usable temporary directory" in (seen.why or "")
