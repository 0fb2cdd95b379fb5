"""Each number is given once; who has none, or one that is taken, gets the next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.numbers import series_of, with_own_numbers
from jupyter_aml.domain.run import Run, RunStatus

NOON = datetime(2026, 1, 1, tzinfo=UTC)


def a_run(number: int, parent: str | None = None) -> Run:
    return Run(
        id=RunId("x"),
        workspace=WorkspaceName("w"),
        experiment=ExperimentName("e"),
        number=number,
        status=RunStatus.COMPLETED,
        created_at=NOON,
        changed_at=NOON,
        parent=None if parent is None else RunId(parent),
    )


@pytest.mark.parametrize(
    ("told", "taken", "given"),
    [
        ([1, 2, 3], set(), [1, 2, 3]),
        ([3, 1], set(), [3, 1]),
        ([1, 1, 2], set(), [1, 3, 2]),
        ([0, 0, 5], set(), [6, 7, 5]),
        ([1, 2], {1, 2}, [3, 4]),
        ([2, 1], {1}, [2, 3]),
        ([], {1}, []),
    ],
)
def test_numbers_are_given_once(told: list[int], taken: set[int], given: list[int]) -> None:
    runs = [a_run(number) for number in told]

    numbered = with_own_numbers(runs, {series_of(a_run(0)): taken})

    assert [run.number for run in numbered] == given


def test_children_are_numbered_among_those_of_their_parent() -> None:
    runs = [a_run(1), a_run(1, "p"), a_run(1, "q"), a_run(1, "p")]

    assert [run.number for run in with_own_numbers(runs)] == [1, 1, 1, 2]
