"""Runs from the buttons of a notebook, the menu of a file, and what is around them."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, Gate, NotebookPage, Sidebar, training

BUSY = "import time\nwhile True:\n    time.sleep(0.1)"


def cell_button(notebook: NotebookPage, cell: int) -> Locator:
    """The button of a cell, which is shown when the cell is the active one."""
    node = notebook.page.locator(".jp-Notebook .jp-CodeCell").nth(cell)
    node.locator(".cm-content").click()
    return node.locator('[data-jp-item-name="aml-submit"] jp-button')


def test_a_cell_runs_as_an_experiment_while_the_kernel_is_busy(
    visit: Visit, photograph: Photograph
) -> None:
    code = "from azureml.core import Run\nprint('hello')\nRun.get_context().log('loss', 0.5)"
    notebook = visit(BUSY, code, "%matplotlib inline")
    notebook.run_all()
    notebook.kernel_is("busy")

    cell_button(notebook, 2).click()

    card = Card(notebook.page.locator(".jp-CodeCell").nth(2).locator(".jp-aml-Card"))
    card.is_in("Completed")
    card.says("hello")
    photograph(notebook.page, "cell-button")
    page = notebook.lab.server.get("aml/runs?workspace=default&sort=-createdAt")
    run = next(one for one in page["runs"] if one["experiment"] == notebook.file.stem)
    assert run["metrics"] == {"loss": 0.5}
    assert run["origin"]["notebook"] == notebook.file.name
    assert run["origin"]["cellId"]
    assert len(notebook.watch.event_sockets) == 1, "card, list and status bar share one socket"


def test_the_button_refuses_what_the_magic_refuses_and_makes_no_run(visit: Visit) -> None:
    refused = {
        "x = 1\ny = = 2": "SyntaxError: invalid syntax (line 2 of the cell)",
        "import os\n!ls": "line 2: '!ls' is notebook syntax, a submitted cell is plain Python; "
        "use subprocess.run([...], check=True), or run it in another cell",
        "print(sum(table))": "the cell uses 'table' (line 1) and never defines it. A submitted "
        "cell does not have the notebook's other cells. table: defined in cell [1], move that "
        "code into this cell",
        "x = 2\n%%aml submit": "line 2: '%%aml submit' is notebook syntax, a submitted cell is "
        "plain Python; leave it out, or run it in another cell",
    }
    notebook = visit("%matplotlib inline\ntable = [1, 2]", *refused)
    notebook.kernel_is("idle")
    notebook.page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    notebook.command("notebook:run-cell")
    expect(notebook.page.locator(".jp-CodeCell").nth(1)).to_contain_text("[1]:")

    for cell, sentence in enumerate(refused.values(), start=2):
        cell_button(notebook, cell).click()
        dialog = notebook.page.get_by_role("dialog")
        expect(dialog.locator(".jp-Dialog-header")).to_have_text("The cell cannot be run")
        expect(dialog.locator(".jp-Dialog-body")).to_have_text(sentence)
        dialog.get_by_role("button", name="Close").click()

    expect(notebook.page.locator(".jp-aml-Card")).to_have_count(0)
    page = notebook.lab.server.get("aml/runs?workspace=default&sort=-createdAt")
    assert notebook.file.stem not in [run["experiment"] for run in page["runs"]]


def test_the_button_leaves_a_cell_with_its_own_magic_to_the_kernel(visit: Visit) -> None:
    notebook = visit("# sent with parameters\n\n%%aml submit own -n sent -p a=5\nprint('is', a)")
    notebook.kernel_is("idle")
    notebook.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
    notebook.command("notebook:run-cell")
    notebook.kernel_is("idle")

    cell_button(notebook, 1).click()

    card = notebook.card("sent")
    card.is_in("Completed")
    card.says("is 5")


def test_a_notebook_is_submitted_with_the_parameters_of_its_form(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit("alpha = 1.0  # strength\nname = 'ridge'", "print('alpha is', alpha, name)")
    page = notebook.page
    tag = """() => window.jupyterapp.shell.currentWidget.content.model.cells.get(1)
        .setMetadata('tags', ['parameters'])"""
    notebook.kernel_is("idle")
    page.evaluate(tag)

    page.locator('[data-jp-item-name="aml-submit-notebook"] jp-button').click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("name", exact=True)).to_have_value("'ridge'")
    dialog.get_by_label("alpha").fill("0.25")
    dialog.get_by_label("Name of the run").fill("headless")
    dialog.get_by_label("Send the files").uncheck()
    dialog.get_by_role("button", name="Submit notebook").click()

    card = notebook.run_page("headless")
    card.is_in("Completed")
    expect(card.tab("Log")).to_contain_text("alpha is 0.25 ridge")
    expect(card.tab("Files")).to_contain_text(notebook.file.name)
    photograph(page, "notebook-run")


def test_a_script_of_the_file_browser_runs_with_arguments(visit: Visit) -> None:
    notebook = visit()
    page = notebook.page
    script = notebook.lab.folder / "say.py"
    script.write_text("import sys\nprint('said', sys.argv[1:])")
    notebook.kernel_is("idle")
    notebook.command("filebrowser:refresh")

    item = page.locator(".jp-DirListing-item", has_text="say.py")
    item.click()
    item.click(button="right")
    page.get_by_role("menuitem", name="Run as experiment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Arguments").fill("--rate '0 5'")
    dialog.get_by_label("Send the files").uncheck()
    dialog.get_by_role("button", name="Run", exact=True).click()

    card = notebook.run_page("say.py")
    card.is_in("Completed")
    expect(card.tab("Log")).to_contain_text("said ['--rate', '0 5']")


def test_an_active_run_is_counted_listed_canceled_and_told_of(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    notebook = visit(training("counted", gate, experiment="around"))
    page = notebook.page
    settings = """async () => { const all = window.jupyterapp; await all.serviceManager.settings
        .save('jupyter-aml:commands', JSON.stringify({notifications: 'all'})); }"""
    page.evaluate(settings)
    notebook.load()
    notebook.run_all()

    status = page.get_by_role("contentinfo").get_by_title("Show the runs of workspace default")
    expect(status).to_have_text("1 running")
    status.click()
    expect(Sidebar(page).node).to_be_visible()
    photograph(page, "status-bar")

    page.locator(".jp-SideBar").get_by_role("tab", name="Running").click()
    item = page.locator(".jp-RunningSessions-item", has_text="#1 counted")
    item.hover()
    photograph(page, "running-panel")
    item.get_by_title("Cancel run").click()

    notebook.card("counted").is_in("Canceled")
    expect(status).to_have_count(0)
    expect(page.get_by_text("around #1 was canceled")).to_be_visible()
    page.evaluate(settings.replace("'all'", "'off'"))


def test_a_run_is_cloned_below_the_active_cell_and_retried_with_another_parameter(
    visit: Visit,
) -> None:
    cell = r"""%%aml submit again -n original -p alpha=0.5 -p 'note="one\ntwo"' --show none
print('alpha', alpha)"""
    notebook = visit(cell)
    page = notebook.page
    notebook.run_all()
    sidebar = Sidebar(page).show()
    expect(sidebar.row("original")).to_have_attribute("data-state", "Completed")

    sidebar.choose("original", "Clone run into a cell")
    expect(page.locator(".jp-CodeCell")).to_have_count(3)
    expect(page.locator(".jp-CodeCell .cm-content").last).to_contain_text("print('alpha', alpha)")

    sidebar.choose("original", "Retry run…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("alpha").fill("2")
    expect(dialog.get_by_label("note")).to_have_value("one\ntwo")
    dialog.get_by_role("button", name="Retry run").click()
    runs = notebook.page.locator(".jp-aml-RunPage").get_by_role("article")
    expect(runs).to_have_attribute("data-status", "Completed")
    page_ = notebook.lab.server.get("aml/runs?workspace=default&filter=experiment:again")
    assert sorted(run["parameters"]["alpha"] for run in page_["runs"]) == [0.5, 2]
    assert {run["parameters"]["note"] for run in page_["runs"]} == {"one\ntwo"}
    assert json.dumps(page_["runs"]).count("aml.retry_of") == 1
