"""Runs side by side: the bundle that our front end draws, and its static form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from jupyter_aml.widgets import svg
from jupyter_aml.widgets.labels import labels
from jupyter_aml.widgets.parts import grid, picture
from jupyter_aml.widgets.plain import cell, clean, columns, duration, measure, moment, short
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.stored import COMPARISON_MIME, WireComparison, WireComparisonCard

_VERSION = 1
_POINTS, _FEWEST = 200, 40
_ALL_POINTS = 4000
"""What is stored with a notebook stays small, however many runs it is of."""
_RUNS, _COLUMNS, _CHARTS = 50, 16, 12


def bundle(comparison: Any) -> dict[str, Any]:
    """The forms of a comparison as it is now; raises what the client raises."""
    seen = snapshot(comparison)
    data: WireComparison = {
        "version": _VERSION,
        "runIds": [run["runId"] for run in seen["runs"]],
        "workspace": seen["runs"][0]["workspace"],
        "snapshot": seen,
    }
    return {
        COMPARISON_MIME: data,
        "text/html": html(seen),
        "text/plain": text(seen),
    }


def snapshot(comparison: Any) -> WireComparisonCard:
    """All that a stored output needs to draw the comparison with no server."""
    runs = comparison.look()
    points = max(_FEWEST, min(_POINTS, _ALL_POINTS // len(runs)))
    metrics = {
        run.id: run.client.runs.metrics(run.id, points=points) for run in comparison.runs[:_RUNS]
    }
    for held in metrics.values():
        # Images and tables of each run are its card's.
        held["values"] = {}
    return {
        "runs": runs,
        "metrics": metrics,
        "savedAt": encode_time(datetime.now(timezone.utc)) or "",
    }


def html(card: WireComparisonCard) -> str:
    """One inert HTML element: a table in which what differs is marked, and the curves."""
    heads, rows, differing = _table(card["runs"])
    table = grid(heads, rows[:_RUNS], marked=differing)
    hidden = len(rows) - _RUNS
    more = f"<div>and {hidden} more runs</div>" if hidden > 0 else ""
    return (
        '<div style="font-family:sans-serif;font-size:13px;line-height:1.45;overflow-x:auto">'
        f"{table}{more}<div>{''.join(_charts(card))}</div></div>"
    )


def text(card: WireComparisonCard) -> str:
    """The table as plain text."""
    heads, rows, _ = _table(card["runs"])
    return "\n".join(columns([[cell(one) for one in row] for row in [heads, *rows[:_RUNS]]]))


def _table(
    runs: Sequence[WireRun],
) -> tuple[list[str], list[list[str]], set[int]]:
    """Heads, rows of texts, and the places of the columns in which the runs differ."""
    parameters = list(dict.fromkeys(name for run in runs for name in run["parameters"]))
    metrics = list(dict.fromkeys(name for run in runs for name in run["metrics"]))
    found: list[tuple[str, list[str]]] = [
        ("Run", labels(runs)),
        ("Status", [run["status"] for run in runs]),
        ("Started", [moment(run["startedAt"]) for run in runs]),
        ("Duration", [duration(run) for run in runs]),
    ]
    fixed = len(found)
    of_runs = [(name, [_shown(run["parameters"], name) for run in runs]) for name in parameters]
    if any(run["arguments"] for run in runs):
        of_runs.insert(0, ("Arguments", [short(" ".join(run["arguments"]), 60) for run in runs]))
    of_runs += [(name, [_shown(run["metrics"], name) for run in runs]) for name in metrics]
    # Where there are too many columns, those that tell the runs apart are worth more.
    of_runs.sort(key=lambda column: len(set(column[1])) == 1)
    found += of_runs[:_COLUMNS]
    differing = {
        place for place, (_, each) in enumerate(found) if place >= fixed and len(set(each)) > 1
    }
    rows = [list(row) for row in zip(*(each for _, each in found), strict=True)]
    return [name for name, _ in found], rows, differing


def _shown(held: Any, name: str) -> str:
    if name not in held:
        return ""
    return short(measure(held[name]), 60)


def _charts(card: WireComparisonCard) -> list[str]:
    series = {run_id: held["series"] for run_id, held in card["metrics"].items()}
    runs = [run for run in card["runs"] if run["runId"] in series]
    called = labels(runs)
    names = sorted({
        name for held in series.values() for name, one in held.items() if one["count"] > 1
    })  # fmt: skip
    drawn = []
    for name in names[:_CHARTS]:
        lines = [
            (clean(label), one["x"], one["y"])
            for label, run in zip(called, runs, strict=True)
            if (one := series[run["runId"]].get(name)) is not None
        ]
        shape = svg.curves(clean(name), lines)
        if shape is not None:
            drawn.append(picture(f"curves of {short(name)}", shape))
    return drawn
