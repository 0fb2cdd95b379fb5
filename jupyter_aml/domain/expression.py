"""Conditions on the columns of a row, as they are stored: lists that begin with an operator.

`["gt", ["column", "age"], ["value", 30]]`. Times are written `["time", "2020-01-01T00:00:00"]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from jupyter_aml.domain.errors import Invalid

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "begins": str.startswith,
    "ends": str.endswith,
    "contains": lambda text, part: part in text,
}
_DEEPEST, _MOST_VALUES = 60, 100_000


def check(found: Any, depth: int = 0) -> None:
    """Raise Invalid for what is no condition."""
    if depth > _DEEPEST:
        raise Invalid("data set: the condition is nested too deeply")
    if not isinstance(found, list | tuple) or not found:
        raise Invalid(f"data set: {found!r:.80} is no condition")
    operator, rest = found[0], found[1:]
    if operator in ("and", "or") and len(rest) == 2:
        for inner in rest:
            check(inner, depth + 1)
    elif operator == "not" and len(rest) == 1:
        check(rest[0], depth + 1)
    elif operator in COMPARISONS and len(rest) == 2:
        for operand in rest:
            _operand(operand)
    elif operator in TEXTS and len(rest) == 2 and isinstance(rest[1], str):
        _operand(rest[0])
    elif operator == "isin" and len(rest) == 2 and isinstance(rest[1], list | tuple):
        _operand(rest[0])
        if len(rest[1]) > _MOST_VALUES:
            raise Invalid(f"data set: more than {_MOST_VALUES} values to be in")
        for each in rest[1]:
            _operand(each)
    elif operator == "null" and len(rest) == 1:
        _operand(rest[0])
    else:
        raise Invalid(f"data set: {operator!r:.40} is no operator of a condition")


def _operand(found: Any) -> None:
    if not isinstance(found, list | tuple) or len(found) != 2:
        raise Invalid(f"data set: {found!r:.80} is neither a column nor a value")
    kind, what = found
    if kind == "time":
        value_of(found)
    elif kind in ("column", "file"):
        if not isinstance(what, str):
            raise Invalid(f"data set: {what!r:.80} is not the name of a column")
    elif kind != "value" or not (what is None or isinstance(what, str | int | float | bool)):
        raise Invalid(f"data set: {found!r:.80} is neither a column nor a value")


def columns(found: Sequence[Any]) -> Iterator[str]:
    """The columns that a condition looks at."""
    if found[0] == "column":
        yield found[1]
    elif found[0] not in ("value", "time", "file"):
        for each in found[1:]:
            if isinstance(each, list | tuple) and each and isinstance(each[0], str):
                yield from columns(each)


def value_of(operand: Sequence[Any]) -> Any:
    """What a value or time stands for; times are without a zone, in UTC."""
    if operand[0] != "time":
        return operand[1]
    try:
        return naive(datetime.fromisoformat(operand[1]))
    except (TypeError, ValueError):
        raise Invalid(f"data set: {operand[1]!r:.80} is not a time in ISO 8601") from None


def naive(at: datetime) -> datetime:
    """A time in UTC without its zone."""
    return at if at.tzinfo is None else at.astimezone(timezone.utc).replace(tzinfo=None)


def holds(found: Sequence[Any], known: Mapping[Any, Any]) -> bool | None:
    """Whether a condition holds where these columns are known; None where that does not tell.

    `known` has a column by its name, and what is known of a file by `("file", name)`.
    """
    operator, rest = found[0], found[1:]
    if operator == "not":
        inner = holds(rest[0], known)
        return None if inner is None else not inner
    if operator in ("and", "or"):
        both = [holds(each, known) for each in rest]
        decisive = bool(operator == "or")
        if decisive in both:
            return decisive
        return None if None in both else not decisive
    is_known, value = _known(rest[0], known)
    if not is_known:
        return None
    return _compared(operator, value, rest[1:], known)


def _compared(
    operator: str, value: Any, rest: Sequence[Any], known: Mapping[Any, Any]
) -> bool | None:
    if operator == "null":
        return value is None
    if operator == "isin":
        return any(value == value_of(each) for each in rest[0])
    if value is None:
        return False
    if operator in TEXTS:
        return bool(TEXTS[operator](str(value), rest[0]))
    is_known, other = _known(rest[0], known)
    if not is_known:
        return None
    if other is None:
        return False
    try:
        return bool(COMPARISONS[operator](value, other))
    except TypeError:
        raise Invalid(f"{value!r} cannot be compared with {other!r}") from None


def _known(operand: Sequence[Any], known: Mapping[Any, Any]) -> tuple[bool, Any]:
    if operand[0] == "column":
        return operand[1] in known, known.get(operand[1])
    if operand[0] == "file":
        key = ("file", operand[1])
        return key in known, known.get(key)
    return True, value_of(operand)
