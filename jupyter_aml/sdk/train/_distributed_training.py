"""How an estimator's script is started in several processes."""

from __future__ import annotations

from jupyter_aml.sdk.core.runconfig import MpiConfiguration, TensorflowConfiguration


class _DistributedTraining:
    """What SDK v1 took as `distributed_training`."""

    _communicator = "None"


class Mpi(_DistributedTraining):
    """Processes that MPI starts."""

    _communicator = "Mpi"

    def __init__(self, process_count_per_node: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self._part = MpiConfiguration(process_count_per_node)


class Nccl(_DistributedTraining):
    """Processes that talk through NCCL."""

    _communicator = "Nccl"


class Gloo(_DistributedTraining):
    """Processes that talk through Gloo."""

    _communicator = "Gloo"


class ParameterServer(_DistributedTraining):
    """Workers of TensorFlow with servers for their parameters."""

    _communicator = "ParameterServer"

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count, self.parameter_server_count = worker_count, parameter_server_count
        self._part = TensorflowConfiguration(worker_count, parameter_server_count)
