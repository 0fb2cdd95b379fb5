"""Looks at a cell before it is sent: is it Python, and is everything in it that it uses?"""

from __future__ import annotations

import ast
import re
import traceback
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from IPython.core.error import UsageError

from jupyter_aml.magics import line
from jupyter_aml.magics.cells import names

_NOTEBOOK_SYNTAX = re.compile(
    r"\s*(?P<plain>%%\w+|%pip|%conda|%\w+|!+|\?\w+)"
    r"|[^#'\"]*=\s*(?P<assigned>[!%])\s*\w"
    r"|.*\w(?P<help>\?{1,2})\s*\Z"
)
_NAMED = 6


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
    """Raise UsageError or CellSyntaxError unless the cell can run by itself.

    `offset` lines stand above the cell in the editor, `here` are the notebook's variables and
    `inputs` its cells as they were run, by execution count.
    """
    if not cell.strip():
        raise UsageError("the cell is empty: write the code to run below the %%aml line")
    if "\0" in cell:
        raise UsageError("the cell holds a NUL character, which Python does not read")
    with warnings.catch_warnings():
        # The run itself will say what Python warns of.
        warnings.simplefilter("ignore")
        _check_syntax(cell, offset)
        missing = names.undefined(cell, given=parameters)
    if missing:
        raise UsageError(_advice(missing, offset, here, inputs))


def _check_syntax(cell: str, offset: int) -> None:
    try:
        # The run's cell may `await`, as a notebook's cell may.
        compile(cell, "cell.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        _refuse_notebook_syntax(cell, error.lineno or 1, offset)
        raise CellSyntaxError(error, offset=offset) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise UsageError(f"Python cannot read this cell: {error}") from None


def _refuse_notebook_syntax(cell: str, number: int, offset: int) -> None:
    lines = cell.splitlines()
    if not 0 < number <= len(lines):
        return
    found = _NOTEBOOK_SYNTAX.match(lines[number - 1])
    if not found:
        return
    said = lines[number - 1].strip()[:80]
    raise UsageError(
        f"line {number + offset}: {said!r} is notebook syntax, a submitted cell is plain Python; "
        + _instead(found)
    )


def _instead(found: re.Match[str]) -> str:
    mark = found["plain"] or found["assigned"] or found["help"]
    if mark.startswith("%%"):
        return "a second %% magic cannot stand in it: only one, on the first line"
    if mark in ("%pip", "%conda"):
        return f"name the packages on the first line instead: {_option(found)}"
    if mark.startswith("!"):
        return "use subprocess.run([...], check=True), or run it in another cell"
    return "leave it out, or run it in another cell"


def _option(found: re.Match[str]) -> str:
    """The option of `%%aml submit` that does what a `%pip` or `%conda` line did."""
    words = found.string.partition("install ")[2].replace('"', "").replace("'", "").split()
    if "-r" in words[:-1]:
        return f"--env-file {words[words.index('-r') + 1]}"
    named = " ".join(word for word in words if not word.startswith("-"))
    return f"--{found['plain'][1:]} '{named}'"


def _advice(
    missing: Mapping[str, int], offset: int, here: Mapping[str, Any], inputs: Sequence[str]
) -> str:
    listed = list(missing)[:_NAMED]
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    said = ", ".join(f"{name!r} (line {missing[name] + offset})" for name in listed)
    cures = "; ".join(_cure(name, here, inputs) for name in listed)
    return (
        f"the cell uses {said}{more} and never defines "
        f"{'it' if len(missing) == 1 else 'them'}. A submitted cell does not have the "
        f"notebook's other cells. {cures}"
    )


def _cure(name: str, here: Mapping[str, Any], inputs: Sequence[str]) -> str:
    value = here.get(name)
    if isinstance(value, ModuleType):
        alias = "" if value.__name__ == name else f" as {name}"
        return f"{name}: add `import {value.__name__}{alias}`"
    if name in here and _is_parameter(value, name):
        return f"{name}: add -p {name}=${name}"
    number = defining_cell(name, inputs)
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


def defining_cell(name: str, inputs: Sequence[str]) -> int | None:
    """The execution count of the newest cell that defines the name at its top level."""
    for number in range(len(inputs) - 1, 0, -1):
        if name in inputs[number] and name in names.bound(inputs[number]):
            return number
    return None
