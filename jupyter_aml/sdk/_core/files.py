"""Reads files that users and their editors wrote, whatever mark stands at their beginning."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near

# The longer ones first: UTF-32 begins as UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(path: str | os.PathLike[str]) -> str:
    """The text of a file, without a byte order mark; raises Invalid naming file and reason."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise Invalid(f"cannot read {os.fspath(path)}: {error.strerror}{meant(path)}") from None
    except OSError as error:
        raise Invalid(f"cannot read {os.fspath(path)}: {error.strerror}") from None
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Invalid(f"{os.fspath(path)}, line {line}: it is not text in UTF-8") from None
    return text.replace("\r\n", "\n")


def meant(path: str | os.PathLike[str]) -> str:
    """`; did you mean 'x'?` where a file of the same kind and nearly this name is beside it."""
    given = Path(path)
    try:
        there = [name for name in os.listdir(given.parent) if name.endswith(given.suffix)]
    except OSError:
        return ""
    close = near(given.name, there)
    return f"; did you mean {str(given.with_name(close[0]))!r}?" if close else ""


def json_of(path: str | os.PathLike[str]) -> Any:
    """What a JSON file holds; raises Invalid naming file, line and column."""
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"{os.fspath(path)}, {place}: this is not JSON: {error.msg}") from None
    except RecursionError:
        raise Invalid(f"{os.fspath(path)} is nested too deeply") from None
