"""The files by which SDK v1 attached a folder to an experiment."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from jupyter_aml.sdk.exceptions import ProjectSystemException

_PLACES = (".azureml/project.json", "aml_config/project.json")
_SCOPE = re.compile(r"/workspaces/(?P<workspace>[^/]+)/(?:projects|experiments)/(?P<name>[^/]+)/?$")


def names_in(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the workspace and the experiment that `project.json` of a folder names.

    Raises ProjectSystemException where there is none.
    """
    for place in _PLACES:
        file = Path(path, place)
        if file.is_file():
            scope = _SCOPE.search(_read(file))
            if scope is None:
                raise ProjectSystemException(f"{file} has no Scope that names an experiment")
            return scope["workspace"], scope["name"]
    raise ProjectSystemException(
        f"{os.fspath(path)!r} is attached to no experiment: it has no {' and no '.join(_PLACES)}"
    )


def _read(file: Path) -> str:
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        return str(told["Scope"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
