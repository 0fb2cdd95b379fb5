"""What a run cannot be told in this version, and what it would need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import MOST_PRIORITY
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.sdk.core._runconfig import kinds
from jupyter_aml.sdk.exceptions import UserErrorException

_LOCAL = ("python", "tensorflow", "pytorch")
"""Frameworks of SDK v1 whose scripts are Python scripts."""
_ALONE = {"mpi": "mpi", "openmpi": "mpi", "intelmpi": "mpi", "nccl": "pytorch", "gloo": "pytorch"}
"""Communicators that a single process needs nothing of, with the part that counts processes."""


def check_nodes(value: Any) -> None:
    """Raise UserErrorException for what is no number of nodes; the target says how many it has."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserErrorException(f"node_count={value!r}: give a whole number from 1 on")


def check_communicator(value: Any) -> None:
    """Raise UserErrorException for a communicator that nobody knows."""
    if value not in (None, "None") and str(value).lower() not in (*_ALONE, "parameterserver"):
        raise UserErrorException(
            f"communicator={value!r}: there are None, Mpi, OpenMpi, IntelMpi, Nccl, Gloo and "
            "ParameterServer"
        )


def check_framework(value: Any) -> None:
    """Raise UserErrorException for what is no Python."""
    if str(value).lower() not in _LOCAL:
        raise UserErrorException(
            f"framework={value!r}: only Python scripts are run, whatever they import; "
            "leave it 'Python'"
        )


def check_priority(value: Any) -> None:
    """Raise UserErrorException for what is no priority."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and (not is_whole or abs(value) > MOST_PRIORITY):
        raise UserErrorException(
            f"priority={value!r}: expected a whole number from -{MOST_PRIORITY} to "
            f"{MOST_PRIORITY}; runs of a higher one go first, and None is 0"
        )


def check_source_store(value: Any) -> None:
    """Raise UserErrorException: the source lies in the root."""
    if value is not None:
        raise UserErrorException(
            f"source_directory_data_store={value!r}: what is sent of a source lies in the root of "
            "the workspace, where every run finds it; leave it None"
        )


def check_auto_cluster(value: Any) -> None:
    """Raise UserErrorException: no machines are rented."""
    if value is not None:
        raise UserErrorException(
            f"auto_cluster_compute_specification={value!r}: jupyter_aml rents no machines; name a "
            "compute target"
        )


def check_passthrough(value: Any) -> None:
    """Raise UserErrorException: nobody logs in."""
    if value:
        raise UserErrorException(
            f"credential_passthrough={value!r}: a datastore is opened with the credentials it was "
            "registered with; leave it False"
        )


def check_limits(value: Any) -> None:
    """Raise UserErrorException for limits that no machine has."""
    try:
        Limits.from_json(value)
    except Invalid as error:
        raise UserErrorException(str(error)) from None


CHECKS: dict[str, Callable[[Any], None]] = {
    "auto_cluster_compute_specification": check_auto_cluster,
    "communicator": check_communicator,
    "credential_passthrough": check_passthrough,
    "framework": check_framework,
    "limits": check_limits,
    "node_count": check_nodes,
    "priority": check_priority,
    "source_directory_data_store": check_source_store,
}
"""What is looked at as soon as it is set."""

_NEEDS = {
    "amlcompute": "needs machines that are rented for a run, and jupyter_aml rents none: name a "
    "compute target",
    "hdi": "needs an HDInsight cluster",
    "kubernetescompute": "needs a Kubernetes cluster",
    "paralleltask": "needs a ParallelRunStep",
    "spark": "needs Spark, and jupyter_aml runs Python alone",
}
_DEFAULTS: dict[str, Callable[[], Any]] = {
    "amlcompute": kinds.AmlComputeConfiguration,
    "hdi": kinds.HdiConfiguration,
    "kubernetescompute": kinds.KubernetesComputeConfiguration,
    "paralleltask": kinds.ParallelTaskConfiguration,
    "spark": kinds.SparkConfiguration,
}


def check(config: Any) -> None:
    """Raise UserErrorException for a part that a run would not heed, naming what it needs."""
    for name, default in _DEFAULTS.items():
        if getattr(config, name) != default():
            raise UserErrorException(
                f"run_config.{name} = {getattr(config, name)!r}: {_NEEDS[name]}"
            )
    _check_history(config.history)
    for name, what in (("datacaches", "a cache beside a cluster"), ("services", "a cluster")):
        if getattr(config, name):
            raise UserErrorException(f"run_config.{name} needs {what}; leave it empty")


def _check_history(history: kinds.HistoryConfiguration) -> None:
    for name in ("output_collection", "snapshot_project"):
        if not getattr(history, name):
            raise UserErrorException(
                f"run_config.history.{name} = False: source, outputs and logs of a run are its "
                "folder, and are kept with it; leave it True"
            )
    extra = [name for name in history.directories_to_watch or () if name not in ("logs", "outputs")]
    if extra:
        raise UserErrorException(
            f"run_config.history.directories_to_watch: {extra[0]!r} is not kept with a run; "
            "write to 'logs' or 'outputs', which are"
        )


def distribution(config: Any) -> dict[str, Any] | None:
    """The processes that are asked for, where they are several; raises UserErrorException."""
    kind = _kind(config)
    nodes, processes, servers = config.node_count, 1, 0
    if kind == "mpi":
        nodes = max(nodes, config.mpi.node_count)
        processes = config.mpi.process_count_per_node
    elif kind == "pytorch":
        nodes = max(nodes, config.pytorch.node_count)
        whole = config.pytorch.process_count or nodes
        processes = whole // nodes
        if processes * nodes != whole:
            raise UserErrorException(
                f"process_count={whole} is that of all {nodes} nodes: give a multiple of {nodes}"
            )
    elif kind == "tensorflow":
        servers = config.tensorflow.parameter_server_count
        whole = config.tensorflow.worker_count + servers
        processes = whole // nodes
        if processes * nodes != whole:
            raise UserErrorException(
                f"{whole} workers and parameter servers cannot be shared out to {nodes} nodes"
            )
    elif nodes > 1:
        raise UserErrorException(
            f"node_count={nodes}: say how its processes find each other, by "
            "distributed_job_config=MpiConfiguration(...), PyTorchConfiguration(...) or "
            "TensorflowConfiguration(...)"
        )
    if nodes * processes == 1:
        return None
    return {"kind": kind, "processes": processes, "nodes": nodes, "servers": servers}


def _kind(config: Any) -> str | None:
    """What its processes are told: by the communicator, else by the part that somebody has set."""
    communicator = str(config.communicator).lower()
    if communicator == "parameterserver":
        return "tensorflow"
    if communicator in _ALONE:
        return _ALONE[communicator]
    if config.mpi != kinds.MpiConfiguration():
        return "mpi"
    if config.pytorch != kinds.PyTorchConfiguration():
        return "pytorch"
    return "tensorflow" if config.tensorflow != kinds.TensorflowConfiguration() else None


def variables(config: Any) -> dict[str, str]:
    """The variables that say to the one process of a distributed framework that it is alone."""
    if distribution(config) is not None:
        return {}
    part = _ALONE.get(str(config.communicator).lower())
    if part == "pytorch":
        return {
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0", "NODE_RANK": "0",
            "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1",
        }  # fmt: skip
    if part == "mpi":
        return {
            "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1",
            "OMPI_COMM_WORLD_LOCAL_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "1",
        }  # fmt: skip
    return {}
