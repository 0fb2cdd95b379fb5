"""Draws series as small SVG pictures: nothing to run, nothing to fetch, no library."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 24, 20
_POINTS = 600
# Both are readable on white and on black, since a picture cannot know the page's theme.
_INK = "#808890"
COLOURS = ("#2f8ac4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8a8f98")
_LINES, _ROW = len(COLOURS), 13
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


def chart(name: str, x: Sequence[float], y: Sequence[float | None]) -> str | None:
    """Return the series as an SVG text of at most 30 KB; None where there is no line to draw."""
    return curves(name, [("", x, y)])


def curves(
    name: str, lines: Sequence[tuple[str, Sequence[float], Sequence[float | None]]]
) -> str | None:
    """Return up to 8 series over each other, with their names below; None if there is no line."""
    drawn = [
        (place, label, _thinned(points, _POINTS // min(len(lines), _LINES)))
        for place, (label, x, y) in enumerate(lines[:_LINES])
        if len(points := _drawable(x, y)) > 1
    ]
    left_out = sum(not _is_drawable(value) for _, _, y in lines[:_LINES] for value in y)
    if not drawn:
        return None
    lowest, highest = _bounds(b for _, _, points in drawn for _, b in points)
    first, last = _bounds(a for _, _, points in drawn for a, _ in points)
    wide, high, floor = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    # The quotient comes first: the extent may be so small that its inverse is infinite.
    shapes = []
    for place, _, points in drawn:
        path = " ".join(
            f"{_LEFT + (a - first) / (last - first) * wide:.1f},"
            f"{floor - (b - lowest) / (highest - lowest) * high:.1f}"
            for a, b in points
        )
        shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[place]}" stroke-width="1.5" '
            'stroke-linejoin="round"/>'
        )
    named = [(place, label) for place, label, _ in drawn if label]
    below = "".join(_named(row, place, label) for row, (place, label) in enumerate(named))
    height = HEIGHT + _ROW * ((len(named) + 1) // 2)
    return (
        f"{head(WIDTH, height)}"
        f"{_title(name, left_out)}"
        f'<path d="M{_LEFT} {_TOP}V{floor}H{WIDTH - _RIGHT}" fill="none" stroke="{_INK}"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 6}" text-anchor="end">{number(highest)}</text>'
        f'<text x="{_LEFT - 4}" y="{floor}" text-anchor="end">{number(lowest)}</text>'
        f'<text x="{_LEFT}" y="{HEIGHT - 6}">{number(first)}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{number(last)}</text>'
        f"{''.join(shapes)}{below}</svg>"
    )


def bars(name: str, edges: Sequence[float], counts: Sequence[float]) -> str | None:
    """Return a histogram as an SVG text; None where there is nothing to draw."""
    if not counts or len(edges) != len(counts) + 1 or len(counts) > _POINTS:
        return None
    # An open end of a histogram is as infinite as a count may be.
    drawn = [
        each for each in zip(edges, edges[1:], counts, strict=False) if all(map(_is_drawable, each))
    ]
    if not drawn:
        return None
    first, last = _bounds(edge for left, right, _ in drawn for edge in (left, right))
    _, highest = _bounds([0.0, *(count for _, _, count in drawn)])
    wide, high, floor = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    shapes = []
    for left, right, count in drawn:
        start = _LEFT + (left - first) / (last - first) * wide
        across = abs(right - left) / (last - first) * wide
        up = max(0.0, count / highest * high)
        shapes.append(
            f'<rect x="{start:.1f}" y="{floor - up:.1f}" width="{max(across - 1, 0.5):.1f}" '
            f'height="{up:.1f}" fill="{COLOURS[0]}"/>'
        )
    return (
        f"{head(WIDTH, HEIGHT)}"
        f"{_title(name, len(counts) - len(drawn))}"
        f'<path d="M{_LEFT} {_TOP}V{floor}H{WIDTH - _RIGHT}" fill="none" stroke="{_INK}"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 6}" text-anchor="end">{number(highest)}</text>'
        f'<text x="{_LEFT}" y="{HEIGHT - 6}">{number(first)}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{number(last)}</text>'
        f"{''.join(shapes)}</svg>"
    )


def head(width: int, height: int) -> str:
    """The opening tag of a picture."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="10" fill="{_INK}">'
    )


def size(picture: str) -> tuple[str, str]:
    """Width and height of a picture that was drawn here."""
    found = _SIZE.search(picture)
    assert found is not None
    return found[1], found[2]


def _title(name: str, left_out: int) -> str:
    """The name, and how many values are not in the picture as they have no place on an axis."""
    room, said = (26, f"{left_out} not finite") if left_out else (44, "")
    note = f'<text x="{WIDTH - _RIGHT}" y="14" text-anchor="end">{said}</text>' if said else ""
    return f'<text x="{_LEFT}" y="14" font-size="12">{escape(_short(name, room))}</text>{note}'


def _named(row: int, place: int, label: str) -> str:
    left = _LEFT + (row % 2) * (WIDTH - _LEFT) // 2
    top = HEIGHT + 9 + _ROW * (row // 2)
    return (
        f'<path d="M{left} {top - 3}h14" stroke="{COLOURS[place]}" stroke-width="2"/>'
        f'<text x="{left + 18}" y="{top}">{escape(_short(label, 20))}</text>'
    )


def _drawable(x: Sequence[float], y: Sequence[float | None]) -> list[tuple[float, float]]:
    return [
        (a, b)
        for a, b in zip(x, y, strict=False)
        if b is not None and _is_drawable(a) and _is_drawable(b)
    ]


def data_url(svg: str) -> str:
    """Return the picture as a data URL: inside `<img>` nothing of it can run or fetch."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def number(value: float) -> str:
    """A number as a reader wants it: short, and never wrong by more than it shows."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}"


def _thinned(points: list[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    # Of each bucket the lowest and the highest stay, so that no spike is lost.
    if len(points) <= most:
        return points
    size = math.ceil(len(points) / (most // 2))
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
