"""The config.json by which SDK v1 found the workspace of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._core.files import json_of, text_of
from jupyter_aml.sdk.exceptions import UserErrorException

_KEYS = ("subscription_id", "resource_group", "workspace_name")
_PLACES = ("config.json", ".azureml/config.json", "aml_config/config.json")


def find_config(path: str | os.PathLike[str] | None, name: str | None) -> Path | None:
    """The file that `path` names or that is found from there upwards; None where there is none.

    Raises UserErrorException for a path that is not there.
    """
    if path is not None and Path(path).is_file():
        return Path(path)
    if path is not None and not Path(path).exists():
        raise UserErrorException(f"there is no config.json at {os.fspath(path)!r}")
    start = Path(path or ".").absolute()
    for folder in _upwards(start):
        for place in _PLACES:
            candidate = folder / (place if name is None else str(Path(place).parent / name))
            if candidate.is_file() and _names_a_workspace(candidate):
                return candidate
    return None


def _upwards(start: Path) -> Iterator[Path]:
    yield start
    yield from start.parents


def _names_a_workspace(path: Path) -> bool:
    # Other tools keep a config.json too; only the hidden folder is ours for sure.
    if path.parent.name in (".azureml", "aml_config"):
        return True
    try:
        text = text_of(path)
    except Invalid:
        return True  # It is told what is wrong with it when it is read.
    return any(f'"{key}"' in text for key in _KEYS)


def read_config(path: Path) -> dict[str, Any]:
    """What the file says; raises UserErrorException where it names no workspace."""
    try:
        told = json_of(path)
    except Invalid as error:
        raise UserErrorException(str(error)) from None
    if not isinstance(told, dict) or not isinstance(told.get("workspace_name"), str):
        needed = ", ".join(f'"{key}"' for key in _KEYS)
        raise UserErrorException(
            f"{path} is not a config.json of a workspace: it needs {needed}, each with a text"
        )
    return told
