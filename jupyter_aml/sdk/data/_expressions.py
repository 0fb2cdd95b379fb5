"""`dataset['age'] > 30`: conditions that are written as Python and stored as data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NoReturn

from jupyter_aml.domain.expression import naive
from jupyter_aml.sdk.exceptions import UserErrorException


class Condition:
    """What holds of a row, or does not. Combine conditions with `&`, `|` and `~`."""

    def __init__(self, said: list[Any]) -> None:
        self.said = said

    def __and__(self, other: Any) -> Condition:
        return Condition(["and", self.said, _condition(other)])

    def __or__(self, other: Any) -> Condition:
        return Condition(["or", self.said, _condition(other)])

    def __invert__(self) -> Condition:
        return Condition(["not", self.said])

    def __bool__(self) -> NoReturn:
        raise UserErrorException(
            "a condition on columns has no truth of its own: combine conditions with & | ~, each "
            "in parentheses, instead of and, or, not"
        )

    def __repr__(self) -> str:
        return f"Condition({self.said!r})"


class Column:
    """A column of a data set, of which conditions are made."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str, kind: str = "column") -> None:
        self._said = [kind, name]

    def __gt__(self, other: Any) -> Condition:
        return Condition(["gt", self._said, _operand(other)])

    def __ge__(self, other: Any) -> Condition:
        return Condition(["ge", self._said, _operand(other)])

    def __lt__(self, other: Any) -> Condition:
        return Condition(["lt", self._said, _operand(other)])

    def __le__(self, other: Any) -> Condition:
        return Condition(["le", self._said, _operand(other)])

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition(["eq", self._said, _operand(other)])

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition(["ne", self._said, _operand(other)])

    def __bool__(self) -> NoReturn:
        raise UserErrorException(f"{self!r} is a column: compare it, as in {self!r} > 3")

    def isin(self, values: Iterable[Any]) -> Condition:
        """It is one of these."""
        if isinstance(values, str):
            raise UserErrorException("isin: give a list of values")
        return Condition(["isin", self._said, [_operand(each) for each in values]])

    is_in = isin

    def is_null(self) -> Condition:
        """It is missing."""
        return Condition(["null", self._said])

    def starts_with(self, text: str) -> Condition:
        """It is a text that begins so."""
        return Condition(["begins", self._said, _text(text)])

    def ends_with(self, text: str) -> Condition:
        """It is a text that ends so."""
        return Condition(["ends", self._said, _text(text)])

    def contains(self, text: str) -> Condition:
        """It is a text with this in it."""
        return Condition(["contains", self._said, _text(text)])

    def __repr__(self) -> str:
        kind, name = self._said
        return f"dataset[{name!r}]" if kind == "column" else f"dataset.file_metadata({name!r})"


def condition_of(given: Any) -> list[Any]:
    """The stored form of a condition; UserErrorException for anything else."""
    return _condition(given)


def _condition(given: Any) -> list[Any]:
    if isinstance(given, Condition):
        return given.said
    raise UserErrorException(
        f"{given!r:.80} is no condition: write one as (dataset['age'] > 30) & (dataset['sex'] == "
        "'f')"
    )


def _operand(value: Any) -> list[Any]:
    if isinstance(value, Column):
        return value._said
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    if isinstance(value, datetime):
        return ["time", naive(value).isoformat()]
    if isinstance(value, date):
        return ["time", datetime(value.year, value.month, value.day).isoformat()]
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
        return _operand(value) if isinstance(value, datetime) else ["value", value]
    if value is None or isinstance(value, str | int | float | bool):
        return ["value", value]
    raise UserErrorException(f"{value!r:.80} cannot be compared with a column")


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise UserErrorException(f"{given!r:.80} is no text")
    return given
