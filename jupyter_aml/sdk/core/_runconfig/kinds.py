"""The parts of a run configuration that say how and on what a script runs.

Most are for machines that this version does not have. They hold what a file of SDK v1 says, and
a submission is refused where they say anything but what SDK v1 said by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk.core._runconfig.element import Element
from jupyter_aml.sdk.exceptions import UserErrorException

SUPPORTED_PYTORCH_BACKENDS = ("nccl", "gloo", "mpi")


class HistoryConfiguration(Element):
    """What is kept of a run: outputs, logs and source always are."""

    output_collection: bool
    snapshot_project: bool
    directories_to_watch: list[str]

    def __init__(self) -> None:
        self.output_collection = self.snapshot_project = True
        self.directories_to_watch = ["logs"]


class SparkConfiguration(Element):
    """Settings of Spark."""

    configuration: dict[str, Any]

    def __init__(self) -> None:
        self.configuration = {}


class HdiConfiguration(Element):
    """How an HDInsight cluster runs it."""

    yarn_deploy_mode: str

    def __init__(self) -> None:
        self.yarn_deploy_mode = "cluster"


class TensorflowConfiguration(Element):
    """Workers and parameter servers of TensorFlow."""

    worker_count: int
    parameter_server_count: int

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = _count("worker_count", worker_count)
        self.parameter_server_count = _count(
            "parameter_server_count", parameter_server_count, least=0
        )


class MpiConfiguration(Element):
    """Processes of MPI."""

    process_count_per_node: int
    node_count: int

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = _count("process_count_per_node", process_count_per_node)
        self.node_count = _count("node_count", node_count)


class PyTorchConfiguration(Element):
    """Processes of torch.distributed."""

    communication_backend: str
    process_count: int | None
    node_count: int

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: int | None = None,
        node_count: int = 1,
    ) -> None:
        if str(communication_backend).lower() not in SUPPORTED_PYTORCH_BACKENDS:
            raise UserErrorException(
                f"communication_backend={communication_backend!r}: there are "
                f"{', '.join(SUPPORTED_PYTORCH_BACKENDS)}"
            )
        self.communication_backend = communication_backend
        self.process_count = (
            None if process_count is None else _count("process_count", process_count)
        )
        self.node_count = _count("node_count", node_count)


class ParallelTaskConfiguration(Element):
    """Workers of a parallel task."""

    max_retries_per_worker: int
    worker_count_per_node: int
    terminal_exit_codes: Sequence[int] | None

    def __init__(self) -> None:
        self.max_retries_per_worker, self.worker_count_per_node = 0, 1
        self.terminal_exit_codes = None


class AmlComputeConfiguration(Element):
    """The machines of a cluster that is made for one run."""

    name: str | None
    vm_size: str | None
    vm_priority: str | None
    retain_cluster: bool
    cluster_max_node_count: int | None

    def __init__(self) -> None:
        self.name = self.vm_size = self.vm_priority = None
        self.retain_cluster, self.cluster_max_node_count = False, None


class KubernetesComputeConfiguration(Element):
    """The machines of a Kubernetes cluster."""

    instance_type: str | None

    def __init__(self) -> None:
        self.instance_type = None


class ApplicationEndpointConfiguration(Element):
    """A service beside a run, such as TensorBoard."""

    type: str | None
    port: int | None
    properties: Mapping[str, str] | None

    def __init__(
        self,
        type: str | None = None,
        port: int | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self.type, self.port, self.properties = type, port, properties


def _count(name: str, value: Any, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UserErrorException(f"{name}={value!r}: give a whole number from {least} on")
    return value
