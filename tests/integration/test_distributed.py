"""Runs of several processes on one machine: what each is told, where it speaks, and their end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.domain.errors import Invalid
from tests.asking import submit
from tests.integration.test_run_limits import an_engine, asked, console, ended, needs_groups, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def no_mpirun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without MPI, whatever this machine has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env", "sleep"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))


def spread(script: str, kind: str, processes: int, **more: Any) -> dict[str, Any]:
    body = asked(script, more.pop("limits", None))
    body["job"]["distribution"] = {"kind": kind, "processes": processes, **more}
    return body


def log_of(root: Path, run: Any, rank: int) -> str:
    folder = root / "workspaces" / run["workspace"] / "runs" / run["runId"] / "logs"
    return (folder / f"std_log_process_{rank}.txt").read_text()


async def test_each_process_is_told_its_rank_and_has_its_log(
    aml_root: Path, no_mpirun: None
) -> None:
    script = """
import json, os
from azureml.core import Run

names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "OMPI_COMM_WORLD_RANK",
         "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "AZ_BATCHAI_MPI_MASTER_NODE")
print(json.dumps([os.environ[name] for name in names]))
assert os.environ["AZ_BATCH_MASTER_NODE"].endswith(":" + os.environ["MASTER_PORT"])
run = Run.get_context()
run.log("rank", int(os.environ["RANK"]))
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "mpi", 3))
        run = await ended(engine, sent["runId"])
        files = [each["name"] for each in (await engine.runs.files(sent["runId"]))["files"]]

    assert run["status"] == "Completed", run["error"]
    for rank in range(3):
        told = json.loads(log_of(aml_root, run, rank).splitlines()[-1])
        assert told == [str(rank)] * 2 + ["3", "127.0.0.1", str(rank), "3", str(rank), "127.0.0.1"]
        assert f"user_logs/std_log_process_{rank}.txt" in files
    said = console(aml_root, run)
    assert "there is no mpirun in this environment" in said and '["0", "0", "3"' in said
    metrics = aml_root / "workspaces" / "default" / "runs" / run["runId"] / "metrics"
    assert sum('"rank"' in each.read_text() for each in metrics.glob("*.jsonl")) == 3


async def test_processes_of_torch_meet_at_the_master(aml_root: Path) -> None:
    script = """
import os, socket, time

rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
master = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
assert "OMPI_COMM_WORLD_RANK" not in os.environ
if rank == 0:
    with socket.create_server(master) as door:
        ranks = [int(door.accept()[0].makefile().readline()) for _ in range(size - 1)]
    print("sum", sum(ranks))
else:
    for _ in range(1000):
        try:
            with socket.create_connection(master) as way:
                way.sendall(b"%d\\n" % rank)
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "pytorch", 3))
        run = await ended(engine, sent["runId"])

    assert (run["status"], console(aml_root, run)) == ("Completed", "sum 3\n"), run["error"]


async def test_the_first_that_fails_ends_all_and_is_the_reason(aml_root: Path) -> None:
    script = """
import os, time

if os.environ["RANK"] == "2":
    raise ValueError("rank two has had enough")
time.sleep(600)
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "pytorch", 3))
        run = await ended(engine, sent["runId"])

    assert (run["status"], run["exitCode"]) == ("Failed", 1)
    assert run["error"]["message"] == "ValueError: rank two has had enough"
    assert run["error"]["line"] == 5
    assert "rank 2 ended with exit code 1" in console(aml_root, run)
    assert proc.of_run(run["runId"], "1", []) == []


async def test_parameter_servers_end_when_all_workers_have(aml_root: Path) -> None:
    script = """
import json, os, signal, time

told = json.loads(os.environ["TF_CONFIG"])
print(told["task"], len(told["cluster"]["worker"]), len(told["cluster"]["ps"]), flush=True)
if told["task"]["type"] == "ps":
    open("up", "w").close()
    signal.pause()
while not os.path.exists("up"):
    time.sleep(0.01)
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "tensorflow", 3, servers=1))
        run = await ended(engine, sent["runId"])

    assert run["status"] == "Completed", run["error"]
    assert console(aml_root, run) == "{'type': 'worker', 'index': 0} 2 1\n"
    assert log_of(aml_root, run, 2) == "{'type': 'ps', 'index': 0} 2 1\n"


async def test_cancel_ends_all(aml_root: Path) -> None:
    script = "import time; print('here', flush=True); time.sleep(600)"
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "pytorch", 2))
        await until(engine, sent["runId"], lambda run: run["status"] == "Running")
        await engine.runs.cancel(sent["runId"])
        run = await ended(engine, sent["runId"])

    assert run["status"] == "Canceled"
    assert proc.of_run(run["runId"], "1", []) == []


@needs_groups
async def test_a_process_that_takes_too_much_memory_is_the_reason(aml_root: Path) -> None:
    script = """
import os, time

if os.environ["RANK"] == "1":
    bytearray(b"x" * 1024) * (300 << 10)
time.sleep(600)
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "pytorch", 2, limits={"memory": "96m"}))
        run = await ended(engine, sent["runId"])

    assert run["error"]["code"] == "OutOfMemory"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"kind": "mpi", "nodes": 2},
            "node_count=2: a run on 'local' has one node; clusters of local nodes",
        ),
        ({"kind": "mpi", "processes": 0}, "distribution.processes: must be a whole number"),
        ({"kind": "mpj"}, "distribution.kind: 'mpj'; did you mean 'mpi'"),
        ({"kind": "tensorflow", "servers": 1}, "distribution.servers: 1 of 1 leave no worker"),
        ({"kind": "mpi", "processes": 5000}, "5,000 processes; at most 1,024"),
        ({"kind": "mpi", "ranks": 2}, "there is no field 'ranks'"),
    ],
)
async def test_what_cannot_be_is_refused(aml_root: Path, given: dict[str, Any], told: str) -> None:
    body = asked("")
    body["job"]["distribution"] = given
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid) as refused:
            await submit(engine, body)

    assert told in str(refused.value)


async def test_a_command_has_processes_too_and_the_code_of_a_run_asks_for_them(
    aml_root: Path,
) -> None:
    body = spread("", "pytorch", 2)
    body["job"] |= {"interpreter": "", "command": ["/bin/sh", "-c", "echo $RANK of $WORLD_SIZE"]}
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, body)
        run = await ended(engine, sent["runId"])
        cell = await engine.runs.cell(run["runId"])

    assert log_of(aml_root, run, 1) == "1 of 2\n"
    assert "PyTorchConfiguration(process_count=2, node_count=1)," in cell["text"]


@pytest.mark.skipif(not shutil.which("mpirun"), reason="there is no MPI here")
async def test_where_there_is_mpi_it_starts_the_processes(aml_root: Path) -> None:
    script = """
import os
print(os.environ["OMPI_COMM_WORLD_RANK"], os.environ["RANK"], os.environ["OMPI_COMM_WORLD_SIZE"])
if os.environ["RANK"] == "1":
    raise ValueError("no more")
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, spread(script, "mpi", 2))
        run = await ended(engine, sent["runId"])

    assert (run["exitCode"], run["error"]["message"]) == (1, "ValueError: no more")
    assert log_of(aml_root, run, 1).startswith("1 1 2\n")
