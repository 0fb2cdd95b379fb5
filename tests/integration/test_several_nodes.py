"""Runs on several nodes of a cluster: they begin together, meet, and end together."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.engine import Engine
from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.sdk.core.runconfig import PyTorchConfiguration
from jupyter_aml.wire.submissions import decode_submission
from tests.asking import submit
from tests.integration.test_cluster import a_cluster, appears, change, seen, states
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

MEET = """
import json, os, socket, time
from azureml.core import Run

rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
master = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    with socket.create_server(master) as door:
        ranks = [int(door.accept()[0].makefile().readline()) for _ in range(size - 1)]
    print("sum", sum(ranks))
else:
    for _ in range(3000):
        try:
            with socket.create_connection(master) as way:
                way.sendall(b"%d\\n" % rank)
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
run = Run.get_context()
run.log("rank", rank)
names = ("NODE_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "AZUREML_NODE_COUNT",
         "AZ_BATCH_IS_CURRENT_NODE_MASTER", "AZ_BATCH_NODE_LIST")
print(json.dumps([os.environ[name] for name in names]))
"""
STAYS = """
import os, time
open(os.environ["AML_RUN_DIR"] + "/work/up-" + os.environ["RANK"], "w").close()
while not os.path.exists({gate!r}):
    time.sleep(0.01)
"""


PYTHON = "/usr/bin/python3"
"""The system's Python, which has torch where somebody has installed python3-torch."""
HAS_TORCH = bool([*Path("/usr/lib/python3/dist-packages").glob("torch/__init__.py")])
TORCH = """
import torch
import torch.distributed as dist

dist.init_process_group("gloo", init_method="env://")
total = torch.tensor([float(dist.get_rank())])
dist.all_reduce(total)
print(f"rank {dist.get_rank()} of {dist.get_world_size()}: sum {total.item():g}", flush=True)
dist.destroy_process_group()
"""
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="there is no torch here")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_script_of_two_nodes_is_sent_by_the_sdk_and_its_ranks_meet(
    ws: Workspace, tmp_path: Path
) -> None:
    config = AmlCompute.provisioning_configuration("STANDARD_D1", max_nodes=2)
    ComputeTarget.create(ws, "two-nodes", config)
    (tmp_path / "train.py").write_text(MEET)
    run = Experiment(ws, "of-two-nodes").submit(
        ScriptRunConfig(
            str(tmp_path), script="train.py", compute_target="two-nodes",
            distributed_job_config=PyTorchConfiguration(process_count=4, node_count=2),
        )
    )  # fmt: skip

    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    assert details["runDefinition"]["nodeCount"] == 2
    assert sorted(run.get_metrics()["rank"]) == [0, 1, 2, 3]
    logs = {name: run.download_file for name in run.get_file_names() if "process" in name}
    assert sorted(logs) == [f"user_logs/std_log_process_{rank}.txt" for rank in range(4)]
    for rank in range(4):
        run.download_file(f"user_logs/std_log_process_{rank}.txt", str(tmp_path / str(rank)))
        *said, told = (tmp_path / str(rank)).read_text().splitlines()
        assert said == (["sum 6"] if rank == 0 else [])
        node, local = str(rank // 2), str(rank % 2)
        is_master = "true" if rank < 2 else "false"
        assert json.loads(told) == [node, local, "2", "2", is_master, "127.0.0.1;127.0.0.1"]


# ---- with an engine in the test ------------------------------------------------------------------


def spread(script: str, nodes: int, processes: int = 1, **more: Any) -> dict[str, Any]:
    """A run of several nodes of `cpu-cluster`."""
    asks = {"nodes": nodes, "processes": processes}
    own = {name: more.pop(name) for name in ("kind", "servers") if name in more}
    distribution = {"kind": "pytorch", **asks, **own}
    return asked(script, job={"target": "cpu-cluster", "distribution": distribution, **more})


def stays(tmp_path: Path) -> str:
    return STAYS.format(gate=str(tmp_path / "gate"))


async def up(root: Path, run: Any, ranks: int) -> None:
    """Wait until all processes of a run are there."""
    for rank in range(ranks):
        await appears(folder_of(root, run).work / f"up-{rank}")


def down(root: Path, run: Any, ranks: int) -> None:
    for rank in range(ranks):
        (folder_of(root, run).work / f"up-{rank}").unlink()


def log_of(root: Path, run: Any, rank: int) -> str:
    return (folder_of(root, run).logs / f"std_log_process_{rank}.txt").read_text()


def left(run: Any) -> list[proc.Process]:
    """What lives of a run, whatever the attempt."""
    return [each for attempt in "123" for each in proc.of_run(run["runId"], attempt, [])]


async def nodes_with(engine: Engine, run: Any) -> list[int]:
    """The processes of the nodes that a run has."""
    told = await engine.compute.get("default", "cpu-cluster")
    return [
        int(node["address"].removeprefix("process "))
        for node in told["nodes"]
        if run["runId"] in node["runs"]
    ]


async def test_nodes_come_from_none_are_busy_with_the_run_and_go(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        made = await a_cluster(engine, maxNodes=3, idleSeconds=0)
        dry = await engine.runs.submit(decode_submission({**spread("", 3), "dryRun": True}))
        run: Any = await submit(engine, spread(stays(tmp_path), 3))
        await up(aml_root, run, 3)
        told = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"] * 3)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])
        await seen(engine, "cpu-cluster", lambda told: told["nodes"] == [])
        history = await engine.compute.history("default", "cpu-cluster")

    assert (made["mostNodes"], made["nodes"]) == (3, [])
    assert "as soon as 3 of 3 nodes have started for it" in dry["reason"]
    assert end["status"] == "Completed", end["error"]
    assert [node["runs"] for node in told["nodes"]] == [[run["runId"]]] * 3
    assert (told["busy"], told["slots"]) == (3, 3)
    assert left(run) == []
    assert max(sample["busy"] for sample in history) in (0, 3)


async def test_a_large_run_is_not_passed_by_small_ones(aml_root: Path, tmp_path: Path) -> None:
    on_cluster = {"target": "cpu-cluster"}
    first_gate, gate = tmp_path / "first", tmp_path / "gate"
    waits = "import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        first: Any = await submit(engine, asked(waits.format(gate=str(first_gate)), job=on_cluster))
        await until(engine, first["runId"], lambda told: told["status"] == "Running")
        large: Any = await submit(engine, spread(stays(tmp_path), 2))
        waiting = await until(engine, large["runId"], lambda told: "waits" in str(told["reason"]))
        small: Any = await submit(engine, asked("print('small')", job=on_cluster))
        behind = await until(engine, small["runId"], lambda told: "ahead" in str(told["reason"]))
        first_gate.touch()
        await up(aml_root, large, 2)
        small_now = await engine.runs.get(small["runId"])
        gate.touch()
        ends = [(await ended(engine, run["runId"]))["status"] for run in (first, large, small)]

    assert waiting["reason"] == "waits for 1 of 2 nodes of 'cpu-cluster' (1 of 2 slots busy)"
    assert behind["reason"] == "1 run ahead on 'cpu-cluster' (1 of 2 slots busy)"
    assert small_now["status"] == "Queued"
    assert ends == ["Completed"] * 3


async def test_the_first_failure_ends_the_ranks_of_all_nodes(aml_root: Path) -> None:
    script = """
import os, time

if os.environ["RANK"] == "3":
    raise ValueError("rank three has had enough")
time.sleep(600)
"""
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(script, 2, 2))
        end = await ended(engine, run["runId"])
        await seen(engine, "cpu-cluster", lambda told: states(told) == ["idle"] * 2)

    assert (end["status"], end["exitCode"], end["attempt"]) == ("Failed", 1, 1)
    assert end["error"]["message"] == "ValueError: rank three has had enough"
    assert "rank 3 ended with exit code 1" in folder_of(aml_root, run).console.read_text()
    assert left(run) == []


async def test_cancel_and_the_time_limit_end_the_ranks_of_all_nodes(
    aml_root: Path, tmp_path: Path
) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + stays(tmp_path)
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(deaf, 2))
        await up(aml_root, run, 2)
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])
        late: Any = await submit(engine, spread(stays(tmp_path), 2, timeout=1))
        late_end = await ended(engine, late["runId"])
        await seen(engine, "cpu-cluster", lambda told: states(told) == ["idle"] * 2)

    assert (end["status"], late_end["status"]) == ("Canceled", "Failed")
    assert "time limit" in late_end["error"]["message"]
    assert left(run) == left(late) == []


async def test_a_run_is_cancelled_while_it_waits_for_its_nodes(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root, max_nodes=2) as engine:
        await a_cluster(engine, "other", maxNodes=1)
        await a_cluster(engine, maxNodes=2)
        held: Any = await submit(
            engine, asked(stays(tmp_path).replace('os.environ["RANK"]', '"0"'),
                          job={"target": "other"}),
        )  # fmt: skip
        await up(aml_root, held, 1)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        waiting = await until(
            engine, run["runId"], lambda told: "waits for 1 of 2" in str(told["reason"])
        )
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])
        (tmp_path / "gate").touch()
        await ended(engine, held["runId"])

    assert "AmlConfig.max_nodes" in str(waiting["reason"])
    assert end["status"] == "Canceled"
    assert not (folder_of(aml_root, run).work / "up-0").exists()


@pytest.mark.parametrize("which", [0, 1])
async def test_a_node_that_is_lost_ends_the_attempt_and_no_other_run(
    aml_root: Path, tmp_path: Path, which: int
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=3)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        alone = stays(tmp_path).replace('os.environ["RANK"]', '"alone"')
        other: Any = await submit(engine, asked(alone, job={"target": "cpu-cluster"}))
        await appears(folder_of(aml_root, other).work / "up-alone")
        down(aml_root, run, 2)

        os.kill(await node_of_rank(run, which), signal.SIGKILL)
        await up(aml_root, run, 2)
        (tmp_path / "gate").touch()
        end, other_end = [await ended(engine, each["runId"]) for each in (run, other)]

    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert any("its node was lost" in warning for warning in end["warnings"])
    assert (other_end["status"], other_end["attempt"]) == ("Completed", 1)
    assert left(run) == []


async def node_of_rank(run: Any, rank: int) -> int:
    """The process of the node on which a rank runs: the parent of the shim above it."""
    variable = b"RANK=%d" % rank
    for each in proc.of_run(run["runId"], "1", []):
        if variable in Path(f"/proc/{each.pid}/environ").read_bytes().split(b"\0"):
            launcher = each.parent
            return parent_of(parent_of(launcher))
    raise AssertionError(f"there is no rank {rank}")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_node_that_is_told_to_go_and_a_launcher_that_is_killed(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        down(aml_root, run, 2)
        os.kill(await node_of_rank(run, 1), signal.SIGTERM)
        await up(aml_root, run, 2)
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])

        (tmp_path / "gate").unlink()
        killed: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, killed, 2)
        shim = json.loads((folder_of(aml_root, killed).status / "node-1/pids.1").read_text())
        os.kill(shim["child"], signal.SIGKILL)
        failed = await ended(engine, killed["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert any("was told to end" in warning for warning in end["warnings"])
    assert (failed["status"], failed["attempt"]) == ("Failed", 1)
    assert "node 1 of 2" in folder_of(aml_root, killed).console.read_text()
    assert left(run) == left(killed) == []


async def test_the_run_goes_on_without_its_engine_and_is_found_by_the_next(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        before = await nodes_with(engine, run)
    async with an_engine(aml_root) as engine:
        await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"] * 2)
        after = await nodes_with(engine, run)
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])

    assert sorted(after) == sorted(before)
    assert (end["status"], end["attempt"]) == ("Completed", 1)


async def test_a_node_that_goes_while_there_is_no_engine_ends_the_attempt(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(stays(tmp_path), 2))
        await up(aml_root, run, 2)
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        node = await node_of_rank(run, 1)
    down(aml_root, run, 2)
    os.kill(node, signal.SIGKILL)
    async with asyncio.timeout(60):
        while proc.of_run(run["runId"], "1", []):
            await asyncio.sleep(0.05)
    async with an_engine(aml_root) as engine:
        await up(aml_root, run, 2)
        (tmp_path / "gate").touch()
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert any("its node was lost" in warning for warning in end["warnings"])


async def test_a_dedicated_run_takes_nodes_of_low_priority_and_all_of_the_victim_are_free(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root, max_nodes=3) as engine:
        await a_cluster(engine, maxNodes=3, vmPriority="lowpriority", idleSeconds=0)
        await a_cluster(engine, "dear", maxNodes=2, idleSeconds=0)
        low: Any = await submit(engine, spread(stays(tmp_path), 3))
        await up(aml_root, low, 3)
        down(aml_root, low, 3)
        body = spread(MEET, 2)
        body["job"]["target"] = "dear"
        high: Any = await submit(engine, body)
        first = await ended(engine, high["runId"])
        await up(aml_root, low, 3)
        (tmp_path / "gate").touch()
        second = await ended(engine, low["runId"])

    assert (first["status"], first["attempt"]) == ("Completed", 1), first["error"]
    assert (second["status"], second["attempt"]) == ("Completed", 2), second["error"]
    assert any("taken back" in warning for warning in second["warnings"])


async def test_more_nodes_than_there_can_be_are_refused_and_named(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root, max_nodes=3) as engine:
        await a_cluster(engine, maxNodes=2)
        await a_cluster(engine, "large", maxNodes=9)
        with pytest.raises(Invalid) as refused:
            await submit(engine, spread("", 3))
        with pytest.raises(Invalid) as too_many:
            await submit(engine, spread("", 4))
        sent = [*(aml_root / "workspaces" / "default" / "runs").glob("*")]
        run: Any = await submit(engine, spread(stays(tmp_path), 2, kind="mpi"))
        await change(engine, "cpu-cluster", maxNodes=1)
        cut = await until(engine, run["runId"], lambda told: told["reason"] is not None)
        await engine.runs.cancel(run["runId"])
        await ended(engine, run["runId"])

    assert sent == []
    assert str(refused.value) == (
        "node_count=3: a run on 'cpu-cluster' has at most 2 nodes; 'large' can have as many"
    )
    assert "clusters of local nodes (AmlCompute with max_nodes) and of Slurm" in str(too_many.value)
    assert cut["status"] in ("Preparing", "Queued", "Starting", "Running")


async def test_several_nodes_in_an_image_are_refused_before_anything_is_sent(
    aml_root: Path,
) -> None:
    image = {"name": "boxed", "docker": {"enabled": True, "baseImage": "debian:12"}}
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        for more in ({}, {"dryRun": True}):
            with pytest.raises(Invalid) as refused:
                await submit(engine, {**spread("", 2), "environment": image, **more})
        alone = await engine.runs.submit(
            decode_submission({**spread("", 1), "environment": image, "dryRun": True})
        )

    assert not [*aml_root.glob("workspaces/*/runs/*")]
    assert str(refused.value) == (
        "node_count=2: the environment 'boxed' is an image, and a run in one has one node: send it "
        "in one of Python packages"
    )
    assert alone["target"] == "cpu-cluster"


async def test_tensorflow_is_told_of_all_nodes_and_its_servers_end_with_the_workers(
    aml_root: Path,
) -> None:
    script = """
import json, os, signal, time

told = json.loads(os.environ["TF_CONFIG"])
mine = f"/work/{told['task']['type']}-{told['task']['index']}"
open(os.environ["AML_RUN_DIR"] + mine, "w").close()
print(told["task"], len(told["cluster"]["worker"]), len(told["cluster"]["ps"]), flush=True)
if told["task"]["type"] == "ps":
    signal.pause()
while not os.path.exists(os.environ["AML_RUN_DIR"] + "/work/ps-0"):
    time.sleep(0.01)
"""
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(script, 2, 2, kind="tensorflow", servers=1))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    assert log_of(aml_root, run, 2) == "{'type': 'worker', 'index': 2} 3 1\n"
    assert (folder_of(aml_root, run).work / "ps-0").exists()


@pytest.mark.skipif(not shutil.which("mpirun"), reason="there is no MPI here")
async def test_where_there_is_mpi_it_starts_the_ranks_of_all_nodes(aml_root: Path) -> None:
    script = """
import os
names = ("OMPI_COMM_WORLD_RANK", "RANK", "NODE_RANK", "LOCAL_RANK", "OMPI_COMM_WORLD_SIZE")
print(*(os.environ[name] for name in names))
"""
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(script, 2, 2, kind="mpi"))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    told = [log_of(aml_root, run, rank) for rank in range(4)]
    assert told == ["0 0 0 0 4\n", "1 1 0 1 4\n", "2 2 1 0 4\n", "3 3 1 1 4\n"]


@needs_torch
async def test_torch_reduces_over_the_ranks_of_all_nodes(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        run: Any = await submit(engine, spread(TORCH, 2, 2, interpreter=PYTHON))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    told = [log_of(aml_root, run, rank).splitlines()[-1] for rank in range(4)]
    assert told == [f"rank {rank} of 4: sum 6" for rank in range(4)]
