"""Runs on several nodes of a real Slurm: their ranks meet, and end together."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.engine import Engine
from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.sdk.core.runconfig import PyTorchConfiguration
from jupyter_aml.wire.compute import decode_new_compute
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until
from tests.integration.test_several_nodes import (
    MEET,
    PYTHON,
    TORCH,
    down,
    left,
    log_of,
    needs_torch,
    stays,
    up,
)
from tests.slurm_cluster import SlurmCluster

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def cluster(slurm: SlurmCluster) -> Iterator[SlurmCluster]:
    yield slurm


def test_a_script_of_two_nodes_is_sent_by_the_sdk_and_its_ranks_meet(
    ws: Workspace, tmp_path: Path
) -> None:
    config = AmlCompute.provisioning_configuration(
        "STANDARD_D2_V2", provider="slurm",
        settings={"partition": "dedicated", "memory": "400m", "cpus": 2},
    )  # fmt: skip
    ComputeTarget.create(ws, "nodes-of-slurm", config)
    (tmp_path / "train.py").write_text(MEET)
    run = Experiment(ws, "of-two-nodes-of-slurm").submit(
        ScriptRunConfig(
            str(tmp_path), script="train.py", compute_target="nodes-of-slurm",
            distributed_job_config=PyTorchConfiguration(process_count=4, node_count=2),
        )
    )  # fmt: skip

    details = run.wait_for_completion()

    assert details["status"] == "Completed", details
    assert sorted(run.get_metrics()["rank"]) == [0, 1, 2, 3]
    for rank in range(4):
        run.download_file(f"user_logs/std_log_process_{rank}.txt", str(tmp_path / str(rank)))
        *said, told = (tmp_path / str(rank)).read_text().splitlines()
        assert said == (["sum 6"] if rank == 0 else [])
        node, local = str(rank // 2), str(rank % 2)
        is_master = "true" if rank < 2 else "false"
        assert json.loads(told) == [node, local, "2", "2", is_master, "127.0.0.1;127.0.0.1"]


# ---- with an engine in the test ------------------------------------------------------------------


async def attach(engine: Engine, **settings: Any) -> Any:
    body = {"name": "my-slurm", "kind": "slurm", "settings": {"memory": "200m", **settings}}
    return await engine.compute.add(decode_new_compute(body))


def spread(script: str, nodes: int, processes: int = 1, **more: Any) -> dict[str, Any]:
    own = {name: more.pop(name) for name in ("kind", "servers") if name in more}
    distribution = {"kind": "pytorch", "nodes": nodes, "processes": processes, **own}
    return asked(script, job={"target": "my-slurm", "distribution": distribution, **more})


def number(root: Path, run: Any, attempt: int = 1) -> str:
    record = folder_of(root, run).status / f"slurm.{attempt}"
    return str(json.loads(record.read_text())["job"])


def nodes_of(slurm: SlurmCluster, job: str) -> list[str]:
    some = slurm.ask("squeue", "-h", "-j", job, "-o", "%N").strip()
    return slurm.ask("scontrol", "show", "hostnames", some).split()


async def none_left(*runs: Any) -> None:
    async with asyncio.timeout(60):
        while any(map(left, runs)):
            await asyncio.sleep(0.1)


async def test_the_first_failure_ends_the_ranks_of_all_nodes(
    aml_root: Path, slurm: SlurmCluster
) -> None:
    script = """
import os, time

if os.environ["RANK"] == "3":
    raise ValueError("rank three has had enough")
time.sleep(600)
"""
    async with an_engine(aml_root) as engine:
        made = await attach(engine)
        run: Any = await submit(engine, spread(script, 2, 2))
        end = await ended(engine, run["runId"])

    assert made["mostNodes"] is None
    assert (end["status"], end["exitCode"], end["attempt"]) == ("Failed", 1, 1), end["error"]
    assert end["error"]["message"] == "ValueError: rank three has had enough"
    await none_left(run)


async def test_cancel_tells_the_ranks_of_all_nodes_and_ends_them(
    aml_root: Path, tmp_path: Path
) -> None:
    script = """
import os, signal, sys

def told(*_):
    print("told", flush=True)
    sys.exit(0 if os.environ["RANK"] == "0" else 3)

signal.signal(signal.SIGTERM, told)
""" + stays(tmp_path)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + stays(tmp_path)
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run: Any = await submit(engine, spread(script, 2, grace=20))
        hard: Any = await submit(engine, spread(deaf, 2))
        await up(aml_root, run, 2)
        await up(aml_root, hard, 2)
        await engine.runs.cancel(run["runId"])
        await engine.runs.cancel(hard["runId"])
        ends = [await ended(engine, each["runId"]) for each in (run, hard)]

    assert [end["status"] for end in ends] == ["Canceled", "Canceled"]
    # Rank 0 speaks to the console, as srun does.
    assert all("told\n" in log_of(aml_root, run, rank) for rank in range(2))
    await none_left(run, hard)


async def test_the_time_limit_ends_the_ranks_of_all_nodes(aml_root: Path, tmp_path: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run: Any = await submit(engine, spread(stays(tmp_path), 2, timeout=3))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Failed"
    assert "time limit" in end["error"]["message"]
    await none_left(run)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_node_that_is_lost_ends_the_attempt_and_the_run_is_tried_again(
    aml_root: Path, tmp_path: Path, slurm: SlurmCluster, which: int
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        down(aml_root, run, 2)
        node = nodes_of(slurm, number(aml_root, run))[which]
        slurm.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
        await up(aml_root, run, 2)
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert any("NODE_FAIL" in warning for warning in end["warnings"]), end["warnings"]
    await none_left(run)


async def test_a_job_of_higher_priority_takes_all_nodes_and_the_run_is_tried_again(
    aml_root: Path, tmp_path: Path, slurm: SlurmCluster
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, partition="lowpri")
        run: Any = await submit(engine, spread(stays(tmp_path), 4))
        await up(aml_root, run, 4)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        down(aml_root, run, 4)
        taker = slurm.ask(
            "sbatch", "--parsable", "-p", "dedicated", "--nodes=4", "--exclusive", "--wrap=true",
            "--output=/dev/null", "--chdir=/",
        )  # fmt: skip
        await up(aml_root, run, 4)
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])

    assert taker.strip().isdigit()
    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert any("higher priority" in warning for warning in end["warnings"]), end["warnings"]


async def test_tensorflow_is_told_of_all_nodes_and_its_servers_end_with_the_workers(
    aml_root: Path,
) -> None:
    script = """
import json, os, signal, time

told = json.loads(os.environ["TF_CONFIG"])
mine = f"/work/{told['task']['type']}-{told['task']['index']}"
every = told["cluster"]["worker"] + told["cluster"]["ps"]
print(told["task"], len(set(every)), flush=True)
open(os.environ["AML_RUN_DIR"] + mine, "w").close()
if told["task"]["type"] == "ps":
    signal.pause()
while not os.path.exists(os.environ["AML_RUN_DIR"] + "/work/ps-0"):
    time.sleep(0.01)
"""
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run: Any = await submit(engine, spread(script, 2, 2, kind="tensorflow", servers=1))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    assert log_of(aml_root, run, 2) == "{'type': 'worker', 'index': 2} 4\n"
    assert log_of(aml_root, run, 3) == "{'type': 'ps', 'index': 0} 4\n"


async def test_more_nodes_than_slurm_has_are_refused_before_anything_is_sent(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        with pytest.raises(Invalid) as refused:
            await submit(engine, spread("", 9))
        with pytest.raises(Invalid) as too_many:
            await submit(engine, spread("", 2, 50))
        with pytest.raises(Invalid, match="--nodes is set for each run"):
            await engine.compute.add(
                decode_new_compute(
                    {"name": "other", "kind": "slurm", "settings": {"arguments": ["--nodes=3"]}}
                )
            )
        sent = [*(aml_root / "workspaces" / "default" / "runs").glob("*")]

    assert str(refused.value).startswith("node_count=9 on 'my-slurm': Slurm refuses it:")
    assert "Slurm refuses it" in str(too_many.value)
    assert sent == []


async def test_a_process_beside_the_ranks_that_is_killed_ends_the_run(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        rank = next(
            each
            for each in proc.of_run(run["runId"], "1", [])
            if b"RANK=1" in Path(f"/proc/{each.pid}/environ").read_bytes().split(b"\0")
        )
        os.kill(rank.parent, signal.SIGKILL)
        end = await ended(engine, run["runId"])

    assert end["status"] == "Failed"
    await none_left(run)


@needs_torch
async def test_torch_reduces_over_the_ranks_of_all_nodes(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, memory="1g")
        run: Any = await submit(engine, spread(TORCH, 2, 2, interpreter=PYTHON))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    told = [log_of(aml_root, run, rank).splitlines()[-1] for rank in range(4)]
    assert told == [f"rank {rank} of 4: sum 6" for rank in range(4)]
