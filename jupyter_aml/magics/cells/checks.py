"""Checks a cell before it is sent, with what this notebook knows of the names that it lacks."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

from IPython.core.error import UsageError

from jupyter_aml.domain.cell import checks
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.magics import line


class CellSyntaxError(Exception):
    """The cell is not Python. It is shown as Python shows it, with the line of the editor."""

    def __init__(self, error: SyntaxError, *, offset: int) -> None:
        sentence = checks.syntax_sentence(error, offset=offset)
        error.lineno = (error.lineno or 1) + offset
        if error.end_lineno is not None:
            error.end_lineno += offset
        error.filename = "cell"
        self._shown = traceback.format_exception_only(SyntaxError, error)
        super().__init__(sentence)

    def _render_traceback_(self) -> list[str]:
        return ["".join(self._shown).rstrip("\n"), "Nothing was sent."]


def check(
    cell: str,
    *,
    offset: int,
    parameters: Sequence[str],
    here: Mapping[str, Any],
    inputs: Sequence[str],
) -> None:
    """Raise UsageError or CellSyntaxError where the cell cannot run by itself.

    `offset` lines stand above the cell in the editor, `here` are the notebook's variables and
    `inputs` its cells as they were run, by execution count. What is only doubtful is printed.
    """
    cure = partial(_cure, here=here, inputs=dict(enumerate(inputs)))
    try:
        doubt = checks.examine(cell, offset=offset, parameters=parameters, cure=cure)
    except Invalid as error:
        raise UsageError(str(error)) from None
    except SyntaxError as error:
        raise CellSyntaxError(error, offset=offset) from None
    if doubt:
        print(doubt, file=sys.stderr)


def _cure(name: str, here: Mapping[str, Any], inputs: Mapping[int, str]) -> str:
    value = here.get(name)
    if isinstance(value, ModuleType):
        alias = "" if value.__name__ == name else f" as {name}"
        return f"{name}: add `import {value.__name__}{alias}`"
    if name in here and _is_parameter(value, name):
        return f"{name}: add -p {name}=${name}"
    known = checks.known_cure(name, inputs)
    if known is not None:
        return known
    if name in here:
        kind = type(value).__name__
        return f"{name}: a {kind} of this notebook, make it in this cell or load it from a file"
    return f"{name}: not known in this notebook either, or give it with -p {name}=VALUE"


def _is_parameter(value: Any, name: str) -> bool:
    try:
        line.plain(value, name)
    except UsageError:
        return False
    return True
