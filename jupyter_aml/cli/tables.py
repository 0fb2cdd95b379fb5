"""Rows of CSV files as spreadsheets may read them: what people called things is never a formula."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def harmless(row: Iterable[Any]) -> list[Any]:
    """The row with an apostrophe before each text that a spreadsheet would carry out."""
    return [_harmless(value) for value in row]


def _harmless(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FORMULAS) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
