"""Chance that can be repeated."""

from __future__ import annotations

import pytest

from jupyter_aml.data.chance import share, shares


@pytest.mark.parametrize("seed", [0, 1, -5, 2**63, 123_456_789])
def test_one_at_a_time_is_the_same_as_many_at_once(seed: int) -> None:
    assert shares(7, 100, seed).tolist() == [share(place, seed) for place in range(7, 107)]


def test_numbers_are_spread_evenly_and_differ_by_seed() -> None:
    many = shares(0, 100_000, 1)

    assert many.min() >= 0 and many.max() < 1 and abs(many.mean() - 0.5) < 0.005
    assert abs(((many < 0.5) & (shares(0, 100_000, 2) < 0.5)).mean() - 0.25) < 0.01
