"""The card in a notebook's output: live whatever becomes of page, kernel and neighbours."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from jupyter_aml.testing.jupyter import until
from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import LIMIT, Gate, training

BUSY = "import time\ntime.sleep(600)"
COUNTING = """\
%%aml submit trial -n counting -p gate={gate} --timeout 3m
import os, time
from azureml.core import Run
run = Run.get_context()
row = 0
while not os.path.exists(gate):
    run.log_row("counted", row=row, square=row * row)
    row += 1
    time.sleep(0.05)
"""
SLOW = """
window.WebSocket = class extends WebSocket {
  set onmessage(hear) {
    super.onmessage = message => setTimeout(() => hear(message), 400);
  }
};
"""


def test_a_cell_that_is_sent_off_is_watched_from_its_first_line_to_its_end(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    notebook = visit(training("whole", gate))
    notebook.run_all()

    card = notebook.card("whole")
    card.is_in("Running")
    card.says("first line")
    card.moves("loss")
    photograph(notebook.page, "card-running")

    gate.open()
    card.is_in("Completed")
    card.says("last line")
    expect(card.node.get_by_role("button", name="Cancel run")).to_have_count(0)
    photograph(notebook.page, "card-completed")


def test_the_card_is_live_after_a_reload_and_needs_no_kernel(visit: Visit, gate: Gate) -> None:
    notebook = visit(training("lasting", gate))
    notebook.run_all()
    notebook.card("lasting").is_live()
    notebook.save()

    notebook.page.reload()
    card = notebook.card("lasting")
    card.is_live()
    notebook.restart_kernel()
    card.is_live()
    notebook.end_kernel()
    card.is_live()

    gate.open()
    card.is_in("Completed")
    card.says("last line")


def test_a_run_is_canceled_from_its_card_while_the_kernel_is_busy(visit: Visit, gate: Gate) -> None:
    notebook = visit(training("unwanted", gate), BUSY)
    notebook.run_all()
    card = notebook.card("unwanted")
    card.is_live()
    notebook.kernel_is("busy")

    card.cancel()

    card.is_in("Canceled")
    notebook.kernel_is("busy")


def test_two_browsers_see_one_run_and_what_is_done_in_either(visit: Visit, gate: Gate) -> None:
    one = visit(training("shared", gate))
    one.run_all()
    here = one.card("shared")
    here.is_live()
    one.save()

    other = visit(file=one.file)
    there = other.card("shared")
    there.is_live()
    there.cancel()

    there.is_in("Canceled")
    here.is_in("Canceled")
    until(
        lambda: here.points("loss") == there.points("loss"),
        seconds=LIMIT / 1000,
        what="both pages to have the whole curve",
    )


def test_a_failed_run_shows_its_exception_and_the_line_of_the_cell(
    visit: Visit, photograph: Photograph
) -> None:
    cell = "%%aml submit trial -n broken\nprint('before')\nraise ValueError('no such alpha')"
    notebook = visit(cell)
    notebook.run_all()

    card = notebook.card("broken")
    card.is_in("Failed")
    card.says("ValueError: no such alpha")
    card.says("cell line 3")
    photograph(notebook.page, "card-failed")
    expect(card.tab("Details")).to_contain_text("raise ValueError('no such alpha')")


def test_over_a_slow_connection_every_row_is_drawn_and_none_of_them_twice(
    visit: Visit, gate: Gate
) -> None:
    notebook = visit(COUNTING.format(gate=gate.path))
    notebook.page.add_init_script(SLOW)
    notebook.load()
    notebook.run_all()
    card = notebook.card("counting")
    rows = card.node.get_by_role("figure", name=re.compile(r"^counted: \d+ rows"))
    for _ in range(4):
        # A part that shows a log asks for the run anew, while points are on their way.
        card.tab("Metrics")
        expect(rows).to_be_visible()
        card.tab("Log")
    gate.open()
    card.is_in("Completed")

    card.tab("Metrics")

    [run] = notebook.lab.server.get("aml/runs?workspace=default&filter=counting")["runs"]
    logged = notebook.lab.server.get(f"aml/runs/{run['runId']}/metrics")["values"]["counted"]
    assert len(logged) > 4
    expect(rows).to_have_accessible_name(f"counted: {len(logged)} rows")
