"""Runs on a real Dask cluster: once each, followed, cancelled, tried again if a worker dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.engine.engine import Engine
from jupyter_aml.wire.compute import WireCompute, decode_new_compute
from tests.asking import submit
from tests.dask_cluster import DaskCluster
from tests.integration.test_cluster import WAITS, appears, script_pids, seen, states
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio
THERE = {"target": "many"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def body(**settings: Any) -> dict[str, Any]:
    return {"name": "many", "kind": "dask", "maxNodes": 2, "settings": settings}


async def attach(engine: Engine, **settings: Any) -> WireCompute:
    return await engine.compute.add(decode_new_compute(body(**settings)))


async def test_a_run_is_a_task_with_log_metrics_and_outputs(
    aml_root: Path, dask_cluster: DaskCluster
) -> None:
    script = """
import os
from azureml.core import Run
Run.get_context().log("loss", 0.25)
os.makedirs("outputs", exist_ok=True)
open("outputs/a.txt", "w").write("made")
print("here")
"""
    async with an_engine(aml_root) as engine:
        await attach(engine, address=dask_cluster.address)
        run: Any = await submit(engine, asked(script, job=THERE))
        end = await ended(engine, run["runId"])
        target = await seen(engine, "many", lambda told: len(told["nodes"]) == 1)

    folder = folder_of(aml_root, end)
    assert (end["status"], end["metrics"]) == ("Completed", {"loss": 0.25})
    assert folder.console.read_text() == "here\n"
    assert (folder.work / "outputs" / "a.txt").read_text() == "made"
    assert target["nodes"][0]["address"].startswith("tcp://127.0.0.1")


async def test_the_workers_are_read_beside_the_loop_and_told_from_memory(
    aml_root: Path, dask_cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = list[bool]()
    read = Path.read_bytes

    def noted(path: Path) -> bytes:
        if path.name == "workers.json":
            readers.append(threading.current_thread() is threading.main_thread())
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    async with an_engine(aml_root) as engine:
        await attach(engine, address=dask_cluster.address)
        run: Any = await submit(engine, asked("pass", job=THERE))
        await ended(engine, run["runId"])
        first = await seen(engine, "many", lambda told: len(told["nodes"]) == 1)
        count = len(readers)
        async with asyncio.timeout(30):
            while len(readers) < count + 3:
                await asyncio.sleep(0.05)
        second = await seen(engine, "many", lambda told: states(told) == ["idle"])

    assert readers and not any(readers)
    assert first["nodes"][0]["id"] == second["nodes"][0]["id"]


async def test_a_run_fails_as_itself_and_is_cancelled_while_it_waits_and_while_it_runs(
    aml_root: Path, tmp_path: Path, dask_cluster: DaskCluster
) -> None:
    script = WAITS.format(gate=str(tmp_path / "never"))
    async with an_engine(aml_root) as engine:
        await attach(engine, address=dask_cluster.address)
        bad: Any = await submit(engine, asked("raise ValueError('no')", job=THERE))
        failed = await ended(engine, bad["runId"])
        first: Any = await submit(engine, asked(script, job=THERE))
        await appears(folder_of(aml_root, first).work / "up")
        second: Any = await submit(engine, asked(script, job=THERE))
        await until(engine, second["runId"], lambda told: told["status"] == "Starting")
        ends = []
        for run in (second, first):
            await engine.runs.cancel(run["runId"])
            ends.append(await ended(engine, run["runId"]))

    assert (failed["status"], failed["error"] and failed["error"]["message"]) == (
        "Failed",
        "ValueError: no",
    )
    assert [end["status"] for end in ends] == ["Canceled", "Canceled"]
    assert not (folder_of(aml_root, second).work / "up").exists()
    assert script_pids(folder_of(aml_root, first).path) == []


async def test_a_run_whose_worker_is_killed_begins_again_and_never_twice_at_once(
    aml_root: Path, tmp_path: Path, dask_cluster: DaskCluster
) -> None:
    gate = tmp_path / "gate"
    script = f"print('began', flush=True)\n{WAITS.format(gate=str(gate))}"
    async with an_engine(aml_root) as engine:
        await attach(engine, address=dask_cluster.address)
        run: Any = await submit(engine, asked(script, job=THERE))
        folder = folder_of(aml_root, run)
        await appears(folder.work / "up")
        # Dask gives the task of a lost worker to the next one: the claim keeps it from beginning.
        dask_cluster.start("w2")
        dask_cluster.workers["w1"].kill()
        again = await until(engine, run["runId"], lambda told: told["attempt"] == 2)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        gate.touch()
        end = await ended(engine, run["runId"])

    assert "worker was lost" in again["warnings"][0]
    assert (end["status"], end["attempt"]) == ("Completed", 2)
    assert folder.console.read_text() == "began\nbegan\n"
    assert script_pids(folder.path) == []


async def test_the_bridge_may_be_killed_and_the_engine_go_while_a_run_goes_on(
    aml_root: Path, tmp_path: Path, dask_cluster: DaskCluster
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root) as engine:
        await attach(engine, address=dask_cluster.address)
        run: Any = await submit(engine, asked(WAITS.format(gate=str(gate)), job=THERE))
        await appears(folder_of(aml_root, run).work / "up")
    async with an_engine(aml_root) as engine:
        bridge = next((aml_root / "nodes/default/many").glob("node-*/node.json"))
        os.kill(int(json.loads(bridge.read_text())["pid"]), signal.SIGKILL)
        await asyncio.sleep(1)
        gate.touch()
        end = await ended(engine, run["runId"])
        after: Any = await submit(engine, asked("print('after')", job=THERE))
        last = await ended(engine, after["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 1)
    assert last["status"] == "Completed"


async def test_a_cluster_by_name_comes_with_the_first_run_and_goes_with_the_target(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, cluster="LocalCluster", arguments=["memory_limit=0"])
        run: Any = await submit(engine, asked("print('small')", job=THERE))
        end = await ended(engine, run["runId"])
        bridge = next((aml_root / "nodes/default/many").glob("node-*/node.json"))
        pid = int(json.loads(bridge.read_text())["pid"])
        await engine.compute.remove("default", "many")

    assert end["status"] == "Completed"
    assert not Path(f"/proc/{pid}").exists()


async def test_the_check_says_what_is_there_and_what_is_not(
    aml_root: Path, dask_cluster: DaskCluster
) -> None:
    async with an_engine(aml_root) as engine:
        found = await engine.compute.probe(decode_new_compute(body(address=dask_cluster.address)))
        with pytest.raises(Unreachable, match="the Dask cluster does not answer"):
            await engine.compute.probe(decode_new_compute(body(address="tcp://127.0.0.1:9")))

    assert found == f"1 worker with 1 thread, which see {aml_root}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "give the address of a scheduler, or a cluster class, not both"),
        ({"address": "tcp://a:1", "cluster": "LocalCluster"}, "not both"),
        ({"cluster": "LocalCluster", "arguments": ["memory"]}, "not of the form name=value"),
        (
            {"cluster": "SSHCluster", "arguments": ['connect_options={"password": "hush"}']},
            "'password' looks like a secret",
        ),
        ({"adress": "tcp://a:1"}, "did you mean 'address'"),
    ],
)
async def test_what_is_wrong_is_named(aml_root: Path, settings: Any, told: str) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid, match=told):
            await attach(engine, **settings)
