"""What a script said adds up to."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.engine.runs.records import Said


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
