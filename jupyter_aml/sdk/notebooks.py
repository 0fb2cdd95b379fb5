"""Notebooks as runs: executed from the top with parameters, by nobody who looks on."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core.files import json_of, meant, text_of
from jupyter_aml.sdk._core.given import parameters as checked
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.notebook_runner import PARAMETERS

RUNNER = "jupyter_aml.sdk.notebook_runner"


def notebook_config(
    path: str | os.PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    source_directory: str | os.PathLike[str] | None = None,
    **more: Any,
) -> ScriptRunConfig:
    """A ScriptRunConfig that executes the notebook, for `Experiment.submit`.

    Only the notebook is sent, or with `source_directory` that folder, which holds it. `more` is
    what ScriptRunConfig takes: `environment`, `compute_target`, `run_config` and so on. Raises
    UserErrorException where there is no such notebook, or its cell with the tag `parameters` does
    not set one of the parameters.
    """
    file = Path(path).absolute()
    cells = _cells(file)
    given = checked(parameters)
    _check(given, cells, file)
    folder = Path(source_directory).absolute() if source_directory is not None else file.parent
    if not file.is_relative_to(folder):
        raise UserErrorException(f"{file} does not lie below source_directory {str(folder)!r}")
    return _NotebookRunConfig(file, given, folder, source_directory is not None, more)


class _NotebookRunConfig(ScriptRunConfig):
    def __init__(
        self,
        file: Path,
        parameters: dict[str, Any],
        folder: Path,
        sends_folder: bool,
        more: Mapping[str, Any],
    ) -> None:
        name = file.relative_to(folder).as_posix()
        super().__init__(str(folder), name, **more)
        self._file, self._parameters, self._sends_folder = file, parameters, sends_folder

    def request(self, otherwise: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The part of the body of POST /aml/runs that this configuration decides."""
        return {**super().request(otherwise), "parameters": self._parameters}

    def _command(self) -> list[str]:
        return ["-m", RUNNER, str(self.script)]

    def _source(self) -> dict[str, Any]:
        if self._sends_folder:
            return super()._source()
        return {"files": {str(self.script): text_of(self._file)}}


def _cells(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        raise UserErrorException(f"there is no notebook {file}{meant(file)}")
    try:
        cells = json_of(file)["cells"]
    except Invalid as error:
        raise UserErrorException(str(error)) from None
    except (KeyError, TypeError):
        raise UserErrorException(f"{file} is not a notebook of nbformat 4") from None
    return list(cells)


def _check(parameters: Mapping[str, Any], cells: list[dict[str, Any]], file: Path) -> None:
    tagged = [cell for cell in cells if PARAMETERS in cell["metadata"].get("tags", [])]
    if not tagged:
        return
    known = list(_assigned("".join(tagged[0]["source"])))
    for name in parameters:
        if known and name not in known:
            close = near(name, known, 1)
            cure = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise UserErrorException(f"{file.name} has no parameter {name!r}; {cure}")


def _assigned(source: str) -> Iterator[str]:
    """The names that the cell sets; none where it is not plain Python."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
