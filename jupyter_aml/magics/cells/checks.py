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
        error.lineno = (error.lineno or 1) + offset
        if error.end_lineno is not None:
            error.end_lineno += offset
        error.filename = "cell"
        self._shown = traceback.format_exception_only(SyntaxError, error)
        super().__init__(f"SyntaxError: {error.msg} (line {error.lineno} of the cell)")

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
    try:
        checks.check_syntax(cell, offset=offset)
    except Invalid as error:
        raise UsageError(str(error)) from None
    except SyntaxError as error:
        raise CellSyntaxError(error, offset=offset) from None
    missing = checks.missing_names(cell, parameters=parameters)
    if missing.sure:
        cure = partial(_cure, here=here, inputs=inputs)
        raise UsageError(checks.refusal(missing.sure, offset=offset, cure=cure))
    if missing.doubtful:
        print(checks.doubt(missing.doubtful, offset=offset), file=sys.stderr)


def _cure(name: str, here: Mapping[str, Any], inputs: Sequence[str]) -> str:
    value = here.get(name)
    if isinstance(value, ModuleType):
        alias = "" if value.__name__ == name else f" as {name}"
        return f"{name}: add `import {value.__name__}{alias}`"
    if name in here and _is_parameter(value, name):
        return f"{name}: add -p {name}=${name}"
    number = checks.defining_cell(name, inputs)
    if number is not None:
        return f"{name}: defined in cell [{number}], move that code into this cell"
    if name in ("display", "get_ipython"):
        return f"{name}: exists in notebooks only"
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
