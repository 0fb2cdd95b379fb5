"""What a saved notebook keeps of its runs: enough for those who have nothing but the file."""

from __future__ import annotations

import re
import subprocess
import sys

from playwright.sync_api import expect

from jupyter_aml.widgets.bundle import WIDGET_MIME
from jupyter_aml.wire.stored import RUN_MIME
from tests.browser.conftest import Visit
from tests.browser.pages import Gate, NotebookPage, training


def completed(notebook: NotebookPage, name: str, gate: Gate) -> None:
    """Run the notebook, see its run live, and let it end."""
    notebook.run_all()
    card = notebook.card(name)
    card.is_live()
    gate.open()
    card.is_in("Completed")
    card.says("last line")


def test_a_save_keeps_the_end_of_the_run_which_is_shown_again_without_asking_for_it(
    visit: Visit, gate: Gate
) -> None:
    notebook = visit(training("kept", gate))
    completed(notebook, "kept", gate)

    data = notebook.save()
    snapshot = data[RUN_MIME]["snapshot"]
    assert snapshot["run"]["status"] == "Completed"
    assert "last line" in snapshot["log"]["text"]
    assert WIDGET_MIME not in data
    assert not notebook.is_dirty()

    again = visit(file=notebook.file)
    card = again.card("kept")
    card.is_in("Completed")
    card.says("last line")
    expect(card.chart("loss").locator("canvas")).to_be_visible()
    assert not [one for one in again.watch.addresses if "/aml/runs/" in one]
    assert not again.is_dirty()


def test_a_notebook_that_was_saved_too_early_shows_the_true_end(visit: Visit, gate: Gate) -> None:
    notebook = visit(training("early", gate))
    notebook.run_all()
    notebook.card("early").is_live()
    assert notebook.save()[RUN_MIME]["snapshot"]["run"]["status"] == "Running"
    gate.open()
    notebook.card("early").is_in("Completed")

    card = visit(file=notebook.file).card("early")

    card.is_in("Completed")
    card.says("last line")


def test_a_saved_notebook_converts_to_a_page_that_shows_the_run_and_is_inert(
    visit: Visit, gate: Gate
) -> None:
    notebook = visit(training("converted", gate))
    completed(notebook, "converted", gate)
    notebook.save()

    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(notebook.file)]
    page = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    output = page[page.index('<div class="jp-Cell-outputWrapper">') :]

    for words in ("Completed", "converted", "last line", "data:image/png;base64,"):
        assert words in output
    assert not re.search(r"<script|\son\w+=|(?:src|href)=[\"'](?!data:image/)", output)
