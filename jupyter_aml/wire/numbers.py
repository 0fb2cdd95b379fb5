"""Reads numbers as JSON tells them: not-a-number travels as null, infinity as text."""

from __future__ import annotations

import math
from typing import Any

_UNBOUNDED = {"Infinity": math.inf, "-Infinity": -math.inf}


def number(value: Any) -> Any:
    """The number that was sent; what is none stays as it is."""
    if value is None:
        return math.nan
    return _UNBOUNDED.get(value, value) if isinstance(value, str) else value


def numbers(value: Any) -> Any:
    """The same for every item of lists within lists."""
    return [numbers(item) for item in value] if isinstance(value, list) else number(value)
