"""What the records of a run hold, as MLflow's values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.plugins.mlflow.recorded import number, numbers, recorded
from jupyter_aml.runfolder.layout import RunFolder


def said(folder: Path, *records: list[Any]) -> RunFolder:
    run = RunFolder(folder)
    run.metrics.mkdir()
    (run.metrics / "1-1.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in records))
    return run


@pytest.mark.parametrize(
    ("points", "value"),
    [
        ([(1.0, 7, 5.0), (2.0, 3, 6.0)], 5.0),
        ([(1.0, 3, 5.0), (2.0, 3, 6.0)], 6.0),
        ([(1.0, 3, 5.0), (1.0, 3, 4.0)], 5.0),
        ([(1.0, None, 5.0), (2.0, None, 4.0)], 4.0),
        ([(1.0, 3, 5.0), (1.0, 3, float("nan"))], 5.0),
    ],
)
def test_the_newest_value_has_the_greatest_step_then_time_then_value(
    tmp_path: Path, points: list[tuple[float, Any, float]], value: float
) -> None:
    run = said(tmp_path, *(["m", "loss", *point] for point in points))

    (newest,) = recorded(run).latest()

    assert (newest.key, newest.value) == ("loss", value)


def test_a_history_is_in_order_and_has_whole_milliseconds(tmp_path: Path) -> None:
    run = said(tmp_path, ["m", "a", 1.0004, 2, 1.5], ["m", "b", 1.0, 0, 9], ["m", "a", 2, None, 2])

    history = recorded(run).history("a")

    assert [(each.timestamp, each.step, each.value) for each in history] == [
        (1000, 2, 1.5), (2000, 0, 2.0),
    ]  # fmt: skip
    assert recorded(run).history("none") == []


def test_the_first_word_about_a_parameter_stands(tmp_path: Path) -> None:
    run = said(tmp_path, ["parameter", "p", "1", 1.0], ["parameter", "p", "2", 2.0], ["parameter"])

    assert recorded(run).parameters == {"p": "1"}


def test_numbers_come_back_as_they_travel_and_texts_are_none() -> None:
    metrics = {"a": 1, "b": None, "c": "Infinity", "d": "-Infinity", "e": "words"}

    found = {each.key: repr(each.value) for each in numbers(metrics, 2.0)}

    assert found == {"a": "1.0", "b": "nan", "c": "inf", "d": "-inf"}
    assert number("0.5") == 0.5
