"""What a script said adds up to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_aml.domain import limits
from jupyter_aml.engine.runs.records import Said
from tests.unit.domain.test_run import a_run


def said(*records: list[Any]) -> Said:
    heard = Said()
    heard.take(records)
    return heard


def test_a_run_waits_until_it_says_that_it_waits_no_more() -> None:
    heard = said(["wait", "7.1", ["a", "b"], None, 1.0], ["wait", "7.2", ["c"], None, 2.0])

    heard.take([["resume", "7.1", 3.0]])

    assert heard.awaited(1e12) == {"c"}


def test_a_look_counts_as_waiting_for_a_while() -> None:
    heard = said(["wait", "a", ["a"], 100.0, 70.0])

    assert heard.awaited(99.0) == {"a"}
    assert heard.awaited(100.0) == set()


@pytest.mark.parametrize(
    "record",
    [
        ["wait"],
        ["wait", 7, "a", None, 1.0],
        ["wait", "7.1", [7, None, ["a"]], None, 1.0],
        ["wait", "7.1", ["a"], "soon", 1.0],
        ["resume"],
        ["resume", ["7.1"], 1.0],
    ],
)
def test_a_record_that_is_none_changes_no_run(record: list[Any]) -> None:
    heard = Said()

    assert not heard.take([record])
    assert heard.awaited(0.0) <= {"a"}


def test_a_script_that_waits_for_ever_more_runs_is_taken_at_its_last_words() -> None:
    heard = said(*(["wait", str(key), [f"run{key}"], None, 1.0] for key in range(5_000)))

    assert len(heard.awaited(0.0)) == 1_000
    assert "run4999" in heard.awaited(0.0)


def test_a_parameter_is_logged_once_and_the_one_that_was_sent_stays() -> None:
    run = replace(a_run(), parameters={"alpha": 0.5})

    changes = said(
        ["parameter", "depth", "3", 1.0],
        ["parameter", "depth", "4", 2.0],
        ["parameter", "alpha", "7", 3.0],
    ).changes(run)

    after = replace(run, **changes)
    assert after.parameters == {"alpha": 0.5, "depth": "3"}
    assert after.sent_parameters == {"alpha": 0.5}
    assert said(["parameter", "depth", "3", 4.0]).changes(after) == {}


def test_more_parameters_than_a_run_may_have_are_left_out_with_a_warning() -> None:
    heard = said(*(["parameter", f"p{n}", "1", 1.0] for n in range(limits.MOST_LABELS + 5)))

    changes = heard.changes(a_run())

    assert len(changes["parameters"]) == limits.MOST_LABELS
    assert len(changes["logged_parameters"]) == limits.MOST_LABELS
    assert "parameters" in changes["warnings"][0]


def test_parameters_together_have_a_bound() -> None:
    long = "x" * limits.LONGEST_TEXT

    some, are_all = limits.added({}, {f"p{n}": long for n in range(60)})

    assert not are_all and 45 < len(some) < 51
