"""Looks at a cell before it is sent: is it Python, and is everything in it that it uses?"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jupyter_aml.domain.cell import names
from jupyter_aml.domain.cell.reach import Read
from jupyter_aml.domain.errors import Invalid

_NOTEBOOK_SYNTAX = re.compile(
    r"\s*(?P<plain>%%\w+|%pip|%conda|%\w+|!+|\?\w+)"
    r"|[^#'\"]*=\s*(?P<assigned>[!%])\s*\w"
    r"|.*\w(?P<help>\?{1,2})\s*\Z"
)
_NAMED = 6

Cure = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Missing:
    """Names that a cell uses and never defines, each with the line where it is first read."""

    sure: Mapping[str, int]
    """Python comes to these for sure: the cell would fail."""
    doubtful: Mapping[str, int]
    """These stand in branches and functions that may never run."""


def examine(cell: str, *, offset: int, parameters: Sequence[str], cure: Cure) -> str | None:
    """Return what is doubtful about a cell; raise Invalid or SyntaxError where it cannot run.

    `offset` lines stand above the cell in the editor, the line of its magic among them; the
    SyntaxError counts from the cell's first. `cure` says what to do about a missing name.
    """
    check_syntax(cell, offset=offset)
    missing = missing_names(cell, parameters=parameters)
    if missing.sure:
        raise Invalid(refusal(missing.sure, offset=offset, cure=cure))
    return doubt(missing.doubtful, offset=offset) if missing.doubtful else None


def syntax_sentence(error: SyntaxError, *, offset: int) -> str:
    """What Python says of a cell, with the line of the editor."""
    return f"SyntaxError: {error.msg} (line {(error.lineno or 1) + offset} of the cell)"


def known_cure(name: str, inputs: Mapping[int, str]) -> str | None:
    """What to do about a name that another cell defines, or that only notebooks have."""
    number = defining_cell(name, inputs)
    if number is not None:
        return f"{name}: defined in cell [{number}], move that code into this cell"
    if name in ("display", "get_ipython"):
        return f"{name}: exists in notebooks only"
    return None


def check_syntax(cell: str, *, offset: int) -> None:
    """Raise Invalid for what is no cell of Python, and SyntaxError as Python says it.

    `offset` lines stand above the cell in the editor; the SyntaxError counts from the cell's first.
    """
    if not cell.strip():
        below = "below the %%aml line" if offset else "into it"
        raise Invalid(f"the cell is empty: write the code to run {below}")
    if "\0" in cell:
        raise Invalid("the cell holds a NUL character, which Python does not read")
    try:
        with warnings.catch_warnings():
            # The run itself will say what Python warns of.
            warnings.simplefilter("ignore")
            # The run's cell may `await`, as a notebook's cell may.
            compile(cell, "cell.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        _refuse_notebook_syntax(cell, error.lineno or 1, offset)
        raise
    except (ValueError, MemoryError, RecursionError) as error:
        raise Invalid(
            f"Python cannot read this cell: {str(error) or 'it is nested too deeply'}"
        ) from None


def missing_names(cell: str, *, parameters: Sequence[str]) -> Missing:
    """The names that the cell uses and never defines; it must be Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = names.undefined(cell, given=parameters)
        except RecursionError:
            # Python itself goes deeper than we can read, so the run finds out.
            found = {}
    return Missing(_lines(found, is_sure=True), _lines(found, is_sure=False))


def defining_cell(name: str, inputs: Mapping[int, str]) -> int | None:
    """The execution count of the newest of these cells that defines the name at its top level."""
    for number, cell in sorted(inputs.items(), reverse=True):
        if name in cell and name in names.bound(cell):
            return number
    return None


def refusal(missing: Mapping[str, int], *, offset: int, cure: Cure) -> str:
    """Say that the cell cannot run without these names, and what to do about each."""
    cures = "; ".join(cure(name) for name in list(missing)[:_NAMED])
    return (
        f"the cell uses {_listed(missing, offset)} and never defines {_them(missing)}. "
        f"A submitted cell does not have the notebook's other cells. {cures}"
    )


def doubt(missing: Mapping[str, int], *, offset: int) -> str:
    """Say that the cell may miss these names, where it comes to them."""
    return (
        f"Note: the cell never defines {_listed(missing, offset)}; "
        f"the run fails if it comes to {_them(missing)}."
    )


def _lines(found: Mapping[str, Read], *, is_sure: bool) -> dict[str, int]:
    return {name: read.line for name, read in found.items() if read.is_sure == is_sure}


def _listed(missing: Mapping[str, int], offset: int) -> str:
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    listed = list(missing)[:_NAMED]
    return ", ".join(f"{name!r} (line {missing[name] + offset})" for name in listed) + more


def _them(missing: Mapping[str, int]) -> str:
    return "it" if len(missing) == 1 else "them"


def _refuse_notebook_syntax(cell: str, number: int, offset: int) -> None:
    lines = cell.splitlines()
    if not 0 < number <= len(lines):
        return
    found = _NOTEBOOK_SYNTAX.match(lines[number - 1])
    if not found:
        return
    said = lines[number - 1].strip()[:80]
    raise Invalid(
        f"line {number + offset}: {said!r} is notebook syntax, a submitted cell is plain Python; "
        + _instead(found, has_magic=offset > 0)
    )


def _instead(found: re.Match[str], *, has_magic: bool) -> str:
    mark = found["plain"] or found["assigned"] or found["help"]
    if mark.startswith("%%") and has_magic:
        return "a second %% magic cannot stand in it: only one, on the first line"
    if mark in ("%pip", "%conda"):
        magic = "" if has_magic else "%%aml submit "
        return f"name the packages on the first line instead: {magic}{_option(found)}"
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
