"""Runs on a real Slurm, through the whole engine and the SDK."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.ids import workspace_name
from jupyter_aml.engine.engine import Engine
from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.wire.compute import decode_compute_change, decode_new_compute
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until
from tests.slurm_cluster import NODES, SlurmCluster

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

DEFAULT = workspace_name("default")

TRAINING = """
import os
from azureml.core import Run

run = Run.get_context()
for step in range(5):
    run.log("loss", 1 / (1 + step))
run.tag("where", os.environ["SLURMD_NODENAME"])
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("model")
print("job", os.environ["SLURM_JOB_ID"])
"""

RESUMED = """
import os, signal
attempts = len(open("attempts").readlines()) if os.path.exists("attempts") else 0
print("attempt", attempts + 1, flush=True)
open("attempts", "a").write("one\\n")
if not attempts:
    signal.pause()
"""

STAY = "import signal; print('here', flush=True); signal.pause()"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def cluster(slurm: SlurmCluster) -> Iterator[SlurmCluster]:
    yield slurm


def a_target(name: str = "my-slurm", **settings: Any) -> dict[str, Any]:
    return {"name": name, "kind": "slurm", "settings": settings}


async def attach(engine: Engine, name: str = "my-slurm", **settings: Any) -> Any:
    return await engine.compute.add(decode_new_compute(a_target(name, **settings)))


def on(target: str, script: str, **job: Any) -> dict[str, Any]:
    return asked(script, job={"target": target, **job})


async def said(engine: Engine, run: Any, word: bytes = b"here") -> None:
    async with asyncio.timeout(60):
        while True:
            log = await engine.runs.log(run["runId"], "user_logs/std_log.txt")
            if word in log.data:
                return
            await asyncio.sleep(0.05)


def number(root: Path, run: Any, attempt: int = 1) -> str:
    record = folder_of(root, run).status / f"slurm.{attempt}"
    return str(json.loads(record.read_text())["job"])


# ---- through the SDK and a headless engine ---------------------------------------------------


def test_a_script_run_config_names_the_cluster(ws: Workspace, tmp_path: Path) -> None:
    target = ComputeTarget.create(
        ws,
        "my-slurm",
        AmlCompute.provisioning_configuration(
            "STANDARD_D1", min_nodes=1, max_nodes=4, provider="slurm",
            settings={"partition": "dedicated", "memory": "200m"},
        ),
    )  # fmt: skip
    target.wait_for_completion(show_output=True, min_node_count=2)
    (tmp_path / "train.py").write_text(TRAINING)
    config = ScriptRunConfig(str(tmp_path), script="train.py", compute_target="my-slurm")

    run = Experiment(ws, "on-slurm").submit(config)
    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    assert (target.type, target.provider) == ("AmlCompute", "slurm")
    assert run.get_metrics()["loss"][-1] == 0.2
    assert run.get_tags()["where"] in NODES
    assert "outputs/model.txt" in run.get_file_names()
    run.download_file("outputs/model.txt", str(tmp_path / "back.txt"))
    assert (tmp_path / "back.txt").read_text() == "model"
    assert "job" in run.get_all_logs()[0] or any(
        "job" in Path(log).read_text() for log in run.get_all_logs(str(tmp_path / "logs"))
    )


def test_a_run_outlives_its_engine_and_is_found_by_the_next(
    ws: Workspace, tmp_path: Path, aml_root: Path
) -> None:
    ws.client.compute.add(a_target())
    gate = tmp_path / "gate"
    (tmp_path / "wait.py").write_text(
        "import os, time\nfrom azureml.core import Run\nRun.get_context().log('began', 1)\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.05)\n"
        "Run.get_context().log('late', 1)\n"
    )
    config = ScriptRunConfig(str(tmp_path), script="wait.py", compute_target="my-slurm")
    run = Experiment(ws, "outlives-on-slurm").submit(config)
    while not run.get_metrics():
        run.get_status()

    end_engine(aml_root, signal.SIGKILL)
    gate.touch()

    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics() == {"began": 1, "late": 1}


# ---- through the engine ----------------------------------------------------------------------


async def test_a_target_is_attached_checked_changed_and_detached(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        kinds = {kind["name"]: kind for kind in engine.compute.kinds()}
        told = await attach(engine, partition="dedicated", cpus=1)
        found = await engine.compute.probe(decode_new_compute(a_target(partition="dedicated")))
        change = {"workspace": "default", "settings": {"partition": "lowpri"}}
        changed = await engine.compute.change(decode_compute_change("my-slurm", change))
        run = await submit(
            engine, on("my-slurm", "import os; print(os.environ['SLURM_JOB_PARTITION'])")
        )
        end = await ended(engine, run["runId"])
        log = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data
        await engine.compute.remove(DEFAULT, "my-slurm")
        left = [each["name"] for each in await engine.compute.list(DEFAULT)]

    assert {each["name"] for each in kinds["slurm"]["settings"]} >= {"partition", "account", "gpus"}
    assert (told["type"], told["kind"], told["state"]) == ("AmlCompute", "slurm", "Succeeded")
    assert "answers: a run would begin at" in found and "'dedicated'" in found
    assert changed["settings"] == {"partition": "lowpri", "cpus": 1}
    assert (end["status"], log) == ("Completed", b"lowpri\n")
    assert left == ["local"]


async def test_what_is_wrong_with_a_target_is_said_before_it_is_there(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        for settings, words in (
            ({"partitoin": "x"}, "did you mean 'partition'"),
            ({"time": "soon"}, "no time limit"),
            ({"gpus": "many"}, "no number of GPUs"),
            ({"arguments": ["--array=1-5"]}, "--array is set for each run"),
            ({"arguments": ["/etc/passwd"]}, "no option of sbatch"),
        ):
            with pytest.raises(Invalid, match=words):
                await attach(engine, **settings)
        low = {**a_target(), "vmPriority": "lowpriority"}
        with pytest.raises(Invalid, match="setting partition or qos"):
            await engine.compute.add(decode_new_compute(low))
        with pytest.raises(Invalid, match="no partition 'dedicate'; did you mean 'dedicated'"):
            await engine.compute.probe(decode_new_compute(a_target(partition="dedicate")))
        assert [each["name"] for each in await engine.compute.list(DEFAULT)] == ["local"]


async def test_a_run_says_for_what_it_waits_in_slurm_and_can_be_canceled(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, partition="closed")
        run = await submit(engine, on("my-slurm", "print('never')"))

        seen = await until(engine, run["runId"], lambda run: "closed" in (run["reason"] or ""))

        assert seen["reason"] == (
            f"job {number(aml_root, run)} waits in partition 'closed': "
            "the partition is closed (PartitionDown)"
        )
        await engine.runs.cancel(run["runId"])
        assert (await ended(engine, run["runId"]))["status"] == "Canceled"


async def test_a_running_run_is_canceled_with_all_it_has_started(
    aml_root: Path, cluster: SlurmCluster
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run = await submit(engine, on("my-slurm", STAY))
        await said(engine, run)

        await engine.runs.cancel(run["runId"])

        assert (await ended(engine, run["runId"]))["status"] == "Canceled"
        # Slurm hears of it from the node a moment after the exit record is there.
        async with asyncio.timeout(30):
            while cluster.ask("squeue", "-h", "-t", "RUNNING,COMPLETING", "-o", "%i").split():
                await asyncio.sleep(0.05)


async def test_a_run_of_a_partition_that_is_not_there_fails_with_its_name(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, partition="gpuu")
        run = await submit(engine, on("my-slurm", "pass"))

        end: Any = await ended(engine, run["runId"])

    assert end["status"] == "Failed"
    assert end["error"]["message"].startswith("Slurm has no partition 'gpuu'")


async def test_a_run_out_of_time_says_so(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run = await submit(engine, on("my-slurm", STAY, timeout=0.5))

        end: Any = await ended(engine, run["runId"])

    assert (end["status"], end["error"]["code"]) == ("Failed", "Timeout")


async def test_a_run_whose_place_is_taken_is_queued_again_and_goes_on(
    aml_root: Path, cluster: SlurmCluster
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, "low", partition="lowpri", cpus=2)
        await attach(engine, "high", partition="dedicated", cpus=2)
        runs = [await submit(engine, on("low", RESUMED)) for _ in NODES]
        for run in runs:
            await said(engine, run, b"attempt 1")

        urgent = await submit(engine, on("high", "print('first')"))
        assert (await ended(engine, urgent["runId"]))["status"] == "Completed"

        lost = [asyncio.ensure_future(ended(engine, run["runId"])) for run in runs]
        done, waiting = await asyncio.wait(lost, return_when=asyncio.FIRST_COMPLETED)
        end: Any = done.pop().result()
        for each in waiting:
            each.cancel()
        log = (await engine.runs.log(end["runId"], "user_logs/std_log.txt")).data
        for run in runs:
            if run["runId"] != end["runId"]:
                await engine.runs.cancel(run["runId"])
        for run in runs:
            await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2)
    assert log == b"attempt 1\nattempt 2\n"
    assert "higher priority" in end["warnings"][0] and "attempt 1 of 3" in end["warnings"][0]


async def test_a_run_that_loses_too_many_nodes_fails_with_the_reason(
    aml_root: Path, cluster: SlurmCluster
) -> None:
    async with an_engine(aml_root, max_attempts=2) as engine:
        await attach(engine)
        run = await submit(engine, on("my-slurm", STAY))
        for attempt in (1, 2):
            await until(
                engine, run["runId"],
                lambda run, attempt=attempt: run["attempt"] == attempt
                and run["status"] == "Running",
            )  # fmt: skip
            job = number(aml_root, run, attempt)
            node = cluster.ask("squeue", "-h", "-j", job, "-o", "%N").strip()
            cluster.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")

        end: Any = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"], end["error"]["code"]) == ("Failed", 2, "NodeLost")
    assert "its node failed (NODE_FAIL) (attempt 2 of 2)" in end["error"]["message"]


async def test_a_run_waits_while_slurm_does_not_answer(
    aml_root: Path, cluster: SlurmCluster
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        cluster.kill("slurmctld")
        run = await submit(engine, on("my-slurm", "print('late')"))

        await until(engine, run["runId"], lambda run: "does not answer" in (run["reason"] or ""))
        with pytest.raises(Unreachable, match="Slurm does not answer"):
            await engine.compute.probe(decode_new_compute(a_target()))

        cluster.start("slurmctld")
        assert (await ended(engine, run["runId"]))["status"] == "Completed"


async def test_a_run_is_canceled_while_slurm_does_not_answer(
    aml_root: Path, cluster: SlurmCluster
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        cluster.kill("slurmctld")
        run = await submit(engine, on("my-slurm", "open('ran', 'w')"))
        await until(engine, run["runId"], lambda run: "does not answer" in (run["reason"] or ""))

        await engine.runs.cancel(run["runId"])

        assert (await ended(engine, run["runId"]))["status"] == "Canceled"
    assert not (folder_of(aml_root, run).work / "ran").exists()


async def test_a_stopped_target_takes_no_runs(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        stop = decode_compute_change("my-slurm", {"workspace": "default", "isStopped": True})

        assert (await engine.compute.change(stop))["state"] == "Stopped"

        with pytest.raises(Invalid, match="'my-slurm' is stopped"):
            await submit(engine, on("my-slurm", "pass"))


async def test_a_burst_of_runs_ends_each_once(aml_root: Path, cluster: SlurmCluster) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, memory="20m")
        script = "open('ran', 'a').write('x')"
        runs = [await submit(engine, on("my-slurm", script)) for _ in range(40)]

        ends = await asyncio.gather(*(ended(engine, run["runId"], limit=120) for run in runs))

    assert {(end["status"], end["attempt"]) for end in ends} == {("Completed", 1)}
    assert all((folder_of(aml_root, run).work / "ran").read_text() == "x" for run in runs)
