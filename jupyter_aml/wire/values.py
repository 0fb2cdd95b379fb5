"""Values of scripts as JSON has them: numbers and lists of Python's own."""

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


_DEEPEST = 100


def sendable(what: str, value: Any, _depth: int = 0) -> Any:
    """A value as strict JSON has it; raises Invalid for what neither JSON nor numpy can say.

    `what` is what the error calls it.
    """
    if _depth > _DEEPEST:
        raise Invalid(f"{what.partition('[')[0]} holds itself or is too deep")
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {
            _key(what, key): sendable(f"{what}[{key!r}]", item, _depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [sendable(f"{what}[{at}]", item, _depth + 1) for at, item in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(what, str.__str__(value))
    if isinstance(value, int):
        return int(value)
    if not isinstance(value, float):
        raise Invalid(
            f"{what} is a {type(value).__name__}: give a number, text, True, False, None, "
            "or a list or dictionary of these"
        )
    if value - value != 0:
        raise Invalid(f"{what} is {value}, which JSON cannot say: give None, or text")
    return float(value)


def _key(what: str, key: Any) -> str:
    if not isinstance(key, str):
        raise Invalid(f"{what} has the key {key!r}: keys must be text")
    return _text(what, str.__str__(key))


def _text(what: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{what} is text that is not UTF-8: {text[:80]!r}") from None
    return text


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
