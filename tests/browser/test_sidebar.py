"""The sidebar: the runs of the workspace, live, by mouse and by keys."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, Gate, NotebookPage, Sidebar, training


def short(name: str, experiment: str, *, loss: float = 1.0) -> str:
    """A cell whose run ends at once."""
    return (
        f"%%aml submit {experiment} -n {name} --show mini\n"
        f"from azureml.core import Run\nRun.get_context().log('loss', {loss})"
    )


def ended(notebook: NotebookPage, *names: str) -> Sidebar:
    """Show the sidebar, and wait until these runs have ended."""
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    for name in names:
        expect(sidebar.row(name)).to_have_attribute("data-state", "Completed")
    return sidebar


def test_the_sidebar_shows_a_run_from_its_start_to_its_end(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    notebook = visit(training("watched", gate, experiment="list"))
    sidebar = Sidebar(notebook.page).show()
    notebook.run_all()

    row = sidebar.row("watched")
    expect(row).to_have_attribute("data-state", "Running")
    expect(row.locator(".jp-aml-RunItem-time")).to_have_text(re.compile(r"^[1-9]\d*s$"))
    photograph(notebook.page, "sidebar")

    gate.open()
    expect(row).to_have_attribute("data-state", "Completed")


def test_the_filter_shows_what_was_asked_for_and_says_what_it_cannot_read(visit: Visit) -> None:
    notebook = visit(short("low", "sieve", loss=0.25), short("high", "sieve", loss=4.5))
    sidebar = ended(notebook, "low", "high")

    sidebar.filter.fill("experiment:sieve loss<1")
    expect(sidebar.rows).to_have_count(1)
    expect(sidebar.row("low")).to_be_visible()

    sidebar.filter.fill("experiment:sieve status:failed")
    expect(sidebar.node).to_contain_text("No run is like that.")
    sidebar.node.get_by_role("button", name="Clear the filter").click()
    expect(sidebar.row("high")).to_be_visible()

    sidebar.filter.fill("status:nonsense")
    expect(sidebar.node.get_by_role("alert")).to_contain_text("nonsense")


def test_keys_lead_from_the_filter_to_the_page_of_a_run(visit: Visit) -> None:
    notebook = visit(short("older", "keys"), short("newer", "keys"))
    sidebar = ended(notebook, "older", "newer")
    keyboard = notebook.page.keyboard

    sidebar.list.focus()
    keyboard.press("/")
    expect(sidebar.filter).to_be_focused()
    keyboard.type("experiment:keys")
    expect(sidebar.rows).to_have_count(2)
    keyboard.press("ArrowDown")
    expect(sidebar.list).to_be_focused()
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    expect(sidebar.row("newer")).to_have_attribute("aria-selected", "true")
    keyboard.press("ArrowDown")
    expect(sidebar.row("older")).to_have_attribute("aria-selected", "true")
    keyboard.press("Enter")

    notebook.run_page("older").is_in("Completed")
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 3, "no key went to the cells"


def test_a_double_click_opens_the_page_of_a_live_run_which_can_cancel_it(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    notebook = visit(training("opened", gate, experiment="pages"))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    sidebar.row("opened").dblclick()

    card = notebook.run_page("opened")
    card.is_live()
    photograph(notebook.page, "run-page")
    card.cancel()

    card.is_in("Canceled")
    expect(sidebar.row("opened")).to_have_attribute("data-state", "Canceled")


def test_nothing_is_deleted_before_the_user_has_said_yes(visit: Visit) -> None:
    notebook = visit(short("doomed", "trash"))
    sidebar = ended(notebook, "doomed")
    dialog = notebook.page.get_by_role("dialog")

    sidebar.choose("doomed", "Delete run")
    expect(dialog).to_contain_text("This cannot be undone.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(sidebar.row("doomed")).to_be_visible()

    sidebar.choose("doomed", "Delete run")
    dialog.get_by_role("button", name="Delete run").click()
    expect(sidebar.row("doomed")).to_have_count(0)
    runs = notebook.lab.server.get("aml/runs?workspace=default&filter=experiment:trash")
    assert runs["runs"] == []


def test_a_run_is_canceled_from_the_menu_of_its_row(visit: Visit, gate: Gate) -> None:
    notebook = visit(training("stopped", gate, experiment="menu"))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row("stopped")).to_have_attribute("data-state", "Running")

    sidebar.choose("stopped", "Cancel run")

    expect(sidebar.row("stopped")).to_have_attribute("data-state", "Canceled")


def test_a_reload_brings_back_the_panel_its_filter_and_the_pages_of_runs(visit: Visit) -> None:
    notebook = visit(short("arranged", "layout"))
    sidebar = ended(notebook, "arranged")
    sidebar.filter.fill("experiment:layout")
    expect(sidebar.rows).to_have_count(1)
    sidebar.row("arranged").dblclick()
    notebook.run_page("arranged").is_in("Completed")
    notebook.layout_is_kept("jupyter-aml-run:", "experiment:layout", "jupyter-aml-sidebar")

    notebook.page.goto(notebook.lab.page(notebook.workspace))

    expect(sidebar.node).to_be_visible()
    expect(sidebar.filter).to_have_value("experiment:layout")
    expect(sidebar.rows).to_have_count(1)
    page = notebook.page.locator(".jp-aml-RunPage").get_by_role("article", name="arranged")
    Card(page).is_in("Completed")


def test_a_click_on_the_count_of_the_status_bar_shows_these_runs_whatever_the_filter_was(
    visit: Visit, gate: Gate
) -> None:
    notebook = visit(training("going", gate, experiment="counted"))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    sidebar.filter.fill("experiment:another")
    expect(sidebar.node).to_contain_text("No run is like that.")
    sidebar.turn("Compute")

    status = notebook.page.get_by_role("contentinfo")
    status.get_by_title("Show the runs of workspace default").click()

    expect(sidebar.filter).to_have_value("status:active")
    expect(sidebar.row("going")).to_be_visible()


MANY = """\
from jupyter_aml import Experiment, Workspace
experiment = Experiment(Workspace.from_config(), "crowd")
for _ in range(230):
    experiment.start_logging(outputs=False, snapshot_directory=None).complete()
"""


def test_the_head_of_an_experiment_counts_all_its_runs_not_those_that_are_loaded(
    visit: Visit,
) -> None:
    notebook = visit(MANY)
    sidebar = Sidebar(notebook.page).show()
    sidebar.filter.fill("experiment:crowd")
    notebook.run_all()

    head = sidebar.list.locator(".jp-aml-RunGroup").filter(has_text="crowd")
    expect(head).to_contain_text("230", timeout=90_000)
    sidebar.filter.fill("experiment:crowd status:completed")
    expect(head).to_contain_text("230")
    sidebar.filter.fill("")
    expect(head).to_contain_text("230")
