"""How a script is to be run: SDK v1's RunConfiguration, as far as this version needs it."""

from __future__ import annotations

from typing import Any

from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.later import later
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
        self.use_docker, self.shared_volumes = use_docker, shared_volumes
        self.arguments, self.shm_size = given.words("arguments", arguments), shm_size


@later("auto_prepare_environment delete load save")
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

    @property
    def environment_variables(self) -> dict[str, str]:
        """The variables of the environment."""
        return self.environment.environment_variables

    @environment_variables.setter
    def environment_variables(self, variables: dict[str, str]) -> None:
        self.environment.environment_variables = dict(variables)
