"""The numbers of runs: each is given once in an experiment, and among the children of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from jupyter_aml.domain.run import Run

Series = tuple[str, str, "str | None"]
"""Workspace, experiment and parent: what is numbered together."""


def series_of(run: Run) -> Series:
    """What the run is numbered in."""
    return (run.workspace, run.experiment, run.parent)


def with_own_numbers(
    runs: Iterable[Run], taken: Mapping[Series, AbstractSet[int]] | None = None
) -> list[Run]:
    """The runs in this order; one without a number, or with one that is taken, gets the next.

    Of two runs with one number the first keeps it.
    """
    kept: dict[Series, set[int]] = defaultdict(set)
    for series, numbers in (taken or {}).items():
        kept[series] |= numbers
    numbered: list[Run] = []
    without: list[int] = []
    for place, run in enumerate(runs):
        numbered.append(run)
        if run.number and run.number not in kept[series_of(run)]:
            kept[series_of(run)].add(run.number)
        else:
            without.append(place)
    greatest = {series: max(numbers, default=0) for series, numbers in kept.items()}
    for place in without:
        series = series_of(numbered[place])
        greatest[series] += 1
        numbered[place] = replace(numbered[place], number=greatest[series])
    return numbered
