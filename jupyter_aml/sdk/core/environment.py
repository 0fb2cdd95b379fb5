"""What a run runs in. In this version: the interpreter as it is (`user_managed_dependencies`)."""

from __future__ import annotations

import sys

from jupyter_aml.sdk.later import later


class PythonSection:
    """Which interpreter, and whether its packages are the user's own affair."""

    def __init__(self) -> None:
        self.user_managed_dependencies = True
        self.interpreter_path = "python"
        self.conda_dependencies: object = None


class DockerSection:
    """Kept for notebooks that set it; a run goes directly to its target in this version."""

    def __init__(self) -> None:
        self.enabled = False
        self.base_image: str | None = None
        self.base_dockerfile: str | None = None


@later(
    "add_private_pip_wheel build build_local clone from_conda_specification "
    "from_docker_build_context from_docker_image from_dockerfile from_existing_conda_environment "
    "from_pip_requirements get get_image_details label list load_from_directory register "
    "save_to_directory"
)
class Environment:
    """A named environment; `environment_variables` are set for the script."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Environment({self.name!r})"


def interpreter(environment: Environment | None) -> str:
    """The interpreter that this environment stands for: the notebook's own where none is named."""
    if environment is None or environment.python.interpreter_path in ("python", ""):
        return sys.executable
    return environment.python.interpreter_path
