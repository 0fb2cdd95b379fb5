"""Charts of series as small pictures."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from jupyter_aml.widgets.svg import bars, chart, curves


def test_a_curve_is_a_line_within_the_picture():
    svg = chart("loss", [0.0, 1.0, 2.0], [3.0, 1.0, 2.0])

    points = _points(svg)
    assert len(points) == 3
    assert all(0 <= x <= 320 and 0 <= y <= 150 for x, y in points)
    assert points[1][1] == max(y for _, y in points)


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 1.0],
        [0.0, 0.0],
        [-1e299, 1e299],
        [1.0, None, math.nan, 2.0],
        [math.inf, 1.0, 2.0],
        [5e-324, 0.0],
        [1e16, 1e16 + 2],
    ],
)
def test_odd_values_still_make_a_picture(values):
    svg = chart("x", [float(i) for i in range(len(values))], values)

    assert "nan" not in svg and "inf" not in svg
    assert _points(svg)


@pytest.mark.parametrize("values", [[], [1.0], [None, 1.0], [math.nan, math.nan]])
def test_a_single_point_is_no_curve(values):
    assert chart("x", [float(i) for i in range(len(values))], values) is None


def test_many_points_stay_small_and_keep_the_spike():
    values = [0.0] * 100_000
    values[77_777] = 9.0

    svg = chart("x", [float(i) for i in range(len(values))], values)

    assert len(svg) < 30_000
    assert min(y for _, y in _points(svg)) < 30


def test_a_name_with_markup_is_text():
    svg = chart("<script>alert(1)</script>", [0.0, 1.0], [0.0, 1.0])

    assert "<script" not in svg
    ElementTree.fromstring(svg)


@pytest.mark.parametrize("unbounded", [math.inf, -math.inf, math.nan])
def test_a_picture_says_how_many_values_are_not_in_it(unbounded):
    assert ">1 not finite<" in chart("loss", [0.0, 1.0, 2.0], [3.0, unbounded, 2.0])
    assert "not finite" not in chart("loss", [0.0, 1.0], [3.0, 2.0])


@pytest.mark.parametrize("unbounded", [math.inf, -math.inf, math.nan])
def test_a_histogram_without_one_of_its_bars_is_drawn(unbounded):
    svg = bars("residuals", [-1.0, 0.0, 1.0, 2.0], [4, unbounded, 2])

    assert svg.count("<rect") == 2
    assert ">1 not finite<" in svg


def test_a_histogram_may_be_open_at_its_ends():
    svg = bars("residuals", [-math.inf, 0.0, 1.0, 2.0, math.inf], [1, 4, 2, 9])

    assert svg.count("<rect") == 2
    assert ">4</text>" in svg
    assert ">2 not finite<" in svg


def test_the_name_of_a_curve_with_markup_is_text():
    names = ["<script>alert(1)</script>", "</text><image href='x'/>", "a & b"]
    svg = curves("loss", [(name, [0.0, 1.0], [0.0, 1.0]) for name in names])

    assert "<script" not in svg
    assert "<image" not in svg
    ElementTree.fromstring(svg)


def _points(svg):
    line = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}polyline")
    return [tuple(map(float, point.split(","))) for point in line.get("points").split()]
