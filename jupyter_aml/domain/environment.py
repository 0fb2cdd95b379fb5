"""What an environment is made of, in the JSON form that SDK v1 gave it.

The JSON is the definition: it is stored, sent and compared as it is. This module checks it,
fills in what was left out, and reads from it what builders need.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near

CURATED_PREFIX = "AzureML-"
"""Names that begin so belong to the environments that come with jupyter_aml."""

TORCH_BACKEND = "UV_TORCH_BACKEND"
"""The variable of a definition that says which builds of torch it wants, such as `cpu`."""

_REGISTRY = {"address": None, "username": None, "password": None}
_PLAIN: dict[str, Any] = {
    "name": "",
    "version": None,
    "python": {
        "interpreterPath": "python",
        "userManagedDependencies": False,
        "condaDependencies": None,
        "baseCondaEnvironment": None,
    },
    "environmentVariables": {},
    "docker": {
        "baseImage": None,
        "platform": {"os": "Linux", "architecture": "amd64"},
        "baseDockerfile": None,
        "baseImageRegistry": _REGISTRY,
        "enabled": False,
        "arguments": [],
    },
    "spark": {"repositories": [], "packages": [], "precachePackages": True},
    "inferencingStackVersion": None,
}
_OPTIONAL: dict[str, dict[str, Any]] = {
    "": {"assetId": None, "r": None, "databricks": None},
    "docker": {"shmSize": None, "buildContext": None, "gpuSupport": None, "sharedVolumes": None},
}
"""Keys that some versions of SDK v1 wrote; kept where they are, never added."""
_EMPTY = {
    "python": {"condaDependenciesFile": "give what stands in that file as condaDependencies"},
    "docker.baseImageRegistry": {
        "registryIdentity": "identities belong to the cloud: give username and password"
    },
}
"""Keys that SDK v1 wrote as null, which are left out, and what to do where they are not null."""
SHM_SIZE = "2g"
"""The shared memory of a container for which nothing else is said, as in SDK v1."""
_OF_A_CONTAINER = {"shmSize": (None, SHM_SIZE), "sharedVolumes": (None, True)}
"""Keys of the docker section that decide nothing that is built, and what leaving them out means."""
_OLD_IMAGES = ("mcr.microsoft.com/azureml/", "viennaglobal.azurecr.io/", "mcr.microsoft.com/mlops/")


@dataclass(frozen=True, slots=True)
class Conda:
    """The content of a conda specification. Requirements are text as they were written."""

    channels: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    """Conda requirements without `python` and `pip`."""
    python: str | None = None
    """What follows `python` in the specification, such as `=3.11` or `>=3.10,<3.13`."""
    pip: tuple[str, ...] = ()
    """Lines of the `pip:` section."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """An environment as SDK v1 wrote it down, checked. Make it by `read`."""

    data: Mapping[str, Any]
    conda: Conda = field(default_factory=Conda)

    @property
    def name(self) -> str:
        """Its name, which may be shared by several versions."""
        return str(self.data["name"])

    @property
    def version(self) -> str | None:
        """The version under which it is registered; None while it is not."""
        version = self.data["version"]
        return None if version is None else str(version)

    @property
    def label(self) -> str:
        """How people call it: `name:version`, or the name alone."""
        return self.name if self.version is None else f"{self.name}:{self.version}"

    @property
    def is_curated(self) -> bool:
        """Whether it comes with jupyter_aml and cannot be changed."""
        return self.name.startswith(CURATED_PREFIX)

    @property
    def is_user_managed(self) -> bool:
        """Whether its packages are the user's own affair."""
        return bool(self.data["python"]["userManagedDependencies"])

    @property
    def interpreter(self) -> str:
        """The interpreter of a user-managed environment; `python` where none is named."""
        return str(self.data["python"]["interpreterPath"] or "python")

    @property
    def base_conda_environment(self) -> str | None:
        """Name or path of an existing conda environment to use as it is."""
        base = self.data["python"]["baseCondaEnvironment"]
        return None if base is None else str(base)

    @property
    def variables(self) -> dict[str, str]:
        """Variables that every script in it gets."""
        return {str(name): str(value) for name, value in self.data["environmentVariables"].items()}

    @property
    def torch_backend(self) -> str | None:
        """Which builds of torch it wants, as uv names them (`cpu`); None for what the index has."""
        return self.variables.get(TORCH_BACKEND)

    @property
    def docker(self) -> Mapping[str, Any]:
        """The docker section."""
        section: Mapping[str, Any] = self.data["docker"]
        return section

    @property
    def wants_docker(self) -> bool:
        """Whether it asks for a container with an image or Dockerfile of the user's own.

        SDK v1 put its own base images into every definition. They cannot be had any more, and
        nobody chose them: a definition with one of these is built directly on the target.
        """
        return bool(self.docker["enabled"]) and not self.has_retired_image

    @property
    def has_retired_image(self) -> bool:
        """Whether docker is enabled, but for one of SDK v1's own images or for none at all."""
        if not self.docker["enabled"] or self.docker["baseDockerfile"]:
            return False
        if self.docker.get("buildContext"):
            return False
        image = self.docker["baseImage"]
        return not image or str(image).startswith(_OLD_IMAGES)

    def with_version(self, version: str) -> Definition:
        """The same definition as a version of its name."""
        return Definition({**self.data, "version": version}, self.conda)

    def same_as(self, other: Definition) -> bool:
        """Whether both define the same, whatever their versions."""
        return self._plain == other._plain

    @property
    def _plain(self) -> dict[str, Any]:
        docker = {
            key: value
            for key, value in self.docker.items()
            if value not in _OF_A_CONTAINER.get(key, ())
        }
        return {**self.data, "version": None, "docker": docker}

    def digest(self, *extra: str) -> str:
        """Hash in hex of all that decides what is built; name and variables (but one) do not.

        `extra` is whatever else goes into it, such as packages on top.
        """
        python = self.data["python"]
        docker = None
        if self.docker["enabled"]:
            docker = {k: v for k, v in self.docker.items() if k not in _OF_A_CONTAINER}
        conda = [sorted(self.conda.channels), sorted(self.conda.packages), self.conda.python,
                 sorted(self.conda.pip)]  # fmt: skip
        parts = [python["userManagedDependencies"], python["interpreterPath"],
                 python["baseCondaEnvironment"], conda, docker, sorted(extra)]  # fmt: skip
        if self.torch_backend is not None:
            parts.append(self.torch_backend)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        """A copy of the JSON form."""
        return copy.deepcopy(dict(self.data))


def read(data: Mapping[str, Any]) -> Definition:
    """Check the JSON form and fill in what is left out; raises Invalid naming the key."""
    filled = _filled(data, _PLAIN, "")
    filled["name"] = environment_name(filled["name"])
    version = filled["version"]
    filled["version"] = None if version is None else version_name(version)
    for name, value in filled["environmentVariables"].items():
        if (
            not isinstance(value, str | int | float | bool)
            or "=" in name
            or "\0" in f"{name}{value}"
        ):
            raise Invalid(f"environmentVariables: {name!r} cannot be set to {value!r}")
    backend = filled["environmentVariables"].get(TORCH_BACKEND, "cpu")
    if not re.fullmatch(r"[a-z]+[0-9.]*", str(backend)):
        raise Invalid(f"environmentVariables: {TORCH_BACKEND} is 'cpu', 'auto' or a build of torch "
                      f"such as 'cu128', not {backend!r}")  # fmt: skip
    if not isinstance(filled["docker"]["arguments"], list):
        raise Invalid("docker.arguments: expected a list of texts")
    conda = filled["python"]["condaDependencies"]
    return Definition(filled, Conda() if conda is None else read_conda(conda))


def environment_name(text: object) -> str:
    """Return `text` as the name of an environment, or raise Invalid."""
    return ids.named("environment", text)


def version_name(text: object) -> str:
    """Return `text` as a version, or raise Invalid."""
    return ids.named("version of an environment", str(text))


def read_label(text: str) -> tuple[str, str | None]:
    """Read `name:version`, or a name alone, which means its newest version; raises Invalid."""
    name, colon, version = text.partition(":")
    return environment_name(name), version_name(version) if colon else None


def read_conda(data: Any, *, what: str = "condaDependencies") -> Conda:
    """Read the content of a conda specification; raises Invalid naming the entry."""
    if not isinstance(data, Mapping):
        raise Invalid(
            f"{what}: expected `dependencies:` and perhaps `channels:`, not {_kind(data)}"
        )
    known = ("name", "channels", "dependencies", "variables", "prefix")
    for key in data:
        if key not in known:
            raise Invalid(f"{what}: {_unknown(str(key), known)}")
    channels = _texts(data.get("channels"), f"{what}.channels")
    packages: list[str] = []
    python: str | None = None
    pip: list[str] = []
    entries = data.get("dependencies")
    if not isinstance(entries, Sequence | None) or isinstance(entries, str):
        raise Invalid(f"{what}.dependencies: expected a list, not {_kind(entries)}")
    for entry in entries or ():
        if isinstance(entry, Mapping):
            if set(entry) != {"pip"}:
                raise Invalid(f"{what}.dependencies: expected `- pip:` with a list, not {entry!r}")
            pip += _texts(entry["pip"], f"{what}.dependencies.pip")
            continue
        if not isinstance(entry, str) or not entry.strip():
            raise Invalid(f"{what}.dependencies: expected a package, not {entry!r}")
        name, version = _cut(entry)
        if name == "python":
            python = version
        elif name != "pip":
            # pip itself installs nothing here, so which one was asked for is all the same.
            packages.append(entry.strip())
    return Conda(tuple(channels), tuple(packages), python, tuple(pip))


def package_name(requirement: str) -> str:
    """The name that a conda or pip requirement begins with, in lower case, without its channel."""
    text = requirement.strip().rpartition("::")[2]
    for place, letter in enumerate(text):
        if not (letter.isalnum() or letter in "-_."):
            return text[:place].strip().lower()
    return text.lower()


def _cut(requirement: str) -> tuple[str, str | None]:
    """Name and version of a conda requirement: `conda-forge::python[version='>=3.9']`."""
    name = package_name(requirement)
    rest = requirement.strip().rpartition("::")[2][len(name) :].strip()
    bracketed = re.fullmatch(r"\[.*?version=['\"]?([^'\"\]]+)['\"]?.*\]", rest)
    return name, (bracketed[1].strip() if bracketed else rest) or None


def _filled(data: Any, plain: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise Invalid(f"{where or 'environment'}: expected an object, not {_kind(data)}")
    optional, empty = _OPTIONAL.get(where, {}), _EMPTY.get(where, {})
    for key in data:
        if key in empty:
            if data[key] is not None:
                raise Invalid(f"{where}.{key}: {empty[key]}, and leave this null")
        elif key not in plain and key not in optional:
            raise Invalid(f"{where or 'environment'}: {_unknown(str(key), [*plain, *optional])}")
    filled: dict[str, Any] = {}
    for key, default in plain.items():
        value = data.get(key, default)
        inner = f"{where}.{key}".lstrip(".")
        if isinstance(default, dict) and default and value is not None:
            filled[key] = _filled(value, default, inner)
        elif value is None and isinstance(default, dict | list):
            filled[key] = copy.deepcopy(default)
        elif isinstance(default, bool) and not isinstance(value, bool | None):
            raise Invalid(f"{inner}: expected true or false, not {value!r}")
        elif isinstance(default, dict) and not isinstance(value, Mapping):
            raise Invalid(f"{inner}: expected an object, not {_kind(value)}")
        else:
            filled[key] = copy.deepcopy(value)
    return filled | {key: copy.deepcopy(data[key]) for key in optional if key in data}


def _texts(value: Any, what: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise Invalid(f"{what}: expected a list of texts, not {value!r:.80}")
    return [one.strip() for one in value]


def _unknown(key: str, known: Sequence[str]) -> str:
    close = near(key, known, 1)
    cure = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    return f"there is no key {key!r}; {cure}"


def _kind(value: Any) -> str:
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object",
             type(None): "nothing", bool: "true or false"}  # fmt: skip
    return names.get(type(value), type(value).__name__)
