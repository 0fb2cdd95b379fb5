"""Reads the line of a magic: words as a POSIX shell sees them, and values with their types."""

from __future__ import annotations

import ast
import math
import re
import shlex
from collections.abc import Mapping
from datetime import timedelta
from keyword import iskeyword
from os import PathLike, fspath
from typing import Any

from IPython.core.error import UsageError

_VARIABLE = re.compile(r"\$(?:\$|\{([^{}]*)\}|([^\W\d]\w*))")
_WHOLE = re.compile(r"\$(?:\{([^{}]*)\}|([^\W\d]\w*))\Z")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|m|h|d|)\Z")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DEEPEST = 50


def join_continued(line: str, cell: str) -> tuple[str, str]:
    """Move the lines that a backslash at the end of the first line draws in from cell to line."""
    while line.rstrip().endswith("\\"):
        head, _, cell = cell.partition("\n")
        line = f"{line.rstrip()[:-1]} {head}"
    return line, cell


def split(line: str) -> list[str]:
    """Split the line into words; an unbalanced quote is a UsageError."""
    try:
        return shlex.split(line)
    except ValueError as error:
        what = str(error).lower()
        said = "a quote is not closed" if "quotation" in what else "a backslash ends the line"
        raise UsageError(f"{said} in: {line.strip()[:200]}") from None


def expand(text: str, names: Mapping[str, Any]) -> str:
    """Put the notebook's variables in for `$name` and `${name}`; `$$` is a dollar sign."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return str(_lookup(found[1] if found[1] is not None else found[2], names))

    return _VARIABLE.sub(value, text)


def parameter(text: str, names: Mapping[str, Any]) -> tuple[str, Any]:
    """Read `K=V`: `$name` alone keeps its type, a Python literal is one, all else is text."""
    key, value = pair(text)
    if not key.isidentifier() or iskeyword(key):
        raise UsageError(
            f"-p {key}=...: {key!r} cannot be a variable of the cell; "
            "use letters, digits and '_', starting with a letter"
        )
    whole = _WHOLE.match(value)
    if whole:
        name = whole[1] if whole[1] is not None else whole[2]
        return key, plain(_lookup(name, names), name)
    return key, literal(expand(value, names))


def pair(text: str) -> tuple[str, str]:
    """Read `K=V` as two texts."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{text!r} is not of the form KEY=VALUE")
    return key, value


def literal(text: str) -> Any:
    """Return the Python literal that the text spells, where JSON can hold it; else the text."""
    try:
        return plain(ast.literal_eval(text), "value")
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError, UsageError):
        return text


def plain(value: Any, name: str, depth: int = 0) -> Any:
    """Return the value as JSON holds it, or say why it cannot be a parameter."""
    if depth > _DEEPEST:
        raise UsageError(f"{name!r} is nested too deeply for a parameter")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UsageError(f"{name!r} is {value}; a parameter must be a finite number")
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item, name, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, name, depth + 1) for key, item in value.items()}
    if isinstance(value, PathLike):
        return str(fspath(value))
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return plain(value.item(), name, depth + 1)
    raise UsageError(
        f"{name!r} is of type {type(value).__name__} and cannot be a parameter: numbers, texts, "
        "lists and dictionaries of them can. Save it to a file and send that with --include"
    )


def span(text: str) -> timedelta:
    """Read a time limit such as `90`, `90s`, `30m`, `2h` or `1d`."""
    found = _SPAN.match(text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= 10 * 365 * 86400:
        raise UsageError(f"{text!r} is not a time limit: write 90s, 30m, 2h or 1d")
    return timedelta(seconds=seconds)


def identifier(text: str) -> str:
    """Return a name that a variable may have."""
    if not text.isidentifier() or iskeyword(text):
        raise UsageError(f"{text!r} cannot be the name of a variable")
    return text


def _lookup(name: str, names: Mapping[str, Any]) -> Any:
    if name.strip() in names:
        return names[name.strip()]
    raise UsageError(
        f"there is no variable {name.strip()!r} in this notebook (for a dollar sign write $$)"
    )
