"""The files in which SDK v1 kept run configurations: `.azureml/<name>.runconfig`, in YAML."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_aml.domain import specification
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core.files import meant, text_of
from jupyter_aml.sdk.exceptions import UserErrorException

FOLDERS = (".azureml", "aml_config")
SUFFIX = ".runconfig"
_FILES = (SUFFIX, ".yml", ".yaml")

_Path = str | os.PathLike[str]


def to_write(path: _Path | None, name: str | None) -> Path:
    """The file that `save` writes; raises UserErrorException where it is not told."""
    if name is not None:
        there = [folder for folder in FOLDERS if Path(path or ".", folder).is_dir()]
        return Path(path or ".", (there or FOLDERS)[0], _named(name))
    if path is None or Path(path).suffix not in _FILES:
        raise UserErrorException(
            "save: give a folder and a name, which is save('.', 'train') for "
            f"{FOLDERS[0]}/train{SUFFIX}, or the path of a file that ends in {SUFFIX}"
        )
    return Path(path)


def to_read(path: _Path, name: str | None) -> Path:
    """The file that `load` reads; raises UserErrorException with the names that there are."""
    if name is None:
        if Path(path).is_dir():
            raise UserErrorException(f"{os.fspath(path)!r} is a folder: name one of {_all(path)}")
        if not Path(path).is_file():
            raise UserErrorException(f"there is no file {os.fspath(path)!r}{meant(path)}")
        return Path(path)
    places = [Path(path, folder, _named(name)) for folder in FOLDERS]
    places += [Path(path, _named(name)), Path(path, name)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        close = near(name, _all(path), 1)
        cure = f"did you mean {close[0]!r}?" if close else f"there are {_all(path)}"
        raise UserErrorException(
            f"there is no run configuration {name!r} in {os.fspath(path)!r}; {cure}"
        )
    return found


def read(file: Path) -> dict[str, Any]:
    """What a file holds; raises UserErrorException naming the file, and the line if it is bad."""
    try:
        data = specification.load_yaml(text_of(file), name=str(file))
    except Invalid as error:
        raise UserErrorException(str(error)) from None
    if not isinstance(data, dict):
        raise UserErrorException(f"{file} is no run configuration: it holds no names with values")
    environment = data.get("environment")
    if isinstance(environment, str):
        data["environment"] = read(file.parent / environment)
    return data


def environment_of(told: Any, file: Path) -> dict[str, Any]:
    """The environment of a file in the form that an environment is read from."""
    if not isinstance(told, dict):
        raise UserErrorException(f"{file}: environment: expected names with values")
    data = {"name": "project_environment", **told}
    python = dict(data.get("python") or {})
    packages = python.pop("condaDependenciesFile", None)
    if packages and not python.get("condaDependencies"):
        python["condaDependencies"] = _packages(str(packages), file)
    data["python"] = python
    return {key: value for key, value in data.items() if value is not None}


def _packages(name: str, file: Path) -> Any:
    # SDK v1 meant a path from the folder above, or the name of a file beside this one.
    places = [file.parent.parent / name, file.parent / name, file.parent / Path(name).name]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise UserErrorException(f"{file} names the packages {name!r}, and there is no such file")
    try:
        return specification.conda_yaml(text_of(found), name=str(found))
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def write(file: Path, data: dict[str, Any], *, apart: bool) -> None:
    """Write a configuration; `apart` puts its environment into a file beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if apart:
        beside = file.with_name(f"{file.stem}_environment.yml")
        _whole(beside, specification.dump_yaml(data["environment"]))
        data = {**data, "environment": beside.name}
    _whole(file, specification.dump_yaml(data))


def _whole(file: Path, text: str) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UserErrorException(f"cannot write {file}: {error.strerror}") from None


def _named(name: str) -> str:
    if not name or os.sep in name or name.startswith("."):
        raise UserErrorException(f"{name!r} cannot be the name of a run configuration")
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def _all(path: _Path) -> list[str]:
    return sorted(
        place.stem for folder in (*FOLDERS, ".") for place in Path(path, folder).glob(f"*{SUFFIX}")
    )
