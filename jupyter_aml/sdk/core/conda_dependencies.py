"""The packages of an environment: what SDK v1 kept in a conda specification."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jupyter_aml.domain import requirement, specification
from jupyter_aml.domain.environment import package_name, read_conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.files import text_of
from jupyter_aml.sdk.exceptions import UserErrorException

PYTHON_DEFAULT_VERSION = "{}.{}".format(*sys.version_info[:2])
"""The version of the notebook's own Python: SDK v1's default cannot be had any more."""

CONDA_FILE_NAME = "conda_dependencies.yml"
BASE_PROJECT_FILE_RELATIVE_PATH = CONDA_FILE_NAME
CHANNELS, PACKAGES, PIP, PYTHON_PREFIX = "channels", "dependencies", "pip", "python"
CPU, GPU = "cpu", "gpu"
CNTK_PACKAGE_PREFIX = "cntk"
TENSORFLOW_PACKAGE_PREFIX = "tensorflow"
PYTORCH_PACKAGE_PREFIX, TORCHVISION_PACKAGE_PREFIX = "torch", "torchvision"
CHAINER_PACKAGE_PREFIX = "chainer"
DEFAULT_SDK_ORIGIN = ""
LINUX_PLATFORM, WINDOWS_PLATFORM = "linux", "win32"
VERSION_REGEX = r"(\d+)\.(\d+)(\.(\d+))?"

_OURS = "azureml-defaults"


class CondaDependencies:
    """Conda packages, pip packages and channels; the runtime (`azureml-defaults`) is among them."""

    DEFAULT_NUMBER_OF_CONDA_PACKAGES = 0
    DEFAULT_NUMBER_OF_PIP_PACKAGES = 1

    def __init__(
        self,
        conda_dependencies_file_path: str | os.PathLike[str] | None = None,
        _underlying_structure: Any = None,
    ) -> None:
        """Take what a file holds, or begin with Python and the runtime.

        Raises UserErrorException naming the file, and line and column where it is no YAML.
        """
        given.refuse("read it from a file", _underlying_structure=_underlying_structure)
        if conda_dependencies_file_path is None:
            self._data: dict[str, Any] = {
                "name": "project_environment",
                PACKAGES: [f"python={PYTHON_DEFAULT_VERSION}", {PIP: [_OURS]}],
                CHANNELS: ["conda-forge"],
            }
        else:
            self._data = _read(Path(conda_dependencies_file_path))

    @staticmethod
    def sdk_origin_url() -> str:
        """Empty: what stands in for the SDK comes with each run, and from no index."""
        return ""

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str = PYTHON_DEFAULT_VERSION,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """These packages on top of Python and the runtime. Nothing is pinned by itself."""
        made = CondaDependencies()
        made.set_python_version(python_version)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        for package in _several(conda_packages, "conda_packages"):
            made.add_conda_package(package)
        made._add_pip(_several(pip_packages, "pip_packages"))
        return made

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """The requirements, those of one package joined: `a>=1` and `a<2` become `a>=1,<2`."""
        return requirement.merged(_several(requirements, "requirements"))

    # ---- what there is ------------------------------------------------------------------------

    @property
    def conda_channels(self) -> Iterator[str]:
        """The channels, in the order in which they are asked."""
        return iter(list(self._data.get(CHANNELS) or []))

    @property
    def conda_packages(self) -> Iterator[str]:
        """The conda packages, without Python itself."""
        packages = [one for one in self._packages if isinstance(one, str)]
        return iter([one for one in packages if package_name(one) != PYTHON_PREFIX])

    @property
    def pip_packages(self) -> Iterator[str]:
        """The pip packages, without options."""
        return iter([line for line in self._pip if not line.startswith("-")])

    @property
    def pip_options(self) -> Iterator[str]:
        """The lines of the pip section that are options."""
        return iter([line for line in self._pip if line.startswith("-")])

    @property
    def _packages(self) -> list[Any]:
        packages: list[Any] = _list(self._data, PACKAGES)
        return packages

    @property
    def _pip(self) -> list[str]:
        return next((_list(one, PIP) for one in self._packages if isinstance(one, dict)), [])

    def _pip_list(self) -> list[str]:
        for one in self._packages:
            if isinstance(one, dict):
                return _list(one, PIP)
        made: list[str] = []
        self._packages.append({PIP: made})
        return made

    def get_default_number_of_packages(self) -> int:
        """How many packages there are before any is added: the runtime."""
        return self.DEFAULT_NUMBER_OF_CONDA_PACKAGES + self.DEFAULT_NUMBER_OF_PIP_PACKAGES

    def get_python_version(self) -> str | None:
        """The version of Python as it was written; None where none is asked for."""
        for one in self._packages:
            if isinstance(one, str) and package_name(one) == PYTHON_PREFIX:
                return one.strip()[len(PYTHON_PREFIX) :].strip(" =") or None
        return None

    # ---- changes ------------------------------------------------------------------------------

    def set_python_version(self, version: str) -> None:
        """Ask for a version of Python: `3.11`, `3.11.4`."""
        if not str(version)[:1].isdigit():
            raise UserErrorException(f"{version!r} is not a version of Python, such as '3.11'")
        kept = [one for one in self._packages if not _is(one, PYTHON_PREFIX)]
        self._data[PACKAGES] = [f"python={version}", *kept]

    def add_channel(self, channel: str) -> None:
        """Ask one more channel, after the others."""
        channels = _list(self._data, CHANNELS)
        if channel not in channels:
            channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """No longer ask a channel."""
        kept = [one for one in self._data.get(CHANNELS) or [] if one != channel]
        self._data[CHANNELS] = kept

    def add_conda_package(self, conda_package: str) -> None:
        """Add a conda package, in the place of another version of it."""
        _check(conda_package, "conda package")
        name = package_name(conda_package)
        if name == PYTHON_PREFIX:
            self.set_python_version(conda_package[len(PYTHON_PREFIX) :].strip(" ="))
            return
        kept = [one for one in self._packages if not _is(one, name)]
        self._data[PACKAGES] = [*kept, conda_package]

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a conda package, whatever its version."""
        name = package_name(conda_package)
        self._data[PACKAGES] = [one for one in self._packages if not _is(one, name)]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a pip package, in the place of another version of it.

        Versions for different conditions (`; python_version < "3.12"`) stand beside each other.
        """
        self._add_pip([pip_package])

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove a pip package, whatever its version and condition."""
        name, lines = _pip_name(pip_package), self._pip_list()
        lines[:] = [line for line in lines if line.startswith("-") or _pip_name(line) != name]

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Put these in the place of all pip packages."""
        lines = self._pip_list()
        lines[:] = [line for line in lines if line.startswith("-")]
        self._add_pip(_several(pip_requirements, "pip_requirements"))

    def _add_pip(self, added: list[str]) -> None:
        """Add lines, all of them, in the place of what there was of these packages."""
        for line in added:
            _check(line, "pip package")
        lines = self._pip_list()
        kept = [line for line in lines if not any(_stands_for(each, line) for each in added)]
        lines[:] = dict.fromkeys((*kept, *added))

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option such as `--find-links URL`, in the place of an earlier one of its name.

        Options bring code from elsewhere; the server takes them only where it is set up to.
        """
        name, lines = pip_option.split()[0], self._pip_list()
        lines[:] = [line for line in lines if line.split()[0] != name]
        lines.insert(0, pip_option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove an option by its name."""
        name, lines = pip_option.split()[0], self._pip_list()
        lines[:] = [line for line in lines if line.split()[0] != name]

    def set_pip_index_url(self, index_url: str) -> None:
        """Take packages from another index."""
        self.set_pip_option(f"--index-url {index_url}")

    def add_tensorflow_pip_package(self, core_type: str = CPU, version: str | None = None) -> None:
        """Add TensorFlow: `tensorflow-cpu`, or `tensorflow` for the GPU."""
        name = "tensorflow" if core_type == GPU else "tensorflow-cpu"
        self.add_pip_package(name if version is None else f"{name}=={version}")

    def add_tensorflow_conda_package(
        self, core_type: str = CPU, version: str | None = None
    ) -> None:
        """Add TensorFlow as a conda package."""
        name = "tensorflow-gpu" if core_type == GPU else "tensorflow"
        self.add_conda_package(name if version is None else f"{name}={version}")

    def add_cntk_package(self, core_type: str = CPU) -> None:
        """Say that CNTK cannot be had any more."""
        raise UserErrorException("CNTK was given up in 2019 and works with no Python of today")

    # ---- files --------------------------------------------------------------------------------

    def save_to_file(
        self, base_directory: str | os.PathLike[str], conda_file_path: str | None = None
    ) -> str:
        """Write the specification below a folder; returns its path relative to that."""
        name = conda_file_path or CONDA_FILE_NAME
        self.save(Path(base_directory) / name)
        return name

    def save(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the specification to a file (`conda_dependencies.yml` in the current folder)."""
        target = Path(path or CONDA_FILE_NAME)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(target)

    def serialize_to_string(self) -> str:
        """The specification as YAML."""
        return specification.dump_yaml(self._data)

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain data."""
        return copy.deepcopy(self._data)

    def _take_variables(self) -> dict[str, str]:
        """Take out what a specification says beside its packages; returns its variables."""
        self._data.pop("prefix", None)
        variables = self._data.pop("variables", None) or {}
        return {str(name): str(value) for name, value in variables.items()}

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> CondaDependencies:
        made = cls()
        made._data = copy.deepcopy(data)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CondaDependencies) and self._data == other._data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"CondaDependencies({self._data!r})"


def _read(path: Path) -> dict[str, Any]:
    try:
        return specification.conda_yaml(text_of(path), name=str(path))
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def _list(data: dict[str, Any], key: str) -> list[Any]:
    """A list of a specification, to be changed in place: YAML has nothing where it is empty."""
    if data.get(key) is None:
        data[key] = []
    found: list[Any] = data[key]
    return found


def _pip_name(line: str) -> str:
    """The name as the index has it, for which `scikit_learn` and `Scikit-Learn` are one."""
    asked = requirement.read(line)
    return line.strip() if asked is None else asked.key


def _stands_for(new: str, old: str) -> bool:
    """Whether a new line takes the place of an old one."""
    one, other = requirement.read(new), requirement.read(old)
    if one is None or other is None or one.key != other.key:
        return False
    return not (one.marker and other.marker) or one.condition == other.condition


def _is(entry: Any, name: str) -> bool:
    return isinstance(entry, str) and package_name(entry) == name


def _check(package: Any, what: str) -> None:
    if not isinstance(package, str) or not package.strip():
        raise UserErrorException(f"{package!r} is not a {what}: give its name as text")
    if what == "conda package":
        try:
            read_conda({PACKAGES: [package]})
        except Invalid as error:
            raise UserErrorException(str(error)) from None


def _several(packages: Iterable[str] | None, name: str) -> list[str]:
    if isinstance(packages, str):
        raise UserErrorException(f"{name}: give a list of packages, not the text {packages!r}")
    return list(packages or [])
