"""Pages of runs: from the words of a request to SQL, and where the next page begins."""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select, tuple_

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.store.filters import (
    Called,
    ChildOf,
    InEnvironment,
    InExperiment,
    InStatus,
    Labelled,
    Measured,
    Plain,
    Typed,
    Word,
    parse,
)  # fmt: skip
from jupyter_aml.store.rows import ENVIRONMENT, PARAM, TYPE, folded, storable
from jupyter_aml.store.schema import run_labels, run_metrics, runs

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "createdAt": runs.c.created_at,
    "startedAt": runs.c.started_at,
    "endedAt": runs.c.ended_at,
    "number": runs.c.number,
    "name": runs.c.name,
    "status": runs.c.status,
}
_METRIC = "metric."


@dataclass(frozen=True, slots=True)
class Order:
    """What runs are sorted by. Runs that do not have it come last, whatever the direction."""

    text: str
    column: ColumnElement[Any] | None
    metric: str
    descending: bool


class Place(NamedTuple):
    """The last run of a page: its value (None among the runs without) and its key."""

    value: Any
    pk: int


@dataclass(frozen=True, slots=True)
class Query:
    """Which runs, in which order."""

    workspace: WorkspaceName
    experiment: ExperimentName | None
    words: tuple[Word, ...]
    order: Order

    @classmethod
    def of(
        cls, workspace: WorkspaceName, experiment: ExperimentName | None, line: str, sort: str
    ) -> Query:
        """Understand a request, or raise Invalid with what makes no sense."""
        return cls(workspace, experiment, parse(line), order_of(sort))

    def count(self) -> Select[str, int]:
        """How many there are of each experiment."""
        counted = select(runs.c.experiment, func.count()).where(*self._conditions(self.words))
        return counted.group_by(runs.c.experiment)

    def having(self, after: Place | None, limit: int) -> Select[int, Any]:
        """The next runs that have the value they are sorted by: key and value."""
        order = self.order
        if order.column is not None:
            value, pk = order.column, runs.c.pk
            rows = select(pk, value).where(*self._conditions(self.words))
        else:
            value, pk = run_metrics.c.value, run_metrics.c.run
            same = [w for w in self.words if isinstance(w, Measured) and w.metric == order.metric]
            others = tuple(word for word in self.words if word not in same)
            # Walks the index of this metric's values and looks at the runs on the way.
            rows = (
                select(pk, value)
                .join(runs, runs.c.pk == pk)
                .where(run_metrics.c.key == storable(order.metric), *self._conditions(others))
                .where(*(_compares(word) for word in same))
            )
        rows = rows.where(value.is_not(None))
        if after is not None:
            further = operator.lt if order.descending else operator.gt
            rows = rows.where(further(tuple_(value, pk), tuple_(literal(after.value), after.pk)))
        both = (value.desc(), pk.desc()) if order.descending else (value.asc(), pk.asc())
        return rows.order_by(*both).limit(limit)

    def lacking(self, after: Place | None, limit: int) -> Select[int]:
        """The next runs without that value, newest first: keys."""
        order = self.order
        if order.column is not None:
            without: ColumnElement[bool] = order.column.is_(None)
        else:
            without = ~_has(order.metric, run_metrics.c.value.is_not(None))
        rows = select(runs.c.pk).where(*self._conditions(self.words), without)
        if after is not None:
            rows = rows.where(runs.c.pk < after.pk)
        return rows.order_by(runs.c.pk.desc()).limit(limit)

    def _conditions(self, words: tuple[Word, ...]) -> list[ColumnElement[bool]]:
        chosen: list[ColumnElement[bool]] = [runs.c.workspace == self.workspace]
        if self.experiment is not None:
            chosen.append(runs.c.experiment == self.experiment)
        return chosen + [_holds(word) for word in words]


def order_of(sort: str) -> Order:
    """Understand `createdAt`, `-metric.NAME`, ...; raises Invalid."""
    name = sort.removeprefix("-")
    descending = name != sort
    if name in _COLUMNS:
        return Order(sort, _COLUMNS[name], "", descending)
    if name.startswith(_METRIC) and name != _METRIC:
        return Order(sort, None, name.removeprefix(_METRIC), descending)
    raise Invalid(
        f"sort: {sort[:80]!r} cannot be understood; use {', '.join(_COLUMNS)} or metric.NAME, "
        "with a '-' in front for descending"
    )


def encode_place(order: Order, place: Place) -> str:
    """The place as text that a client gives back unread."""
    data = json.dumps([order.text, place.value, place.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode()


def decode_place(order: Order, text: str) -> Place:
    """The inverse; raises Invalid for a text that is not ours or of another order."""
    try:
        sort, value, pk = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(f"after: {text[:80]!r} is not the `next` of a page") from error
    whole = [number for number in (value, pk) if isinstance(number, int)]
    if type(pk) is not int or any(abs(number) >= 1 << 63 for number in whole):
        raise Invalid(f"after: {text[:80]!r} is not the `next` of a page")
    if not isinstance(value, str | float | int | None):
        raise Invalid(f"after: {text[:80]!r} is not the `next` of a page")
    if sort != order.text:
        raise Invalid(f"after: that page was sorted by {str(sort)[:80]!r}, not {order.text[:80]!r}")
    return Place(value, pk)


def _holds(word: Word) -> ColumnElement[bool]:
    match word:
        case Plain(text):
            return runs.c.search.contains(folded(text), autoescape=True)
        case InStatus(statuses):
            return _one_of(runs.c.status, sorted(status.value for status in statuses))
        case InExperiment(name):
            return runs.c.experiment == storable(name)
        case InEnvironment(name, version):
            used = (run_labels.c.kind == ENVIRONMENT) & (run_labels.c.key == storable(name))
            if version is not None:
                used &= run_labels.c.value == storable(version)
            return runs.c.pk.in_(select(run_labels.c.run).where(used))
        case ChildOf(parent):
            return runs.c.parent.is_(None) if parent is None else runs.c.parent == parent
        case Called(run_id):
            return runs.c.id == run_id
        case Typed(type):
            typed = (run_labels.c.kind == TYPE) & (run_labels.c.key == storable(type))
            return runs.c.pk.in_(select(run_labels.c.run).where(typed))
        case Labelled(kind, key, value):
            named = (run_labels.c.kind == kind) & (run_labels.c.key == storable(key))
            if value is not None:
                values = [value, *_spellings(value)] if kind == PARAM else [value]
                named &= _one_of(run_labels.c.value, [storable(value) for value in values])
            # Few runs have a label: they are gathered once, and each run is not asked for it.
            return runs.c.pk.in_(select(run_labels.c.run).where(named))
        case Measured(metric):
            return _has(metric, _compares(word))


def _has(metric: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    this = (run_metrics.c.run == runs.c.pk) & (run_metrics.c.key == storable(metric))
    return exists().where(this, condition).correlate(runs)


def _compares(word: Measured) -> ColumnElement[bool]:
    compare = _SIGNS[word.sign]
    values, texts = run_metrics.c.value, run_metrics.c.text
    # A number is never a text, so `!=` holds for whatever is of the other kind.
    same: ColumnElement[bool]
    if isinstance(word.value, str):
        same, other = compare(texts, storable(word.value)), values
    else:
        same, other = compare(values, word.value), texts
    return or_(same, other.is_not(None)) if word.sign == "!=" else same


def _one_of(column: ColumnElement[str], values: list[str]) -> ColumnElement[bool]:
    # Equality lets a database walk an index in order, which a list of one does not.
    return column == values[0] if len(values) == 1 else column.in_(values)


def _spellings(value: str) -> list[str]:
    """Other ways in which the same number may have been written down: 1e-3, 0.001, 1, 1.0."""
    try:
        number = float(value)
    except ValueError:
        return []
    whole = [str(int(number))] if number.is_integer() else []
    return [repr(number), *whole]
