"""The estimators that bring PyTorch, TensorFlow and Chainer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.train._distributed_training import Gloo, Mpi, Nccl, ParameterServer
from jupyter_aml.sdk.train._settings import Settings
from jupyter_aml.sdk.train.estimator import _FrameworkBaseEstimator

__all__ = ["Chainer", "Gloo", "Mpi", "Nccl", "ParameterServer", "PyTorch", "TensorFlow"]

_TAKEN = {*Settings.__annotations__, "framework_version"}


class PyTorch(_FrameworkBaseEstimator):
    """A script with PyTorch and torchvision."""

    FRAMEWORK_NAME = "PyTorch"
    DEFAULT_VERSION = "1.4"
    _VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6")

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: Any = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
        framework_version: str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        super().__init__(**{name: value for name, value in locals().items() if name in _TAKEN})

    def _pip(self) -> tuple[str, ...]:
        # Which build of torch it is, a variable of the environment says.
        return (f"torch=={self._version}", "torchvision")


class TensorFlow(_FrameworkBaseEstimator):
    """A script with TensorFlow."""

    FRAMEWORK_NAME = "TensorFlow"
    DEFAULT_VERSION = "1.13"
    _VERSIONS = ("1.10", "1.12", "1.13", "2.0", "2.1", "2.2")

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        worker_count: int = 1,
        parameter_server_count: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: Any = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
        framework_version: str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        if (worker_count, parameter_server_count) != (1, 1):
            raise UserErrorException(
                f"worker_count={worker_count}, parameter_server_count={parameter_server_count}: "
                "leave them 1, and give distributed_training=ParameterServer(worker_count=..., "
                "parameter_server_count=...)"
            )
        super().__init__(**{name: value for name, value in locals().items() if name in _TAKEN})

    def _pip(self) -> tuple[str, ...]:
        name = "tensorflow" if self._use_gpu else "tensorflow-cpu"
        return (f"{name}=={self._version}",)


class Chainer(_FrameworkBaseEstimator):
    """A script with Chainer."""

    FRAMEWORK_NAME = "Chainer"
    DEFAULT_VERSION = "5.1.0"
    _VERSIONS = ("5.1.0", "7.0.0")

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: Any = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
        framework_version: str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        super().__init__(**{name: value for name, value in locals().items() if name in _TAKEN})

    def _pip(self) -> tuple[str, ...]:
        own = (f"chainer=={self._version}",)
        return (*own, "cupy") if self._use_gpu else own
