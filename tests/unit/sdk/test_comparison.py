"""Runs side by side, with a client that answers from memory."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk._run import frames
from jupyter_aml.sdk._run.comparison import Comparison
from jupyter_aml.sdk._run.drawing import smoothed
from jupyter_aml.sdk.comparison import compare
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.testing.wires import a_series, a_wire_run
from jupyter_aml.widgets import comparison
from jupyter_aml.widgets.labels import labels


class FakeRuns:
    """Two runs, and what they logged."""

    def __init__(self, *runs: Any, **series: Any) -> None:
        self.kept = {run["runId"]: run for run in runs}
        self.series = series

    def get(self, run_id: str) -> Any:
        return self.kept[run_id]

    def metrics(self, run_id: str, **_: Any) -> Any:
        return {"runId": run_id, "series": self.series, "values": {}, "cursor": 0}


def some_runs(*different: dict[str, Any], **series: Any) -> list[Run]:
    found = [
        a_wire_run(runId=f"exp_{place}", number=place, **each)
        for place, each in enumerate(different, 1)
    ]
    client = SimpleNamespace(runs=FakeRuns(*found, **series), status=lambda: {"root": "/nowhere"})
    workspace: Any = SimpleNamespace(client=client, name="default")
    return [Run.from_wire(workspace, run) for run in found]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    monkeypatch.delenv("AML_ROOT", raising=False)
    return some_runs(
        {"parameters": {"alpha": 0.1, "kind": "a"}, "metrics": {"rmse": 2.0, "odd": "Infinity"}},
        {
            "parameters": {"alpha": 1.0, "kind": "b$_"},
            "metrics": {"rmse": None},
            "tags": {"t": "1"},
        },
        loss=a_series(3.0, 2.0, 1.0),
        once=a_series(5.0),
    )


def test_a_table_has_one_row_a_run(runs: list[Run]) -> None:
    table = compare(runs).df

    assert list(table.index) == ["exp_1", "exp_2"]
    assert list(table.columns[9:]) == [
        "arguments", "param.alpha", "param.kind", "metric.rmse", "metric.odd", "tag.t",
    ]  # fmt: skip
    assert table.loc["exp_1", "metric.odd"] == math.inf
    assert math.isnan(table.loc["exp_2", "metric.rmse"])
    assert table.loc["exp_1", "duration"] == 1.0
    assert str(table["created"].dtype).endswith("UTC]")


def test_no_runs_are_a_table_with_its_columns() -> None:
    assert list(frames.runs([]).columns)[:2] == ["experiment", "number"]


def test_runs_are_compared_by_what_tells_them_apart() -> None:
    """Arguments, and ids where children of two runs bear one number."""
    one, other = (
        a_wire_run(runId=f"exp_{place}_1", number=1, arguments=["--alpha", str(place)])
        for place in (1, 2)
    )

    assert labels([one, other]) == ["exp_1_1", "exp_2_1"]
    assert list(frames.runs([one, other])["arguments"]) == ["--alpha 1", "--alpha 2"]
    shown = comparison.text({"runs": [one, other], "metrics": {}, "savedAt": ""})
    assert "Arguments" in shown
    assert "--alpha 2" in shown


def test_the_points_of_a_run_are_a_table(runs: list[Run]) -> None:
    table = runs[0].df

    assert list(table.columns) == ["metric", "step", "time", "value"]
    assert list(table[table.metric == "loss"].value) == [3.0, 2.0, 1.0]


def test_runs_are_given_in_any_form_and_once(runs: list[Run]) -> None:
    assert compare(runs[0], [runs[1], runs[0]]).runs == runs
    with pytest.raises(UserErrorException, match="no run to compare"):
        compare([])
    with pytest.raises(UserErrorException, match="int is not a run"):
        compare(5)


def test_pictures_are_figures_with_a_curve_for_each_run(runs: list[Run]) -> None:
    figure: Any = compare(runs).plot()

    (axes,) = figure.axes
    assert axes.get_title() == "loss"
    assert [list(line.get_ydata()) for line in axes.lines] == [[3.0, 2.0, 1.0]] * 2
    assert len({line.get_color() for line in axes.lines}) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["#1", "#2"]
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_every_kind_of_picture_is_drawn(runs: list[Run]) -> None:
    both: Any = Comparison(runs)

    for figure in (
        both.plot(["loss", "once"], x="time", smooth=0.5),
        both.plot("once"),
        runs[0].plot(),
        both.parallel(),
        both.scatter("alpha", "metric.rmse"),
    ):
        assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda both: both.plot("los"), "there are loss, once"),
        (lambda both: both.plot(x="epoch"), '"step" or "time"'),
        (lambda both: both.plot(smooth=1), "below 1"),
        (lambda both: both.scatter("alpha", "nothing"), "there are param.alpha, .*metric.rmse"),
        (lambda both: both.parallel(["alpha"]), "fewer than two"),
    ],
)
def test_what_cannot_be_drawn_is_told(runs: list[Run], what: Any, words: str) -> None:
    with pytest.raises(UserErrorException, match=words):
        what(Comparison(runs))


@pytest.mark.parametrize("unbounded", ["Infinity", "-Infinity", None])
def test_one_value_that_is_not_finite_blanks_no_picture(unbounded: Any) -> None:
    """JSON tells infinity as text and not-a-number as null; the rest is drawn."""
    line = {"x": [0.0, 1.0, 2.0], "y": [3.0, unbounded, 1.0], "t": [0.0, 1.0, 2.0]}
    runs = some_runs(
        {"metrics": {"rmse": 2.0, "other": 1.0}},
        {"metrics": {"rmse": unbounded, "other": 2.0}},
        {"metrics": {"rmse": 4.0, "other": 3.0}},
        loss={**line, "count": 3, "last": 1.0},
        once={"x": [0.0], "y": [unbounded], "t": [0.0], "count": 1, "last": unbounded},
    )

    curve: Any = compare(runs).plot("loss", smooth=0.5)
    (axes,) = curve.axes
    assert all(0.0 < bound < 4.0 for bound in axes.get_ylim())
    across: Any = compare(runs).parallel(["metric.rmse", "metric.other"])
    ends = [line for line in across.axes[0].lines if len(line.get_xdata()) == 2]
    heights = [float(line.get_ydata()[0]) for line in ends if line.get_marker() == "o"]
    assert heights[0] == 0.0
    assert math.isnan(heights[1])
    assert heights[2] == 1.0
    for figure in (
        curve,
        across,
        compare(runs).plot("once"),
        compare(runs).scatter("rmse", "other"),
    ):
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_smoothing_begins_where_the_curve_begins_and_leaves_gaps() -> None:
    found = smoothed([4.0, math.nan, 4.0, 0.0], 0.5)

    assert found[0] == found[2] == 4.0
    assert math.isnan(found[1])
    assert 0.0 < found[3] < 2.0


def test_a_difference_is_between_two(runs: list[Run]) -> None:
    with pytest.raises(UserErrorException, match="between two runs, and these are 1"):
        compare(runs[0]).difference()
