"""Which paths a pattern means."""

from __future__ import annotations

import pytest

from jupyter_aml.data import patterns


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "d/a.csv", False),
        ("d/*/a.csv", "d/e/a.csv", True),
        ("d/*/a.csv", "d/e/f/a.csv", False),
        ("d/**/a.csv", "d/a.csv", True),
        ("d/**/a.csv", "d/e/f/a.csv", True),
        ("d/**", "d/e/f", True),
        ("d/**", "e", False),
        ("**/*.csv", "a.csv", True),
        ("a?.csv", "a1.csv", True),
        ("a?.csv", "a/.csv", False),
        ("[ab].csv", "b.csv", True),
        ("[!ab].csv", "b.csv", False),
        ("[!ab].csv", "c.csv", True),
        ("a(1)+.csv", "a(1)+.csv", True),
        ("x**y", "x123y", True),
        ("ä*", "äöü", True),
        ("*", "a\nb", True),
    ],
)
def test_a_pattern_means_these_paths(pattern, path, fits):
    assert patterns.matcher(pattern)(path) is fits


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("a/b/*.csv", "a/b"), ("a/*/c", "a"), ("*", ""), ("**/x", ""), ("a/b", "a")],
)
def test_all_matches_lie_in_a_folder(pattern, folder):
    assert patterns.prefix(pattern) == folder


def test_many_stars_cost_no_more_than_a_few():
    # An expression that tries every way to share the letters among the stars would never end.
    assert not patterns.matcher("*" * 30 + "x")("a" * 200)
