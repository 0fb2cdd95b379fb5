"""What a run runs in: Python, packages, variables, and perhaps an image."""

from __future__ import annotations

import builtins
import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain import environment as definitions
from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.domain.requirement import lines_of
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.files import json_of, text_of
from jupyter_aml.sdk.core._environment.builds import DockerImageDetails, ImageBuildDetails
from jupyter_aml.sdk.core._environment.existing import exported
from jupyter_aml.sdk.core._environment.sections import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DockerBuildContext,
    DockerEnvironment,
    DockerImagePlatform,
    DockerSection,
    PythonEnvironment,
    PythonSection,
    SparkEnvironment,
    SparkPackage,
    SparkSection,
)
from jupyter_aml.sdk.core.conda_dependencies import (
    CONDA_FILE_NAME,
    PYTHON_DEFAULT_VERSION,
    CondaDependencies,
)
from jupyter_aml.sdk.core.container_registry import ContainerRegistry
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.environments import WireEnvironment

__all__ = [
    "DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE", "PYTHON_DEFAULT_VERSION", "CondaDependencies",
    "ContainerRegistry", "DockerBuildContext", "DockerEnvironment", "DockerImageDetails",
    "DockerImagePlatform", "DockerSection", "Environment", "EnvironmentReference",
    "ImageBuildDetails", "PythonEnvironment", "PythonSection", "SparkEnvironment",
    "SparkPackage", "SparkSection",
]  # fmt: skip

_DEFINITION = "azureml_environment.json"
_DOCKERFILE = "BaseDockerfile"
_Path = str | os.PathLike[str]


class Environment:
    """A named environment. Registered in a workspace it gets a version; equal ones share it."""

    def __init__(self, name: str) -> None:
        """Begin with Python and the runtime alone; raises UserErrorException for a bad name."""
        try:
            self.name = definitions.environment_name(name)
        except Invalid as error:
            raise UserErrorException(str(error)) from None
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.inferencing_stack_version: str | None = None
        self.databricks: Any = None
        self.r: Any = None
        self.asset_id: str | None = None
        self._variables: dict[str, str] = {}

    @property
    def environment_variables(self) -> dict[str, str]:
        """Variables that each process in the environment gets."""
        return self._variables

    @environment_variables.setter
    def environment_variables(self, variables: dict[str, str] | None) -> None:
        self._variables = dict(variables or {})

    # ---- made from files ----------------------------------------------------------------------

    @staticmethod
    def from_conda_specification(name: str, file_path: _Path) -> Environment:
        """The packages of a conda specification.

        Raises UserErrorException naming the file, and line and column where it is no YAML.
        """
        made = Environment(name)
        packages = CondaDependencies(file_path)
        made.environment_variables = packages._take_variables()
        made.python.conda_dependencies = packages
        return made

    @staticmethod
    def from_pip_requirements(
        name: str, file_path: _Path, pip_version: str | None = None
    ) -> Environment:
        """The packages of a requirements file, for the notebook's version of Python."""
        made = Environment(name)
        packages = CondaDependencies()
        packages.set_pip_requirements(_requirements(file_path))
        if pip_version:
            packages.add_conda_package(f"pip={pip_version}")
        made.python.conda_dependencies = packages
        return made

    @staticmethod
    def from_existing_conda_environment(
        name: str, conda_environment_name: str
    ) -> Environment | None:
        """The packages of a conda environment of this machine, at their versions.

        Raises UserErrorException with the environments that there are.
        """
        made = Environment(name)
        found = exported(conda_environment_name)
        made.python.conda_dependencies = CondaDependencies._from_json(found)
        return made

    create_from_conda_specification = from_conda_specification
    create_from_pip_requirements = from_pip_requirements
    create_from_existing_conda_environment = from_existing_conda_environment

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: ContainerRegistry | None = None,
        conda_specification: _Path | None = None,
        pip_requirements: _Path | None = None,
    ) -> Environment:
        """An image as it is, or with packages on top."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.enabled, made.docker.base_image = True, image
        if container_registry is not None:
            made.docker.base_image_registry = container_registry
        return made

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: _Path,
        conda_specification: _Path | None = None,
        pip_requirements: _Path | None = None,
    ) -> Environment:
        """An image that a Dockerfile makes; `dockerfile` is its path or its text."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.enabled, made.docker.base_image = True, None
        made.docker.base_dockerfile = os.fspath(dockerfile)
        made.docker.base_dockerfile = made.docker._dockerfile()
        return made

    @staticmethod
    def from_docker_build_context(
        name: str, docker_build_context: DockerBuildContext
    ) -> Environment:
        """An image that a folder makes."""
        made = _with_packages(name, None, None)
        made.docker.enabled, made.docker.base_image = True, None
        made.docker.build_context = docker_build_context
        return made

    @staticmethod
    def add_private_pip_wheel(
        workspace: Workspace, file_path: _Path, exist_ok: bool = False
    ) -> str:
        """Raises UserErrorException with what to do: a workspace hands out no packages."""
        place = Path(file_path).absolute()
        raise UserErrorException(
            f"add_private_pip_wheel: a workspace keeps no wheels. Serve {place.name!r} from an "
            "index of your own, or set AmlConfig.allow_package_sources = True and name the file: "
            f'add_pip_package("{place.name.partition("-")[0]} @ {place.as_uri()}")'
        )

    # ---- in a workspace -----------------------------------------------------------------------

    def register(self, workspace: Workspace) -> Environment:
        """Keep this definition in a workspace; an equal one gets no new version."""
        return Environment._from_wire(self._registered(workspace))

    def _registered(self, workspace: Workspace) -> WireEnvironment:
        body = {"workspace": workspace.name, "definition": self._to_json()}
        seen = workspace.client.environments.add(body)
        self.version = seen["version"]
        return seen

    @staticmethod
    def get(
        workspace: Workspace, name: str, version: str | None = None, label: str | None = None
    ) -> Environment:
        """A registered or curated environment; the newest, unless a version or label is named."""
        if version is not None and label is not None:
            raise UserErrorException("give a version or a label, not both")
        wanted = None if version is None else str(version)
        try:
            if label is not None:
                wanted = _labelled(workspace, name, label)
            seen = workspace.client.environments.get(workspace.name, name, wanted)
        except NotFound as error:
            raise UserErrorException(str(error)) from None
        return Environment._from_wire(seen)

    @staticmethod
    def label(
        workspace: Workspace, name: str, version: str, labels: builtins.list[str] | str
    ) -> None:
        """Give a version labels for `get`; whichever version had one of them loses it."""
        given = [labels] if isinstance(labels, str) else list(labels)
        try:
            workspace.client.environments.label(workspace.name, name, str(version), given)
        except (NotFound, Invalid) as error:
            raise UserErrorException(str(error)) from None

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """The newest version of each environment by name; iterates as names."""
        found = workspace.client.environments.list(workspace.name)
        return {seen["name"]: Environment._from_wire(seen) for seen in found}

    def build(
        self, workspace: Workspace, image_build_compute: str | None = None
    ) -> ImageBuildDetails:
        """Register the environment and begin to build it; `wait_for_completion` shows how."""
        given.refuse(
            "environments are built by the engine", image_build_compute=image_build_compute
        )
        return ImageBuildDetails._begin(workspace.client, self._registered(workspace))

    def build_local(
        self,
        workspace: Workspace,
        platform: Any = None,
        useDocker: bool | None = None,
        pushImageToWorkspaceAcr: bool = False,
    ) -> ImageBuildDetails:
        """Build it and wait, printing the log. Everything is local here."""
        given.refuse("it is built for this machine", platform=platform)
        given.refuse("there is no registry of the workspace",
                     pushImageToWorkspaceAcr=pushImageToWorkspaceAcr)  # fmt: skip
        if useDocker is not None and bool(useDocker) != bool(self.docker.enabled):
            raise UserErrorException(
                f"useDocker={useDocker}: whether there is an image says "
                f"environment.docker.enabled, which is {self.docker.enabled}"
            )
        return self.build(workspace).wait_for_completion(show_output=True)

    def get_image_details(self, workspace: Workspace) -> DockerImageDetails:
        """What was built of it; raises UserErrorException while it is not built."""
        version = self.register(workspace).version
        state = workspace.client.environments.build_state(workspace.name, self.name, version)
        interpreter = state["interpreter"]
        if interpreter is None:
            raise UserErrorException(f"environment {self.name!r} is not built: call build() first")
        return DockerImageDetails({
            "repository": state["image"],
            "registry": None,
            "imageExistsInRegistry": state["image"] is not None,
            "dockerfile": self.docker._dockerfile(),
            "pythonEnvironment": {
                "interpreterPath": interpreter,
                "condaEnvironmentPath": str(Path(interpreter).parent.parent),
            },
        })  # fmt: skip

    # ---- copies and files ---------------------------------------------------------------------

    def clone(self, new_name: str) -> Environment:
        """A copy under another name, to be changed and registered."""
        return Environment._from_json({**self._to_json(), "name": new_name, "version": None})

    def save_to_directory(self, path: _Path, overwrite: bool = False) -> None:
        """Write the definition into a folder, its packages and Dockerfile as files of their own."""
        folder = Path(path)
        if folder.exists() and not overwrite:
            raise UserErrorException(
                f"{os.fspath(path)!r} is there already: pass overwrite=True to write into it"
            )
        data = self._to_json()
        folder.mkdir(parents=True, exist_ok=True)
        if data["python"]["condaDependencies"] is not None:
            self.python.conda_dependencies.save(folder / CONDA_FILE_NAME)
        if data["docker"]["baseDockerfile"]:
            (folder / _DOCKERFILE).write_text(data["docker"]["baseDockerfile"], encoding="utf-8")
        (folder / _DEFINITION).write_text(json.dumps(data, indent=4), encoding="utf-8")

    @staticmethod
    def load_from_directory(path: _Path) -> Environment:
        """Read what `save_to_directory` wrote; files beside the definition have the last word."""
        folder = Path(path)
        try:
            data = json_of(folder / _DEFINITION)
        except Invalid as error:
            raise UserErrorException(str(error)) from None
        try:
            made = Environment._from_json(data)
        except Invalid as error:
            raise UserErrorException(f"{folder / _DEFINITION}: {error}") from None
        if (folder / CONDA_FILE_NAME).is_file():
            made.python.conda_dependencies = CondaDependencies(folder / CONDA_FILE_NAME)
        if (folder / _DOCKERFILE).is_file():
            made.docker.base_dockerfile = _text(folder / _DOCKERFILE)
        return made

    # ---- the JSON form ------------------------------------------------------------------------

    def _to_json(self) -> dict[str, Any]:
        newer = {"assetId": self.asset_id, "r": self.r, "databricks": self.databricks}
        return {
            "name": self.name,
            "version": self.version,
            "python": self.python._to_json(),
            "environmentVariables": {
                str(name): str(value) for name, value in self._variables.items()
            },
            "docker": self.docker._to_json(),
            "spark": self.spark._to_json(),
            "inferencingStackVersion": self.inferencing_stack_version,
            **{key: value for key, value in newer.items() if value is not None},
        }

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> Environment:
        checked = definitions.read(data).to_json()
        made = cls(checked["name"])
        made.version = checked["version"]
        made.python._take(checked["python"])
        made.docker._take(checked["docker"])
        made.spark._take(checked["spark"])
        made.environment_variables = checked["environmentVariables"]
        made.inferencing_stack_version = checked["inferencingStackVersion"]
        made.asset_id, made.r = checked.get("assetId"), checked.get("r")
        made.databricks = checked.get("databricks")
        return made

    @classmethod
    def _from_wire(cls, seen: WireEnvironment) -> Environment:
        return cls._from_json(seen["definition"])

    @classmethod
    def _of_the_caller(cls, name: str = "default") -> Environment:
        """The notebook's own Python, until packages or an image are asked for."""
        made = cls(name)
        made.python._is_callers = True
        return made

    def __copy__(self) -> Environment:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return json.dumps(self._to_json(), indent=4, sort_keys=True)


class EnvironmentReference:
    """The name of a registered environment, and perhaps a version."""

    def __init__(self, name: str, version: str | None = None) -> None:
        self.name, self.version = name, version

    def get_environment(self, workspace: Workspace) -> Environment:
        """The environment it names."""
        return Environment.get(workspace, self.name, self.version)


def _labelled(workspace: Workspace, name: str, label: str) -> str:
    there = workspace.client.environments.labels(workspace.name, name)
    if label not in there:
        raise UserErrorException(
            f"no version of environment {name!r} has the label {label!r}; "
            f"there is: {', '.join(sorted(there))}"
        )
    return there[label]


def _with_packages(
    name: str, conda_specification: _Path | None, pip_requirements: _Path | None
) -> Environment:
    if conda_specification is not None and pip_requirements is not None:
        raise UserErrorException("give conda_specification or pip_requirements, not both")
    if conda_specification is not None:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements is not None:
        return Environment.from_pip_requirements(name, pip_requirements)
    made = Environment(name)
    made.python.user_managed_dependencies = True
    return made


def _text(path: _Path) -> str:
    try:
        return text_of(path)
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def _requirements(file_path: _Path) -> tuple[str, ...]:
    return lines_of(_text(file_path))
