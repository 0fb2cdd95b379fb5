"""How a script is to be run: SDK v1's RunConfiguration, as far as this version needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.later import NotThereYet, later
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
from jupyter_aml.sdk.exceptions import UserErrorException

__all__ = [
    "DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE", "CondaDependencies", "ContainerRegistry",
    "DockerConfiguration", "DockerEnvironment", "DockerSection", "Environment",
    "PythonEnvironment", "PythonSection", "RunConfiguration", "SparkEnvironment", "SparkSection",
]  # fmt: skip


class DockerConfiguration:
    """How a run uses docker: whether it does, and with which options of `docker run`."""

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


_ONE = "runs on several nodes or processes are not part of jupyter_aml yet"
_FRAMEWORKS = ("python",)


@later(
    "amlcompute auto_cluster_compute_specification auto_prepare_environment "
    "credential_passthrough data data_references datacaches delete hdi history kubernetescompute "
    "load mpi output_data paralleltask priority pytorch save services "
    "source_directory_data_store spark tensorflow"
)
class RunConfiguration:
    """Target, environment, script and arguments of a run."""

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
        """Raises UserErrorException for what a run cannot be told yet."""
        given.refuse(
            "it belongs to the cloud", _history_enabled=_history_enabled, _path=_path, _name=_name
        )
        self.script = script
        self.arguments = given.words("arguments", arguments)
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.target = "local"
        self.node_count = 1
        self.max_run_duration_seconds: int | None = None
        self.secret_variables: list[str] = []
        """Ours: names of variables that are secrets though their names do not say so."""
        self.environment = Environment._of_the_caller()
        self.docker = DockerConfiguration()
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    def __setattr__(self, name: str, value: Any) -> None:
        """Set what a run can be told; AttributeError for a name that nothing reads."""
        check = _CHECKS.get(name)
        if check is not None:
            check(value)
        elif name not in _ATTRIBUTES:
            raise _unknown(name)
        super().__setattr__(name, value)

    @property
    def environment_variables(self) -> dict[str, str]:
        """The variables of the environment."""
        return self.environment.environment_variables

    @environment_variables.setter
    def environment_variables(self, variables: dict[str, str]) -> None:
        self.environment.environment_variables = dict(variables)


def _check_nodes(value: Any) -> None:
    if value != 1 or isinstance(value, bool):
        raise UserErrorException(f"node_count={value!r}: {_ONE}; leave it 1")


def _check_communicator(value: Any) -> None:
    if value not in (None, "None"):
        raise UserErrorException(f"communicator={value!r}: {_ONE}; leave it 'None'")


def _check_framework(value: Any) -> None:
    if str(value).lower() not in _FRAMEWORKS:
        raise UserErrorException(
            f"framework={value!r}: only Python scripts are run, whatever they import; "
            "leave it 'Python'"
        )


_CHECKS: dict[str, Callable[[Any], None]] = {
    "communicator": _check_communicator,
    "framework": _check_framework,
    "node_count": _check_nodes,
}
_ATTRIBUTES = (
    "arguments", "command", "docker", "environment", "environment_variables",
    "max_run_duration_seconds", "script", "secret_variables", "target",
)  # fmt: skip


def _unknown(name: str) -> AttributeError:
    if name in vars(RunConfiguration):
        return NotThereYet(f"RunConfiguration.{name} is not part of jupyter_aml yet")
    known = [*_ATTRIBUTES, *_CHECKS]
    close = near(name, known)
    cure = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(known))}"
    return AttributeError(f"RunConfiguration has no attribute {name!r}; {cure}")
