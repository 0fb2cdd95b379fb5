"""Runs on several nodes of a real Slurm: their ranks meet, and end together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.sdk.core.runconfig import PyTorchConfiguration
from tests.integration.test_several_nodes import MEET
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
