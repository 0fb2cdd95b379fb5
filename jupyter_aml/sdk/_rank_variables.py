"""What tells one process of a run of the others, under the names that SDK v1 gave it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

MPI, PYTORCH, TENSORFLOW = "mpi", "pytorch", "tensorflow"


@dataclass(frozen=True)
class Spread:
    """The processes of a run, and where each is met: those of a node have neighbouring ranks."""

    kind: str
    processes: int
    """Processes on each node."""
    servers: int
    """How many of all, the last ones, are parameter servers of TensorFlow."""
    addresses: Sequence[str]
    """One a node."""
    ports: Sequence[int]
    """One a rank; or that of the first alone, where the others need none."""

    @property
    def size(self) -> int:
        """Processes on all nodes."""
        return self.processes * len(self.addresses)

    @property
    def workers(self) -> int:
        """Processes that are no parameter servers."""
        return self.size - self.servers

    def node_of(self, rank: int) -> int:
        """The number of the node on which a process runs."""
        return rank // self.processes

    def ranks_of(self, node: int) -> range:
        """The processes of a node."""
        return range(node * self.processes, (node + 1) * self.processes)


def variables(spread: Spread, rank: int) -> dict[str, str]:
    """The variables of one process."""
    size, place, node = str(spread.size), str(rank), spread.node_of(rank)
    master, port = spread.addresses[0], str(spread.ports[0])
    common = {
        "AZUREML_NODE_COUNT": str(len(spread.addresses)), "AZUREML_PROCESS_COUNT": size,
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": "false" if node else "true",
        "AZ_BATCH_MASTER_NODE": f"{master}:{port}", "AZ_BATCHAI_MPI_MASTER_NODE": master,
        "AZ_BATCH_NODE_LIST": ";".join(spread.addresses),
        "AZ_BATCH_HOST_LIST": ",".join(spread.addresses), "AZ_BATCHAI_TASK_INDEX": place,
    }  # fmt: skip
    if spread.kind == TENSORFLOW:
        return {**common, "TF_CONFIG": _tf_config(spread, rank)}
    local, beside = str(rank % spread.processes), str(spread.processes)
    met = {
        "RANK": place, "LOCAL_RANK": local, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": beside,
        "NODE_RANK": str(node), "MASTER_ADDR": master, "MASTER_PORT": port,
    }  # fmt: skip
    if spread.kind == PYTORCH:
        return {**common, **met}
    return {
        **common, **met,
        "OMPI_COMM_WORLD_RANK": place, "OMPI_COMM_WORLD_SIZE": size,
        "OMPI_COMM_WORLD_LOCAL_RANK": local, "OMPI_COMM_WORLD_LOCAL_SIZE": beside,
        "OMPI_COMM_WORLD_NODE_RANK": local, "OMPI_UNIVERSE_SIZE": size,
    }  # fmt: skip


def _tf_config(spread: Spread, rank: int) -> str:
    addresses = [
        f"{spread.addresses[spread.node_of(each)]}:{spread.ports[each]}"
        for each in range(spread.size)
    ]
    cluster = {"worker": addresses[: spread.workers]}
    if spread.servers:
        cluster["ps"] = addresses[spread.workers :]
    is_worker = rank < spread.workers
    task = ("worker", rank) if is_worker else ("ps", rank - spread.workers)
    return json.dumps(
        {"cluster": cluster, "task": {"type": task[0], "index": task[1]}, "environment": "cloud"}
    )
