"""Metrics of many points as bytes: one line of JSON, then the columns as they lie in memory.

The line is a `WireMetrics` in which each series has in the place of `x`, `y` and `t` the number of
its `points`, and `whole` where its values are integers. After its newline follow `x`, `y` and `t`
of each series in the order of the line, in little-endian doubles; here NaN and infinity are plain
numbers. A million points are 24 MB, which cost a copy; as JSON they cost seconds.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.coding import finite
from jupyter_aml.wire.contents import WireMetrics, WireSeries

MEDIA_TYPE = "application/vnd.jupyter-aml.columns"
"""What a client names in `Accept`, and what the answer then says it is."""

_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Packed:
    """One series: three columns of as many little-endian doubles."""

    x: bytes
    y: bytes
    t: bytes
    count: int
    last: float | None
    is_whole: bool


def pack(metrics: WireMetrics, series: Mapping[str, Packed]) -> bytes:
    """Put the series, of which `metrics` has none, behind all else that it has."""
    heads = {
        name: {
            "points": len(one.x) // _WIDTH,
            "whole": one.is_whole,
            "count": one.count,
            "last": one.last,
        }
        for name, one in series.items()
    }
    line = json.dumps({**metrics, "series": heads}, allow_nan=False, separators=(",", ":"))
    columns = (column for one in series.values() for column in (one.x, one.y, one.t))
    return b"".join((line.encode(), b"\n", *columns))


def unpack(data: bytes) -> WireMetrics:
    """The metrics as JSON would have brought them; raises Invalid for what is cut short."""
    line, _, rest = data.partition(b"\n")
    head: dict[str, Any] = json.loads(line)
    wanted = sum(3 * one["points"] for one in head["series"].values())
    if len(rest) != wanted * _WIDTH:
        raise Invalid(f"the columns of an answer have {len(rest)} bytes, not {wanted * _WIDTH}")
    numbers = array("d", rest)
    if sys.byteorder == "big":
        numbers.byteswap()
    series: dict[str, WireSeries] = {}
    begin = 0
    for name, one in head["series"].items():
        points = one["points"]
        x, y, t = (numbers[begin + at * points : begin + (at + 1) * points] for at in range(3))
        begin += 3 * points
        series[name] = {
            "x": x.tolist(),
            "y": _values(y, is_whole=one["whole"]),
            "t": t.tolist(),
            "count": one["count"],
            "last": one["last"],
        }
    found: WireMetrics = {**head, "series": series}  # type: ignore[typeddict-item]
    return found


def _values(column: array[float], *, is_whole: bool) -> list[float | None]:
    if is_whole:
        return list(map(int, column))
    # A sum may overflow where all are finite; then each is looked at, which is only slower.
    return list(column) if math.isfinite(sum(column)) else list(map(finite, column))
