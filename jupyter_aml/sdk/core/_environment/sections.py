"""The sections of an environment, and their JSON form as SDK v1 wrote it."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Any

from jupyter_aml.domain.environment import SHM_SIZE
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.container_registry import ContainerRegistry
from jupyter_aml.sdk.exceptions import UserErrorException

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
"""Names of SDK v1's own images. They cannot be had; an environment with one of them is built
directly on the target."""

_DEFAULTS: dict[str, Any] = {"sharedVolumes": True, "shmSize": SHM_SIZE}
_FIRST_WORDS = ("FROM ", "ARG ", "#")
"""What a Dockerfile of a single line begins with, and no path."""


class PythonSection:
    """Which Python, and which packages or whose."""

    def __init__(self) -> None:
        self.interpreter_path: str | None = "python"
        self._user_managed: bool | None = None
        self._packages = CondaDependencies()
        self._was_given = False
        self._writes_none = False
        self.base_conda_environment: str | None = None
        self._is_callers = False

    @property
    def user_managed_dependencies(self) -> bool:
        """Whether the packages are the user's own affair, so that nothing is installed."""
        if self._user_managed is not None:
            return self._user_managed
        return self._is_callers and not self._asks_for_packages and not self.base_conda_environment

    @user_managed_dependencies.setter
    def user_managed_dependencies(self, value: bool) -> None:
        self._user_managed = bool(value)

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages, to be changed in place; Python and the runtime to begin with."""
        return self._packages

    @conda_dependencies.setter
    def conda_dependencies(self, value: CondaDependencies | None) -> None:
        if value is not None and not isinstance(value, CondaDependencies):
            raise UserErrorException(
                f"conda_dependencies: expected a CondaDependencies, not {type(value).__name__}"
            )
        self._packages = CondaDependencies() if value is None else value
        self._was_given, self._writes_none = value is not None, value is None

    @property
    def conda_dependencies_file(self) -> None:
        """Not kept: setting it reads the file."""
        return None

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, path: str | os.PathLike[str]) -> None:
        self.conda_dependencies = CondaDependencies(path)

    @property
    def _asks_for_packages(self) -> bool:
        return self._was_given or self._packages != CondaDependencies()

    @property
    def _is_untouched(self) -> bool:
        """Whether it still stands for the notebook's own Python, as nobody asked for another."""
        return (
            self._is_callers
            and self._user_managed is None
            and self.user_managed_dependencies
            and self.interpreter_path in ("python", "", None)
        )

    def _to_json(self) -> dict[str, Any]:
        writes_none = self._writes_none or self.user_managed_dependencies
        has_packages = self._asks_for_packages or not writes_none
        return {
            "interpreterPath": self.interpreter_path,
            "userManagedDependencies": self.user_managed_dependencies,
            "condaDependencies": self._packages.as_dict() if has_packages else None,
            "baseCondaEnvironment": self.base_conda_environment,
        }

    def _take(self, data: dict[str, Any]) -> None:
        self.interpreter_path = data["interpreterPath"]
        self._user_managed = data["userManagedDependencies"]
        packages = data["condaDependencies"]
        self.conda_dependencies = packages and CondaDependencies._from_json(packages)
        self.base_conda_environment = data["baseCondaEnvironment"]


class PythonEnvironment(PythonSection):
    """The older name of `PythonSection`."""


class DockerImagePlatform:
    """The platform of an image."""

    def __init__(self) -> None:
        self.os = "Linux"
        self.architecture = "amd64"


class DockerBuildContext:
    """A folder that an image is built from."""

    class LocationType(Enum):
        """Where SDK v1 kept build contexts; here it is a folder of this machine."""

        Git = "git"
        StorageAccount = "storageaccount"

    def __init__(
        self,
        location_type: Any = None,
        location: str | None = None,
        dockerfile_path: str = "Dockerfile",
    ) -> None:
        self.location_type, self.location = location_type, location
        self.dockerfile_path = dockerfile_path

    @staticmethod
    def from_local_directory(
        workspace: Any, path: str | os.PathLike[str], dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """A folder of this machine; raises UserErrorException where its Dockerfile is not there."""
        folder = Path(path).absolute()
        if not (folder / dockerfile_path).is_file():
            raise UserErrorException(f"there is no {dockerfile_path!r} in {os.fspath(path)!r}")
        return DockerBuildContext("localdirectory", str(folder), dockerfile_path)

    def _to_json(self) -> dict[str, Any]:
        kind = self.location_type
        return {
            "locationType": kind.value if isinstance(kind, Enum) else kind,
            "location": self.location,
            "dockerfilePath": self.dockerfile_path,
        }


class DockerSection:
    """The image to run in, if any. Without `enabled` all runs directly on the target."""

    def __init__(self) -> None:
        self.enabled = False
        self.base_image: str | None = DEFAULT_CPU_IMAGE
        self.base_dockerfile: str | None = None
        self.base_image_registry = ContainerRegistry()
        self.build_context: DockerBuildContext | None = None
        self.platform = DockerImagePlatform()
        self.arguments: list[str] = []
        self.shm_size: str | None = SHM_SIZE
        self.gpu_support: bool | None = None
        self.shared_volumes: bool | None = True
        self._untold: frozenset[str] = frozenset()
        """Keys that a definition did not have, so that it is written as it was read."""

    @property
    def _names_an_image(self) -> bool:
        """Whether there is an image of the user's own, and not just the one of the beginning."""
        is_chosen = self.base_image not in (None, "", DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE)
        return is_chosen or bool(self.base_dockerfile) or self.build_context is not None

    def _to_json(self) -> dict[str, Any]:
        registry = self.base_image_registry
        data: dict[str, Any] = {
            "baseImage": self.base_image,
            "platform": {"os": self.platform.os, "architecture": self.platform.architecture},
            "baseDockerfile": self._dockerfile(),
            "baseImageRegistry": {
                "address": registry.address,
                "username": registry.username,
                "password": registry.password,
            },
            "enabled": bool(self.enabled),
            "arguments": list(self.arguments),
        }
        for key, value in (("sharedVolumes", self.shared_volumes), ("shmSize", self.shm_size)):
            if key not in self._untold or value != _DEFAULTS[key]:
                data[key] = value
        extra = {
            "buildContext": self.build_context and self.build_context._to_json(),
            "gpuSupport": self.gpu_support,
        }
        return data | {name: value for name, value in extra.items() if value is not None}

    def _dockerfile(self) -> str | None:
        """The text of the Dockerfile: a value that is a path stands for the file."""
        given = self.base_dockerfile
        if given is None or "\n" in given or given.strip().upper().startswith(_FIRST_WORDS):
            return given
        try:
            return Path(given).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UserErrorException(
                f"docker.base_dockerfile: cannot read {given!r}: {error.strerror}"
            ) from None

    def _take(self, data: dict[str, Any]) -> None:
        self.enabled, self.base_image = data["enabled"], data["baseImage"]
        self.base_dockerfile = data["baseDockerfile"]
        self.platform.os = data["platform"]["os"]
        self.platform.architecture = data["platform"]["architecture"]
        self.base_image_registry.address = data["baseImageRegistry"]["address"]
        self.base_image_registry.username = data["baseImageRegistry"]["username"]
        self.base_image_registry.password = data["baseImageRegistry"]["password"]
        self.arguments = list(data["arguments"])
        self._untold = frozenset(_DEFAULTS.keys() - data.keys())
        self.shm_size = data.get("shmSize", _DEFAULTS["shmSize"])
        self.gpu_support = data.get("gpuSupport")
        self.shared_volumes = data.get("sharedVolumes", _DEFAULTS["sharedVolumes"])
        context = data.get("buildContext")
        if context is not None:
            self.build_context = DockerBuildContext(
                context.get("locationType"),
                context.get("location"),
                context.get("dockerfilePath", "Dockerfile"),
            )


class DockerEnvironment(DockerSection):
    """The older name of `DockerSection`."""


class SparkPackage:
    """A Maven package, kept for definitions that name one."""

    def __init__(
        self, group: str | None = None, artifact: str | None = None, version: str | None = None
    ) -> None:
        self.group, self.artifact, self.version = group, artifact, version


class SparkSection:
    """Kept for definitions that hold it; nothing here runs Spark."""

    def __init__(self) -> None:
        self.repositories: list[str] = []
        self.packages: list[SparkPackage] = []
        self.precache_packages = True

    def _to_json(self) -> dict[str, Any]:
        return {
            "repositories": list(self.repositories),
            "packages": [
                {"group": one.group, "artifact": one.artifact, "version": one.version}
                for one in self.packages
            ],
            "precachePackages": self.precache_packages,
        }

    def _take(self, data: dict[str, Any]) -> None:
        self.repositories = list(data["repositories"])
        self.packages = [SparkPackage(**one) for one in data["packages"]]
        self.precache_packages = data["precachePackages"]


class SparkEnvironment(SparkSection):
    """The older name of `SparkSection`."""
