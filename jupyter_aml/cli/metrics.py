"""`jupyter aml metrics`: what a run logged."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable
from typing import Any

from jupyter_aml.cli import asking, codes
from jupyter_aml.cli.tables import harmless
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.domain.near import near
from jupyter_aml.widgets.plain import size
from jupyter_aml.wire.contents import WireMetrics

_HEADS = ("Metric", "Points", "Last", "Smallest", "Largest")
_POINT_HEADS = ("name", "step", "time", "value")
_EPILOG = """\
  jupyter aml metrics last
  jupyter aml metrics digits#3 loss --csv > loss.csv
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = _EPILOG
    asking.options(parser)
    asking.name_run(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="one metric, with all its points")
    parser.add_argument("--csv", action="store_true", help="all points: name, step, time, value")
    parser.add_argument(
        "--system", action="store_true", help="what the run took of its machine instead"
    )
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Print a table of all metrics, or the points of one."""
    if args.csv and args.json:
        args.parser.error("--csv and --json exclude each other")
    each = asking.one(args)
    # What its script said a moment ago is taken in first.
    each.look()
    names = [] if args.name is None else [args.name]
    source = "system" if args.system else None
    found = each.client.runs.metrics(each.id, points=0, names=names, source=source)
    if args.name is not None and not {args.name} & {*found["series"], *found["values"]}:
        known = each.client.runs.metrics(each.id, source=source)
        raise NotFound(_unknown(args.name, each.id, [*known["series"], *known["values"]]))
    if args.json:
        asking.answer(args, found, "")
    elif args.csv or (args.name is not None and args.name in found["series"]):
        _write_points(found)
    elif args.name is not None:
        print(json.dumps([value["value"] for value in found["values"][args.name]], indent=2))
    else:
        rows = _rows(found, _taken if args.system else lambda _, value: asking.number(value))
        asking.answer(args, found, asking.table(_HEADS, rows, "nothing was logged"))
    return codes.DONE


def points(found: WireMetrics) -> list[tuple[str, float, float, float]]:
    """Every number: name, step, time in epoch seconds, value."""
    return [
        (name, step, time, _number(value))
        for name, series in found["series"].items()
        for step, time, value in zip(series["x"], series["t"], series["y"], strict=True)
    ]


def _write_points(found: WireMetrics) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_POINT_HEADS)
    writer.writerows(map(harmless, points(found)))


def _rows(found: WireMetrics, shown: Callable[[str, Any], str]) -> list[list[str]]:
    rows = []
    for name, series in found["series"].items():
        known = [value for value in map(_number, series["y"]) if value == value]
        ends = (min(known), max(known)) if known else (None, None)
        values = (shown(name, value) for value in (series["last"], *ends))
        rows.append([name, str(series["count"]), *values])
    for name, held in found["values"].items():
        rows.append([name, str(len(held)), held[-1]["kind"], "", ""])
    return rows


def _taken(name: str, value: Any) -> str:
    """What a run took of its machine, with its unit; a processor is 100 % for each core."""
    if not isinstance(value, int | float):
        return asking.number(value)
    if name.endswith("memory"):
        return size(value)
    return f"{size(value)}/s" if name.startswith(("disk", "network")) else f"{value:.3g} %"


def _number(value: float | str | None) -> float:
    # JSON has neither NaN nor infinity.
    return float("nan") if value is None else float(value)


def _unknown(name: str, run_id: str, known: list[str]) -> str:
    close = near(name, known, 2)
    did = f"; did you mean {' or '.join(close)}?" if close else ""
    listed = f"; it has {', '.join(known[:10])}" if known and not close else ""
    return f"run {run_id} has no metric {name[:80]!r}{did}{listed}"
