"""Conditions as pyarrow computes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_aml.domain import expression
from jupyter_aml.domain.errors import Invalid

_OPERATORS = {"eq": "__eq__", "ne": "__ne__", "gt": "__gt__", "ge": "__ge__", "lt": "__lt__",
              "le": "__le__"}  # fmt: skip


def condition(where: Sequence[Any], schema: Any) -> Any:
    """The condition as an expression; raises Invalid where a column is of another kind."""
    import pyarrow.compute as pc

    operator, rest = where[0], where[1:]
    if operator == "not":
        return ~condition(rest[0], schema)
    if operator == "and":
        return condition(rest[0], schema) & condition(rest[1], schema)
    if operator == "or":
        return condition(rest[0], schema) | condition(rest[1], schema)
    left = _operand(rest[0], schema, None)
    if operator == "null":
        return left.is_null()
    kind = _kind(rest[0], schema)
    if operator in expression.TEXTS:
        if kind is not None and not _is_text(kind):
            raise Invalid(f"column {rest[0][1]!r} is of {kind} and holds no texts to look into")
        name = {"begins": "starts_with", "ends": "ends_with", "contains": "match_substring"}
        return getattr(pc, name[operator])(left, rest[1])
    if operator == "isin":
        return left.isin([_value(each, kind, rest[0]) for each in rest[1]])
    other = rest[1]
    if kind is None:
        return getattr(_operand(rest[0], schema, _kind(other, schema)), _OPERATORS[operator])(
            _operand(other, schema, None)
        )
    if other[0] == "value" and other[1] is None:
        return {"eq": left.is_null(), "ne": ~left.is_null()}.get(operator, left.is_null() & False)
    return getattr(left, _OPERATORS[operator])(_operand(other, schema, kind, rest[0]))


def _kind(operand: Sequence[Any], schema: Any) -> Any:
    return schema.field(operand[1]).type if operand[0] == "column" else None


def _operand(operand: Sequence[Any], schema: Any, kind: Any, beside: Any = None) -> Any:
    import pyarrow.compute as pc

    if operand[0] == "column":
        return pc.field(operand[1])
    if operand[0] == "file":
        raise Invalid("file_metadata(...) asks for files; a tabular data set has rows")
    return pc.scalar(_value(operand, kind, beside))


def _value(operand: Sequence[Any], kind: Any, beside: Any) -> Any:
    import pyarrow as pa

    value = expression.value_of(operand)
    if kind is None or value is None:
        return value
    is_time = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    try:
        if is_time and isinstance(value, str):
            from datetime import datetime

            value = expression.naive(datetime.fromisoformat(value))
        if is_time != (operand[0] == "time" or hasattr(value, "year")):
            raise TypeError
        if pa.types.is_timestamp(kind):
            return pa.scalar(value, pa.timestamp("us")).cast(pa.timestamp(kind.unit, kind.tz))
        if pa.types.is_date(kind):
            return pa.scalar(value, pa.timestamp("us")).cast(kind, safe=False)
        if _is_text(kind) != isinstance(value, str):
            raise TypeError
    except (TypeError, ValueError):
        name = beside[1] if beside else "?"
        raise Invalid(
            f"column {name!r} is of {kind} and cannot be compared with {value!r}"
        ) from None
    return value


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
