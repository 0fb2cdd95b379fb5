"""Draws a series as a small SVG picture: nothing to run, nothing to fetch, no library."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 24, 20
_POINTS = 600
# Both are readable on white and on black, since a picture cannot know the page's theme.
_INK, _LINE = "#808890", "#2f8ac4"


def chart(name: str, x: Sequence[float], y: Sequence[float | None]) -> str | None:
    """Return the series as an SVG text of at most 30 KB; None where there is no line to draw."""
    points = [
        (a, b)
        for a, b in zip(x, y, strict=False)
        if b is not None and _is_drawable(a) and _is_drawable(b)
    ]
    if len(points) < 2:
        return None
    points = _thinned(points)
    lowest, highest = _bounds(b for _, b in points)
    first, last = _bounds(a for a, _ in points)
    wide, high, floor = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    # The quotient comes first: the extent may be so small that its inverse is infinite.
    path = " ".join(
        f"{_LEFT + (a - first) / (last - first) * wide:.1f},"
        f"{floor - (b - lowest) / (highest - lowest) * high:.1f}"
        for a, b in points
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="10" fill="{_INK}">'
        f'<text x="{_LEFT}" y="14" font-size="12">{escape(_short(name, 44))}</text>'
        f'<path d="M{_LEFT} {_TOP}V{floor}H{WIDTH - _RIGHT}" fill="none" stroke="{_INK}"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 6}" text-anchor="end">{number(highest)}</text>'
        f'<text x="{_LEFT - 4}" y="{floor}" text-anchor="end">{number(lowest)}</text>'
        f'<text x="{_LEFT}" y="{HEIGHT - 6}">{number(first)}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{number(last)}</text>'
        f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="1.5" '
        'stroke-linejoin="round"/></svg>'
    )


def data_url(svg: str) -> str:
    """Return the picture as a data URL: inside `<img>` nothing of it can run or fetch."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def number(value: float) -> str:
    """A number as a reader wants it: short, and never wrong by more than it shows."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}"


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    # Of each bucket the lowest and the highest stay, so that no spike is lost.
    if len(points) <= _POINTS:
        return points
    size = math.ceil(len(points) / (_POINTS // 2))
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        low = min(bucket, key=lambda point: point[1])
        high = max(bucket, key=lambda point: point[1])
        kept += sorted({low, high})
    return kept


def _bounds(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    low, high = min(known), max(known)
    if high - low > 0 and math.isfinite(high - low):
        return low, high
    pad = abs(low) * 0.1 or 1.0
    return low - pad, high + pad


def _is_drawable(value: object) -> bool:
    # The comparison is false for NaN. Beyond the bound an extent could overflow.
    return isinstance(value, int | float) and abs(value) < 1e300


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
