"""Runs on several nodes of a cluster: they begin together, meet, and end together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.sdk.core.runconfig import PyTorchConfiguration

pytestmark = pytest.mark.anyio

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
