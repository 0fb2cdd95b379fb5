"""What is put on the page for a run."""

from __future__ import annotations

import json
import sys

import pytest

from jupyter_aml.testing.wires import a_series, a_wire_run
from jupyter_aml.widgets.bundle import bundle, needs_widget
from jupyter_aml.wire.stored import RUN_MIME
from tests.unit.widgets.fakes import PNG, FakeRun


@pytest.fixture(autouse=True)
def plain_front_end(monkeypatch):
    for name in ("AML_WIDGET", "VSCODE_PID"):
        monkeypatch.delenv(name, raising=False)


def image(file):
    return [{"kind": "image", "value": {"file": file}, "time": 0.0, "step": None}]


def test_a_run_has_three_forms_and_the_json_can_be_stored():
    forms = bundle(FakeRun(), show="mini")

    assert set(forms) == {RUN_MIME, "text/html", "text/plain"}
    stored = json.loads(json.dumps(forms[RUN_MIME], allow_nan=False))
    assert stored["runId"] == "exp_1767355200_0a1b2c3d"
    assert stored["show"] == "mini"
    assert stored["snapshot"]["run"]["status"] == "Completed"


def test_a_run_that_waits_is_asked_for_once():
    run = FakeRun(a_wire_run(status="Queued", startedAt=None, endedAt=None))

    bundle(run)

    assert run.runs.asked == ["get"]


def test_the_card_holds_curves_log_files_and_pictures():
    run = FakeRun(
        series={"loss": a_series(2.0, 1.0)},
        values={"plot": image("plot.png"), "evil": image("evil.svg"), "big": image("big.png")},
        log=b"x" * 40_000 + b"\nend",
        files={"plot.png": PNG, "evil.svg": b"<svg onload=alert(1)>", "big.png": PNG * 20_000},
    )

    forms = bundle(run)

    card = forms[RUN_MIME]["snapshot"]
    assert list(card["images"]) == ["plot"]
    assert card["images"]["plot"].startswith("data:image/png;base64,")
    assert card["log"]["text"].endswith("end")
    assert len(card["log"]["text"]) == 16 * 1024
    assert card["log"]["offset"] == 40_004 - 16 * 1024
    assert "chart of loss" in forms["text/html"]
    assert len(forms["text/html"]) < 60_000


@pytest.mark.parametrize(("metrics", "points"), [(0, 300), (12, 300), (9_000, 5), (50_000, 2)])
def test_the_more_curves_a_run_has_the_fewer_points_of_each_are_stored(metrics, points):
    run = FakeRun(a_wire_run(metrics={f"layer.{i}": 1.0 for i in range(metrics)}))

    bundle(run)

    assert run.runs.points == points


@pytest.mark.parametrize(
    ("variable", "value", "needed"),
    [("AML_WIDGET", "1", True), ("AML_WIDGET", "0", False), ("VSCODE_PID", "12", True)],
)
def test_the_widget_comes_only_where_it_is_needed(monkeypatch, variable, value, needed):
    monkeypatch.setenv(variable, value)

    assert needs_widget() is needed


def test_colab_needs_the_widget(monkeypatch):
    assert not needs_widget()
    monkeypatch.setitem(sys.modules, "google.colab", object())

    assert needs_widget()
