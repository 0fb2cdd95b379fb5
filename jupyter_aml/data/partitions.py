"""Columns that stand in the paths of files: `{region}/{day:yyyy/MM/dd}/*.csv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jupyter_aml.domain.errors import Invalid

_KEY = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
_PARTS = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
_PART = re.compile("yyyy|MM|dd|HH|mm|ss")


@dataclass(frozen=True)
class Partition:
    """A format, taken apart. Values are texts, but those with a form of dates are times."""

    text: str
    keys: tuple[str, ...]
    dates: Mapping[str, tuple[str, ...]]
    """The parts of each date, as its groups are called."""
    pattern: re.Pattern[str]

    def values(self, path: str) -> dict[str, Any]:
        """The values that a path holds, by key; raises Invalid where it does not fit."""
        found = self.pattern.search(path)
        if found is None:
            raise Invalid(f"the path {path!r} does not fit partition_format={self.text!r}")
        groups = found.groups()
        values: dict[str, Any] = {}
        place = 0
        for key in self.keys:
            parts = self.dates.get(key)
            count = len(parts) if parts else 1
            taken, place = groups[place : place + count], place + count
            values[key] = self._date(path, parts, taken) if parts else taken[0]
        return values

    def _date(self, path: str, parts: tuple[str, ...], taken: tuple[str, ...]) -> datetime:
        whole = {"year": 1, "month": 1, "day": 1}
        whole.update({part: int(value) for part, value in zip(parts, taken)})  # noqa: B905
        try:
            return datetime(**whole)  # type: ignore[arg-type]
        except ValueError as error:
            raise Invalid(f"the path {path!r} holds no date for {self.text!r}: {error}") from None

    def floor(self, key: str, at: datetime) -> datetime:
        """The time that a path has for what happened at this time."""
        kept = {*self.dates[key]}
        first = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0}
        return at.replace(**{part: low for part, low in first.items() if part not in kept})  # type: ignore[arg-type]


@lru_cache(64)
def partition(text: str) -> Partition:
    """Take a format apart; raises Invalid."""
    keys: list[str] = []
    dates: dict[str, tuple[str, ...]] = {}
    said, rest = "", text.strip("/")
    for found in _KEY.finditer(rest):
        name, form = found[1].strip(), found[2]
        if name in keys:
            raise Invalid(f"partition_format={text!r} names {name!r} twice")
        keys.append(name)
        if form is not None:
            dates[name] = _date_parts(text, form)
    place = 0
    for found in _KEY.finditer(rest):
        said += _literal(rest[place : found.start()])
        said += "([^/]+)" if found[2] is None else _date_pattern(found[2])
        place = found.end()
    said += _literal(rest[place:])
    if not keys or "{" in _KEY.sub("", rest):
        raise Invalid(f"partition_format={text!r}: write a column as {{name}} or {{name:yyyy/MM}}")
    return Partition(text, tuple(keys), dates, re.compile(f"(?:^|/){said}$"))


def _date_parts(text: str, form: str) -> tuple[str, ...]:
    parts = tuple(_PARTS[each] for each in _PART.findall(form))
    if not parts or len(set(parts)) != len(parts):
        raise Invalid(f"partition_format={text!r}: {form!r} is made of yyyy, MM, dd, HH, mm and ss")
    return parts


def _date_pattern(form: str) -> str:
    said, place = "", 0
    for found in _PART.finditer(form):
        said += re.escape(form[place : found.start()])
        said += r"(\d{4})" if found[0] == "yyyy" else r"(\d{1,2})"
        place = found.end()
    return said + re.escape(form[place:])


def _literal(text: str) -> str:
    escaped = re.escape(text)
    return escaped.replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
