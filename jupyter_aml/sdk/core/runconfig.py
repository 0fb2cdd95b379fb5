"""How a script is to be run: SDK v1's RunConfiguration, as far as this version needs it."""

from __future__ import annotations

from typing import Any

from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.later import later


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
        self.arguments = list(arguments or [])
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.target = "local"
        self.node_count = 1
        self.max_run_duration_seconds: int | None = None
        self.environment = Environment("default")
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    @property
    def environment_variables(self) -> dict[str, str]:
        """The variables of the environment."""
        return self.environment.environment_variables

    @environment_variables.setter
    def environment_variables(self, variables: dict[str, str]) -> None:
        self.environment.environment_variables = dict(variables)
