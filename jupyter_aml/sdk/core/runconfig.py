"""How a script is to be run: SDK v1's RunConfiguration with its parts."""

from __future__ import annotations

import os
from typing import Any

from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.core._runconfig import files, limits
from jupyter_aml.sdk.core._runconfig.data import (
    SUPPORTED_DATAREF_MODES,
    SUPPORTED_DELIVERY_MECHANISM,
    Data,
    DatacacheConfiguration,
    DataLocation,
    DataPath,
    DataReferenceConfiguration,
    Dataset,
    Uri,
)
from jupyter_aml.sdk.core._runconfig.element import Element, camel, told
from jupyter_aml.sdk.core._runconfig.kinds import (
    SUPPORTED_PYTORCH_BACKENDS,
    AmlComputeConfiguration,
    ApplicationEndpointConfiguration,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    SparkConfiguration,
    TensorflowConfiguration,
)
from jupyter_aml.sdk.core._runconfig.outputs import (
    DatasetRegistrationOptions,
    GlobsOptions,
    MountOptions,
    OutputData,
    OutputOptions,
    RegistrationOptions,
    UploadOptions,
)
from jupyter_aml.sdk.core.container_registry import ContainerRegistry
from jupyter_aml.sdk.core.environment import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    CondaDependencies,
    DockerEnvironment,
    DockerSection,
    Environment,
    PythonEnvironment,
    PythonSection,
    SparkEnvironment,
    SparkSection,
)
from jupyter_aml.sdk.exceptions import RunConfigurationException, UserErrorException

__all__ = [
    "DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE", "LOCAL_RUNCONFIG_NAME", "MPI_CPU_IMAGE",
    "MPI_GPU_IMAGE", "SUPPORTED_DATAREF_MODES", "SUPPORTED_DELIVERY_MECHANISM",
    "SUPPORTED_PYTORCH_BACKENDS", "AmlComputeConfiguration", "ApplicationEndpointConfiguration",
    "AzureContainerRegistry", "CondaDependencies", "ContainerRegistry", "Data", "DataLocation",
    "DataPath", "DataReferenceConfiguration", "DatacacheConfiguration", "Dataset",
    "DatasetRegistrationOptions", "DockerConfiguration", "DockerEnvironment", "DockerSection",
    "Environment", "EnvironmentDefinition", "GlobsOptions", "HdiConfiguration",
    "HistoryConfiguration", "KubernetesComputeConfiguration", "MountOptions", "MpiConfiguration",
    "OutputData", "OutputOptions", "ParallelTaskConfiguration", "PyTorchConfiguration",
    "PythonEnvironment", "PythonSection", "RegistrationOptions", "RunConfiguration",
    "RunConfigurationException", "SparkConfiguration", "SparkEnvironment", "SparkSection",
    "TensorflowConfiguration", "UploadOptions", "Uri", "UserErrorException",
]  # fmt: skip

LOCAL_RUNCONFIG_NAME = "local"
MPI_CPU_IMAGE, MPI_GPU_IMAGE = DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE

AzureContainerRegistry = ContainerRegistry


class EnvironmentDefinition(Environment):
    """An environment by the name that the first versions of SDK v1 had for it."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name or "project_environment")


class DockerConfiguration(Element):
    """How a run uses docker: whether it does, and with which options of `docker run`."""

    use_docker: bool
    shared_volumes: bool
    arguments: list[str]
    shm_size: str | None

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: list[str] | None = None,
        shm_size: str | None = None,
    ) -> None:
        if not shared_volumes:
            raise UserErrorException(
                "shared_volumes=False: the folder of a run is mounted into its container, "
                "there is no other way; leave it out"
            )
        self.use_docker, self.shared_volumes = use_docker, shared_volumes
        self.arguments, self.shm_size = given.words("arguments", arguments), shm_size


_PARTS: dict[str, type[Element]] = {
    "history": HistoryConfiguration, "spark": SparkConfiguration, "docker": DockerConfiguration,
    "hdi": HdiConfiguration, "tensorflow": TensorflowConfiguration, "mpi": MpiConfiguration,
    "pytorch": PyTorchConfiguration, "paralleltask": ParallelTaskConfiguration,
    "amlcompute": AmlComputeConfiguration, "kubernetescompute": KubernetesComputeConfiguration,
}  # fmt: skip
_MAPPED: dict[str, type[Element]] = {
    "data_references": DataReferenceConfiguration, "data": Data, "output_data": OutputData,
    "datacaches": DatacacheConfiguration, "services": ApplicationEndpointConfiguration,
}  # fmt: skip
_PLAIN: dict[str, Any] = {
    "script": None, "command": None, "arguments": None, "target": "local", "framework": "Python",
    "communicator": "None", "auto_prepare_environment": True, "max_run_duration_seconds": None,
    "node_count": 1, "priority": None, "credential_passthrough": False,
    "source_directory_data_store": None, "auto_cluster_compute_specification": None,
    "secret_variables": None, "limits": None,
}  # fmt: skip
_EMPTY = {"arguments": list, "secret_variables": list, "limits": dict}
_ATTRIBUTES = ("environment", "environment_variables", *_PARTS, *_MAPPED, *_PLAIN)


class RunConfiguration:
    """Target, environment, script, arguments and data of a run.

    What a run would not heed is refused with a sentence: a plain value at once, what is set in a
    part (`run_config.mpi.node_count = 2`) when it is submitted.
    """

    script: str | None
    command: list[str] | str | None
    arguments: list[Any]
    target: Any
    framework: str
    communicator: str
    max_run_duration_seconds: int | None
    node_count: int
    priority: int | None
    environment: Environment
    secret_variables: list[str]
    limits: dict[str, Any]
    history: HistoryConfiguration
    spark: SparkConfiguration
    docker: DockerConfiguration
    hdi: HdiConfiguration
    tensorflow: TensorflowConfiguration
    mpi: MpiConfiguration
    pytorch: PyTorchConfiguration
    data_references: dict[str, Any]
    data: dict[str, Any]
    output_data: dict[str, Any]

    def __init__(
        self,
        script: str | None = None,
        arguments: list[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: Any = None,
        _history_enabled: bool | None = None,
        _path: str | None = None,
        _name: str | None = None,
        command: list[str] | str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        given.refuse("it belongs to the cloud", _history_enabled=_history_enabled)
        self._file = (_path, _name)
        for name, value in _PLAIN.items():
            if name != "auto_prepare_environment":
                setattr(self, name, value)
        for name, part in _PARTS.items():
            setattr(self, name, part())
        for name in _MAPPED:
            setattr(self, name, {})
        self.script, self.command = script, command
        self.arguments = given.words("arguments", arguments)
        self.framework, self.communicator = framework or "Python", communicator or "None"
        # Ours: names of variables that are secrets though their names do not say so.
        self.secret_variables = []
        # Ours: cpus, memory, processes and gpus, as in {"memory": "4g", "cpus": 2}.
        self.limits = {}
        self.environment = Environment._of_the_caller()
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    def __setattr__(self, name: str, value: Any) -> None:
        """Set what a run can be told; AttributeError for a name that nothing reads."""
        if name in limits.CHECKS:
            limits.CHECKS[name](value)
        elif name not in _ATTRIBUTES and not name.startswith("_"):
            close = near(name, _ATTRIBUTES)
            there = ", ".join(sorted(_ATTRIBUTES))
            cure = f"did you mean {close[0]!r}?" if close else f"there are {there}"
            raise AttributeError(f"RunConfiguration has no attribute {name!r}; {cure}")
        # A compute target stands for its name, which is what travels.
        super().__setattr__(name, getattr(value, "name", value) if name == "target" else value)

    @property
    def environment_variables(self) -> dict[str, str]:
        """The variables of the environment."""
        return self.environment.environment_variables

    @environment_variables.setter
    def environment_variables(self, variables: dict[str, str]) -> None:
        self.environment.environment_variables = dict(variables)

    @property
    def auto_prepare_environment(self) -> bool:
        """True: the environment of a run is built where it is not there yet."""
        return True

    @auto_prepare_environment.setter
    def auto_prepare_environment(self, value: bool) -> None:
        if not value:
            raise UserErrorException(
                "auto_prepare_environment=False: the environment of a run is built where it is not "
                "there yet; for packages of your own set "
                "run_config.environment.python.user_managed_dependencies = True"
            )

    # ---- files ------------------------------------------------------------------------------

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write it to `.azureml/<name>.runconfig` below a folder, or to a file.

        Without both it goes where it was loaded from. Raises UserErrorException.
        """
        if path is None and name is None:
            path, name = self._file
        file = files.to_write(path, name)
        files.write(file, self._to_json(), apart=separate_environment_yaml)
        self._file = (path, name)  # type: ignore[assignment]

    @classmethod
    def load(cls, path: str | os.PathLike[str], name: str | None = None) -> RunConfiguration:
        """Read `.azureml/<name>.runconfig` below a folder, or a file, of ours or of SDK v1's.

        Raises UserErrorException naming the file, and the key that is not known.
        """
        file = files.to_read(path, name)
        made = cls(_path=os.fspath(path), _name=name)
        for key, value in files.read(file).items():
            made._take(key, value, file)
        return made

    @staticmethod
    def delete(path: str | os.PathLike[str], name: str) -> None:
        """Delete the file that `load` would read."""
        files.to_read(path, name).unlink()

    def _to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **{camel(name): told(value) for name, value in plain.items()},
            "environment": self.environment._to_json(),
            **{name: getattr(self, name)._to_json() for name in _PARTS},
            **{camel(name): self._mapped(name) for name in _MAPPED},
        }

    def _mapped(self, name: str) -> dict[str, Any]:
        return {str(key): told(_as_part(name, each)) for key, each in getattr(self, name).items()}

    def _take(self, key: str, value: Any, file: Any) -> None:
        """Take one entry of a file."""
        known = {camel(name): name for name in (*_PLAIN, *_PARTS, *_MAPPED)}
        where = f"{file}: {key}"
        name = known.get(key, "")
        if key == "environment":
            self.environment = Environment._from_json(files.environment_of(value, file))
        elif name in _PARTS:
            setattr(self, name, _PARTS[name]._from_json(value, where))
        elif name in _MAPPED:
            kind = _MAPPED[name]
            made = {str(each): kind._from_json(data, where) for each, data in (value or {}).items()}
            setattr(self, name, made)
        elif name:
            empty = _EMPTY[name]() if name in _EMPTY else _PLAIN[name]
            setattr(self, name, empty if value in (None, "") else value)
        else:
            close = near(key, known)
            cure = f"; did you mean {close[0]!r}?" if close else ""
            raise UserErrorException(f"{where} is nothing that a run configuration has{cure}")


def _as_part(name: str, value: Any) -> Any:
    """An entry as a file holds it; one of the SDK's objects in the form of SDK v1's file."""
    if isinstance(value, Element):
        return value
    if name == "data_references" and hasattr(value, "data_reference_name"):
        return DataReferenceConfiguration(
            getattr(value.datastore, "name", value.datastore), value.mode,
            value.path_on_datastore, value.path_on_compute, value.overwrite,
        )  # fmt: skip
    if name == "data":
        return Data.create(value)
    if name == "output_data":
        return OutputData._of(value)
    raise UserErrorException(f"{name}: {type(value).__name__} cannot stand in a file")
