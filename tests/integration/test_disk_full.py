"""A disk that is full for a while costs time: no run is ended, lost or half made by it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.engine import root as roots
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Disk:
    """Takes what the engine writes, unless it is full: then half of it."""

    def __init__(self, write: Callable[[str, bytes], None]) -> None:
        self.is_full, self.refused = False, 0
        self._write = write

    def write(self, path: str, content: bytes) -> None:
        if self.is_full:
            self.refused += 1
            self._write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        self._write(path, content)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(roots._write)
    monkeypatch.setattr(roots, "_write", disk.write)
    return disk


def test_what_cannot_be_written_is_named(tmp_path: Path, disk: Disk) -> None:
    disk.is_full = True

    with pytest.raises(StorageFailed, match=r"cannot write .*run\.json: No space left on device"):
        roots.write_json(tmp_path / "run.json", {})

    assert list(tmp_path.iterdir()) == []


async def test_a_run_goes_on_while_the_disk_is_full_and_ends_as_it_should(
    aml_root: Path, disk: Disk
) -> None:
    script = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\n"
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")
        disk.is_full = True
        (folder_of(aml_root, run).work / "go").touch()
        seen = await until(engine, run["runId"], lambda run: run["status"] == "Finalizing")
        disk.is_full = False

        last = await ended(engine, seen["runId"])

    assert disk.refused
    assert (last["status"], last["error"], last["exitCode"]) == ("Completed", None, 0)
    assert json.loads(folder_of(aml_root, run).record.read_bytes())["status"] == "Completed"


async def test_a_submission_to_a_full_disk_leaves_nothing(aml_root: Path, disk: Disk) -> None:
    async with an_engine(aml_root) as engine:
        await ended(engine, (await submit(engine, asked("")))["runId"])
        before = sorted(aml_root.glob("workspaces/*/runs/*"))
        disk.is_full = True

        with pytest.raises(StorageFailed, match="No space left"):
            await submit(engine, asked(""))

        assert sorted(aml_root.glob("workspaces/*/runs/*")) == before
        assert (await engine.runs.page(workspace="default"))["total"] == 1


async def test_a_run_says_how_many_records_it_could_not_write(aml_root: Path) -> None:
    script = """
import errno, os, signal
from azureml.core import Run
from jupyter_aml.runfolder import records, reserve
run = Run.get_context()
for step in range(1_000):
    run.log("loss", 0.5, step=step)

def full(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

write = os.write
def taken(fd, data):
    found = os.fstat(fd)
    return write(fd, data) if found.st_size + len(data) <= found.st_blocks * 512 else full()

reserve.reserve, records._write = full, taken
for step in range(5_000):
    run.log("late", 0.5, step=step)
os.kill(os.getpid(), signal.SIGKILL)
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))
        end = await ended(engine, run["runId"])

        metrics = await engine.runs.metrics(run["runId"])
        unwritten = 5_000 - metrics["series"]["late"]["count"]
        assert 0 < unwritten < 5_000
        assert end["warnings"] == [
            f"{unwritten:,} records of what the script logged could not be written: "
            "the disk was full"
        ]
