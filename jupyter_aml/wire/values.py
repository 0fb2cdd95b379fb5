"""What is logged, as JSON has it: numbers and lists of Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain.errors import Invalid


def as_step(step: Any) -> float:
    """The step as a number of Python's own; raises Invalid for what is none."""
    number = plain(step)
    if isinstance(number, int | float) and number - number == 0:
        return number
    raise Invalid(f"step must be a finite number, not {step!r}")


def plain(value: Any) -> Any:
    """A value as JSON has it: numpy's scalars and arrays as Python's numbers and lists."""
    if isinstance(value, str | int | float | bool) or value is None:
        # Subclasses (numpy.float64 is one) write themselves differently.
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        return None
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        return plain(value.item())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return str(value)
