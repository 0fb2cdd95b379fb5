"""The JSON forms that SDK v1 gave to metrics which are drawn as charts of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.values import plain

VERSION = "v1"


def checked(kind: str, value: Any) -> dict[str, Any]:
    """Return the form as JSON has it, or raise Invalid naming what is missing.

    `kind` is `confusion_matrix`, `accuracy_table`, `predictions` or `residuals`; `value` a text of
    JSON or an object, whose lists may be numpy's.
    """
    form = _read(kind, value)
    if form.get("schema_type") != kind:
        found = repr(form["schema_type"]) if "schema_type" in form else "nothing"
        raise _wrong(kind, f"schema_type must be {kind!r}, not {found}")
    data = form.get("data")
    if not isinstance(data, Mapping):
        raise _wrong(kind, "data is missing" if data is None else "data must be an object")
    _CHECKS[kind](_Data(kind, data))
    return {**form, "schema_version": str(form.get("schema_version", VERSION))}


class _Data:
    """The fields of `data`, each of which is there and of the right form, or is named."""

    def __init__(self, kind: str, data: Mapping[str, Any]) -> None:
        self._kind, self._data = kind, data

    def items(self, name: str) -> list[Any]:
        """A list."""
        if name not in self._data:
            raise _wrong(self._kind, f"data.{name} is missing")
        found = self._data[name]
        if not isinstance(found, list):
            raise _wrong(self._kind, f"data.{name} must be a list")
        return found

    def numbers(self, name: str) -> list[float]:
        """A list of numbers."""
        found = self.items(name)
        self.need(_are_numbers(found), f"data.{name} must hold numbers only")
        return found

    def tables(self, name: str, *, classes: int) -> list[list[list[float]]]:
        """Of each class a table, whose rows count the four outcomes at one threshold."""
        found = self.items(name)
        self.need(len(found) == classes, f"data.{name} must hold a table for each class")
        rows = "rows of four numbers: true and false positives, true and false negatives"
        for table in found:
            fits = isinstance(table, list) and all(_are_numbers(row, 4) for row in table)
            self.need(fits, f"data.{name} must hold tables with {rows}")
        return found

    def need(self, holds: bool, otherwise: str) -> None:
        """Refuse the form unless this holds."""
        if not holds:
            raise _wrong(self._kind, otherwise)


def _confusion_matrix(data: _Data) -> None:
    labels, matrix = data.items("class_labels"), data.items("matrix")
    size = len(labels)
    data.need(size > 0, "data.class_labels is empty")
    data.need(
        len(matrix) == size and all(_are_numbers(row, size) for row in matrix),
        f"data.matrix must be {size} rows of {size} numbers, one for each of data.class_labels",
    )


def _accuracy_table(data: _Data) -> None:
    classes = len(data.items("class_labels"))
    data.need(classes > 0, "data.class_labels is empty")
    thresholds = data.numbers("probability_thresholds")
    for table in data.tables("probability_tables", classes=classes):
        data.need(
            len(table) == len(thresholds),
            "each table of data.probability_tables needs a row for each of "
            "data.probability_thresholds",
        )
    by_class = data.items("percentile_thresholds")
    tables = data.tables("percentile_tables", classes=classes)
    data.need(
        len(by_class) == classes
        and all(
            _are_numbers(each, len(table)) for each, table in zip(by_class, tables, strict=True)
        ),
        "data.percentile_thresholds must hold, for each class, a threshold for each row of its "
        "table in data.percentile_tables",
    )


def _predictions(data: _Data) -> None:
    edges = data.numbers("bin_edges")
    for name in ("bin_averages", "bin_errors", "bin_counts"):
        data.need(
            len(data.numbers(name)) == len(edges) - 1,
            f"data.{name} must hold {len(edges) - 1} numbers, one less than data.bin_edges",
        )


def _residuals(data: _Data) -> None:
    edges = data.numbers("bin_edges")
    data.need(
        len(data.numbers("bin_counts")) == len(edges) - 1,
        f"data.bin_counts must hold {len(edges) - 1} numbers, one less than data.bin_edges",
    )


_CHECKS: Mapping[str, Callable[[_Data], None]] = {
    "confusion_matrix": _confusion_matrix,
    "accuracy_table": _accuracy_table,
    "predictions": _predictions,
    "residuals": _residuals,
}


def _read(kind: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise _wrong(kind, f"the text is not JSON: {error}") from None
    if not isinstance(value, Mapping):
        raise _wrong(kind, f"expected an object or its JSON, not {type(value).__name__}")
    form: dict[str, Any] = plain(value)
    return form


def _are_numbers(found: Any, count: int | None = None) -> bool:
    return (
        isinstance(found, Sequence)
        and not isinstance(found, str)
        and count in (None, len(found))
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in found)
    )


def _wrong(kind: str, what: str) -> Invalid:
    return Invalid(f"{kind.replace('_', ' ')}: {what}")
