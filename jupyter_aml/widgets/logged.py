"""Draws what a run logged that is not a number: tables, matrices, curves of classifiers, ..."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.widgets import svg
from jupyter_aml.widgets.parts import FAINT, grid, more, picture
from jupyter_aml.widgets.plain import clean, inert, measure, short
from jupyter_aml.wire.contents import WireValue
from jupyter_aml.wire.numbers import numbers
from jupyter_aml.wire.shapes import checked

_ROWS, _COLUMNS, _CLASSES, _CURVES = 20, 12, 20, 8


def draw(name: str, logged: Sequence[WireValue]) -> str:
    """Inert HTML for all that was logged under a name; empty where it is best said as text."""
    kind = logged[-1]["kind"]
    drawer = _DRAWERS.get(kind)
    if drawer is None:
        return ""
    body = drawer(name, [value["value"] for value in logged if value["kind"] == kind])
    if not body:
        return ""
    times = f" (last of {len(logged)})" if len(logged) > 1 and kind != "row" else ""
    title = f'<div style="{FAINT}">{inert(short(name))}{times}</div>'
    return f'<div style="margin-top:6px">{title}{body}</div>'


def _table(name: str, values: Sequence[Any]) -> str:
    table = values[-1]
    if not isinstance(table, Mapping) or not table:
        return ""
    columns = [
        (str(key), column if isinstance(column, list) else [column])
        for key, column in list(table.items())[:_COLUMNS]
    ]
    length = max(len(column) for _, column in columns)
    rows = [
        [_cell(column[row]) if row < len(column) else "" for _, column in columns]
        for row in range(min(length, _ROWS))
    ]
    return grid([key for key, _ in columns], rows) + more(length, _ROWS)


def _rows(name: str, values: Sequence[Any]) -> str:
    rows = [value for value in values if isinstance(value, Mapping)]
    names = list(dict.fromkeys(str(key) for row in rows for key in row))[:_COLUMNS]
    if not names:
        return ""
    shown = [[_cell(row.get(key, "")) for key in names] for row in rows[-_ROWS:]]
    return grid(names, shown) + more(len(rows), _ROWS)


def _list(name: str, values: Sequence[Any]) -> str:
    items = numbers(values[-1])
    if not isinstance(items, list) or len(items) < 3:
        return ""
    if not all(isinstance(item, int | float) for item in items):
        return ""
    return _shape(name, svg.chart(clean(name), list(range(len(items))), items))


def _confusion_matrix(name: str, values: Sequence[Any]) -> str:
    data = _data("confusion_matrix", values[-1])
    if data is None or len(data["class_labels"]) > _CLASSES:
        return ""
    matrix = data["matrix"]
    rows = []
    for label, row in zip(data["class_labels"], matrix, strict=True):
        whole = sum(count for count in row if math.isfinite(count)) or 1
        cells = "".join(_count(count, count / whole) for count in row)
        rows.append(f'<tr><th style="{_PAD};{FAINT}">{inert(short(label, 24))}</th>{cells}</tr>')
    heads = "".join(
        f'<th style="{_PAD};{FAINT}">{inert(short(label, 24))}</th>'
        for label in data["class_labels"]
    )
    style = "border-collapse:collapse;margin:4px 0;color:inherit;font-size:inherit"
    return (
        f'<table style="{style}"><thead><tr><th style="{_PAD};{FAINT}">true \\ predicted</th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _count(count: float, share: float) -> str:
    # Blue of the strength of the row's share, weak enough for the text on it, light or dark.
    strength = 0.65 * min(1.0, max(0.0, share)) if share == share else 0.0
    look = f"{_PAD};text-align:right;background:rgba(47,138,196,{strength:.2f})"
    return f'<td style="{look}">{inert(_cell(count))}</td>'


def _accuracy_table(name: str, values: Sequence[Any]) -> str:
    data = _data("accuracy_table", values[-1])
    if data is None:
        return ""
    roc, precision = [], []
    tables = zip(data["class_labels"], data["probability_tables"], strict=True)
    for label, table in list(tables)[:_CURVES]:
        at = [_rates(*row) for row in table if all(map(math.isfinite, row))]
        across = sorted({(0.0, 0.0), (1.0, 1.0), *((fall, recall) for fall, recall, _ in at)})
        roc.append((clean(str(label)), [x for x, _ in across], [y for _, y in across]))
        known = sorted({(recall, exact) for _, recall, exact in at})
        precision.append((clean(str(label)), [x for x, _ in known], [y for _, y in known]))
    return _shape(name, svg.curves(f"ROC: {clean(name)}", roc)) + _shape(
        name, svg.curves(f"Precision over recall: {clean(name)}", precision)
    )


def _rates(
    hits: float, false_alarms: float, rejections: float, misses: float
) -> tuple[float, float, float]:
    """The rates of false positives and of true positives, and the precision."""
    negatives, positives, called = false_alarms + rejections, hits + misses, hits + false_alarms
    return (
        false_alarms / negatives if negatives else 0.0,
        hits / positives if positives else 0.0,
        # Where nothing is called positive, nothing called so was wrong.
        hits / called if called else 1.0,
    )


def _residuals(name: str, values: Sequence[Any]) -> str:
    data = _data("residuals", values[-1])
    if data is None:
        return ""
    return _shape(name, svg.bars(clean(name), data["bin_edges"], data["bin_counts"]))


def _predictions(name: str, values: Sequence[Any]) -> str:
    data = _data("predictions", values[-1])
    if data is None:
        return ""
    edges, averages, errors = data["bin_edges"], data["bin_averages"], data["bin_errors"]
    centres = [(left + right) / 2 for left, right in pairwise(edges)]
    lines: list[tuple[str, Sequence[float], Sequence[float | None]]] = [
        ("predicted", centres, averages),
        ("true", [edges[0], edges[-1]], [edges[0], edges[-1]]),
        ("+ error", centres, [a + e for a, e in zip(averages, errors, strict=True)]),
        ("- error", centres, [a - e for a, e in zip(averages, errors, strict=True)]),
    ]
    return _shape(name, svg.curves(clean(name), lines))


_DRAWERS: Mapping[str, Callable[[str, Sequence[Any]], str]] = {
    "table": _table,
    "row": _rows,
    "list": _list,
    "confusion_matrix": _confusion_matrix,
    "accuracy_table": _accuracy_table,
    "residuals": _residuals,
    "predictions": _predictions,
}
_PAD = "padding:2px 8px;border:0"


def _data(kind: str, value: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = checked(kind, _measured(value))["data"]
    except Invalid:
        # Written by hand or by another version: it is shown as text.
        return None
    return found


def _measured(value: Any) -> Any:
    """The form with its numbers as they were logged, of which JSON tells some as null or text."""
    data = value.get("data") if isinstance(value, Mapping) else None
    if not isinstance(data, Mapping):
        return value
    told = {key: held if key == "class_labels" else numbers(held) for key, held in data.items()}
    return {**value, "data": told}


def _shape(name: str, shape: str | None) -> str:
    return "" if shape is None else picture(f"chart of {short(name)}", shape)


def _cell(value: Any) -> str:
    return short(measure(value), 60)
