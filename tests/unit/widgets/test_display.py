"""How a run gets onto the page."""

from __future__ import annotations

import inspect

import pytest
from IPython.utils.capture import capture_output

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.magics.views import Views
from jupyter_aml.testing.wires import a_wire_run
from jupyter_aml.widgets import RunDetails
from jupyter_aml.widgets.display import View
from jupyter_aml.wire.stored import RUN_MIME
from tests.shells import an_ipython
from tests.unit.widgets.fakes import FakeRun


@pytest.fixture(autouse=True)
def shell(monkeypatch, tmp_path):
    """The shell that an output needs."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("AML_WIDGET", "0")
    with an_ipython() as shell:
        yield shell


def displayed(show):
    with capture_output() as caught:
        show()
    return [output.data for output in caught.outputs]


def test_run_details_shows_once_and_returns_nothing():
    details = RunDetails(FakeRun())

    shown = displayed(lambda: details.show(render_lib=None, widget_settings={"debug": True}))

    assert [data[RUN_MIME]["show"] for data in shown] == ["full"]
    assert list(inspect.signature(RunDetails.show).parameters) == [
        "self", "render_lib", "widget_settings",
    ]  # fmt: skip


def test_a_server_that_is_away_does_not_break_an_output():
    run = FakeRun()
    run.runs.problem = Unreachable("no \x1b[31mserver")

    shown = displayed(RunDetails(run).show)

    assert shown == [{"text/plain": f"Run {run.id}: cannot be shown now: no server"}]


def test_a_view_is_refreshed_in_place():
    run = FakeRun(a_wire_run(status="Queued", startedAt=None, endedAt=None))

    def show():
        view = View(run, "mini")
        run.runs.answer = a_wire_run()
        view.refresh()

    first, second = displayed(show)
    assert first[RUN_MIME]["snapshot"]["run"]["status"] == "Queued"
    assert second[RUN_MIME]["snapshot"]["run"]["status"] == "Completed"


def test_a_wish_holds_for_one_cell(shell):
    run, views = FakeRun(), Views(shell)

    views.prefer(run, "none")
    assert displayed(lambda: views.display(run)) == []

    shell.execution_count += 1
    assert displayed(lambda: views.display(run))[0][RUN_MIME]["show"] == "full"
