"""The nouns of the sidebar: tabs, what fills the panel, and what is dragged out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Gate, Sidebar, drag_to_the_notebook, offences, training
from tests.conftest import Lab

QUICK = "%%aml submit nouns -n {name}\nfrom azureml.core import Run\nRun.get_context().log('a', 1)"


def test_a_tab_fills_the_panel_and_the_arrow_keys_lead_from_one_to_the_next(visit: Visit) -> None:
    sidebar = Sidebar(visit().page).show()
    keyboard = sidebar.page.keyboard
    expect(sidebar.tab("Runs")).to_have_attribute("aria-selected", "true")
    expect(sidebar.filter).to_be_visible()

    sidebar.tab("Runs").focus()
    keyboard.press("ArrowRight")
    expect(sidebar.tab("Environments")).to_be_focused()
    expect(sidebar.node.get_by_role("tabpanel", name="Environments")).to_be_visible()
    expect(sidebar.filter).to_be_hidden()
    keyboard.press("End")
    expect(sidebar.tab("Models")).to_be_focused()
    keyboard.press("ArrowRight")

    expect(sidebar.tab("Runs")).to_be_focused()
    stops = sidebar.node.locator("[role=tab][tabindex='0']")
    expect(stops).to_have_count(1)


def test_the_runs_have_the_whole_panel(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(QUICK.format(name="alone"))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row("alone")).to_be_visible()
    photograph(notebook.page, "sidebar-runs")

    panel, tree = sidebar.node.bounding_box(), sidebar.list.bounding_box()

    assert panel is not None
    assert tree is not None
    assert tree["height"] > 0.85 * panel["height"]


def test_a_tab_counts_what_goes_on_while_another_noun_is_shown(visit: Visit, gate: Gate) -> None:
    notebook = visit(training("busy", gate, experiment="nouns"))
    sidebar = Sidebar(notebook.page).show()
    sidebar.turn("Environments")
    notebook.run_all()

    expect(sidebar.tab("Runs")).to_have_accessible_name("Runs: 1 running")
    expect(sidebar.tab("Runs")).to_have_text("1")
    expect(sidebar.tab("Compute")).to_have_accessible_name(re.compile(r"^Compute: \d+ kernel"))
    gate.open()
    expect(sidebar.tab("Runs")).to_have_accessible_name("Runs")


def test_the_noun_that_was_shown_is_shown_again_after_a_reload(visit: Visit) -> None:
    notebook = visit()
    sidebar = Sidebar(notebook.page).show()
    sidebar.turn("Compute")
    notebook.layout_is_kept("jupyter-aml:sidebar", '"section": "compute"')

    notebook.page.goto(notebook.lab.page(notebook.workspace))

    expect(sidebar.node.get_by_role("tabpanel", name="Compute")).to_be_visible()
    expect(sidebar.tab("Compute")).to_have_attribute("aria-selected", "true")


def test_a_run_that_is_dragged_into_a_notebook_is_the_code_that_gets_it(visit: Visit) -> None:
    notebook = visit(QUICK.format(name="dragged"))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row("dragged")).to_have_attribute("data-state", "Completed")
    run_id = sidebar.row("dragged").get_attribute("data-run-id")

    cell = drag_to_the_notebook(notebook, sidebar.row("dragged"))

    expect(cell).to_contain_text(f'run = ws.get_run("{run_id}")')
    cell.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("; run.get_status()")
    notebook.page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("Completed")


def test_an_environment_that_is_dragged_into_a_notebook_is_the_code_that_gets_it(
    visit: Visit,
) -> None:
    notebook = visit()
    notebook.kernel_is("idle")
    pane = Sidebar(notebook.page).show().turn("Environments")
    pane.get_by_role("button", name="Curated").click()

    cell = drag_to_the_notebook(notebook, pane.locator('[data-id="AzureML-Minimal"]'))

    expect(cell).to_contain_text('env = Environment.get(ws, "AzureML-Minimal", version=')


def test_curated_environments_are_folded_and_the_filter_finds_them(visit: Visit) -> None:
    pane = Sidebar(visit().page).show().turn("Environments")
    fold = pane.get_by_role("button", name="Curated")
    expect(fold).to_have_attribute("aria-expanded", "false")
    minimal = pane.locator('[data-id="AzureML-Minimal"]')
    expect(minimal).to_have_count(0)

    filter = pane.get_by_role("searchbox", name="Filter the environments")
    filter.fill("minimal")
    expect(minimal).to_be_visible()
    filter.fill("minimal nonsense")
    expect(pane).to_contain_text("No environment is like that.")
    pane.get_by_role("button", name="Clear the filter").click()

    expect(fold).to_have_attribute("aria-expanded", "false")


def test_targets_and_kernels_share_the_panel_by_a_bar_that_keys_move(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    notebook.kernel_is("idle")
    pane = Sidebar(notebook.page).show().turn("Compute")
    targets = pane.get_by_role("region", name="Targets")
    expect(targets.get_by_role("treeitem")).to_contain_text(["local"])
    expect(pane.get_by_role("listbox", name="Running kernels")).to_be_visible()
    photograph(notebook.page, "sidebar-compute")
    bar = pane.get_by_role("separator")
    expect(bar).to_have_attribute("aria-valuenow", "40")

    bar.focus()
    notebook.page.keyboard.press("ArrowDown")

    expect(bar).to_have_attribute("aria-valuenow", "45")
    notebook.layout_is_kept("jupyter-aml:sidebar-compute")


def test_a_site_can_switch_a_noun_off(visit: Visit) -> None:
    notebook = visit()
    without(notebook.page, "jupyter-aml:environments-section")
    notebook.load()
    sidebar = Sidebar(notebook.page).show()

    expect(sidebar.tab("Runs")).to_be_visible()
    expect(sidebar.tab("Compute")).to_be_visible()
    expect(sidebar.tab("Environments")).to_have_count(0)


def without(page: Page, plugin: str) -> None:
    """Have the server say that this plugin is disabled, as a site's page_config.json does."""

    def change(route: Route) -> None:
        answer = route.fetch()
        head, mark, rest = answer.text().partition('<script id="jupyter-config-data"')
        opening, _, tail = rest.partition(">")
        config, _, tail = tail.partition("</script>")
        told = json.loads(config)
        told.setdefault("disabledExtensions", []).append(plugin)
        body = f"{head}{mark}{opening}>{json.dumps(told)}</script>{tail}"
        route.fulfill(response=answer, body=body)

    page.route(re.compile(r"/lab/workspaces/"), change)


@pytest.mark.parametrize("noun", ["Runs", "Environments", "Compute", "Data", "Models"])
def test_nobody_is_kept_out_of_a_noun(visit: Visit, noun: str) -> None:
    notebook = visit()
    notebook.kernel_is("idle")
    sidebar = Sidebar(notebook.page).show()
    pane = sidebar.turn(noun)
    expect(pane.get_by_role("searchbox")).to_be_visible()
    expect(pane.get_by_text("Loading")).to_have_count(0)

    assert offences(sidebar.node) == []


def test_the_sidebar_is_whole_in_notebook_7(
    start_lab: Callable[..., Lab], visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(QUICK.format(name="classic"), lab=start_lab(app="notebook"), app="notebook")
    notebook.kernel_is("idle")
    notebook.run_all()
    notebook.command("jupyter-aml:show-runs")
    sidebar = Sidebar(notebook.page)

    expect(sidebar.row("classic")).to_have_attribute("data-state", "Completed")
    photograph(notebook.page, "sidebar-notebook")
    expect(sidebar.turn("Environments").get_by_role("button", name="Curated")).to_be_visible()
    expect(sidebar.turn("Compute").get_by_role("region", name="Targets")).to_contain_text("local")
