"""The live view that the kernel feeds."""

from __future__ import annotations

import json

import pytest

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.testing.wires import a_card, a_wire_run
from jupyter_aml.widgets import run_widget
from jupyter_aml.widgets.run_widget import follow
from tests.unit.widgets.fakes import FakeRun

RUNNING = a_wire_run(status="Running", endedAt=None)


class Clock:
    """Stands in for the event that a closed widget sets; `next` is what happens at each tick."""

    def __init__(self, *ticks):
        self.ticks = list(ticks)

    def wait(self, seconds):
        if not self.ticks:
            return True
        self.ticks.pop(0)()
        return False


class FakeView:
    card, problem = {}, ""


def test_the_view_is_fed_until_the_run_has_ended():
    run, view = FakeRun(RUNNING), FakeView()

    def end():
        run.runs.answer = a_wire_run()

    follow(lambda: view, Clock(lambda: None, end, pytest.fail), run)

    assert view.card["run"]["status"] == "Completed"


def test_a_server_that_is_away_is_told_and_asked_again():
    run, view = FakeRun(RUNNING), FakeView()
    told = []

    def away():
        run.runs.problem = Unreachable("no server")

    def back():
        told.append(view.problem)
        run.runs.problem, run.runs.answer = None, a_wire_run()

    follow(lambda: view, Clock(away, back), run)

    assert told == ["no server"]
    assert view.problem == ""
    assert view.card["run"]["status"] == "Completed"


def test_a_view_that_nobody_has_any_more_is_left():
    follow(lambda: None, Clock(lambda: None, pytest.fail), FakeRun(RUNNING))


def test_the_page_can_cancel_and_nothing_else(tmp_path, monkeypatch):
    script = tmp_path / "run.js"
    script.write_text("export default {}")
    monkeypatch.setattr(run_widget, "SCRIPT", script)
    run = FakeRun()
    widget = run_widget.make(run, a_card())

    for message in ({"type": "cancel"}, {"type": "delete"}, "cancel", None):
        widget._handle_custom_msg(message, [])
    widget.close()

    assert run.canceled == 1
    assert json.dumps(widget.card)
