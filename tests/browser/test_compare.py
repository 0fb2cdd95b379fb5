"""Runs side by side: chosen in the sidebar, on a page of their own."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import NotebookPage, Sidebar, offences


def trained(
    name: str, alpha: float, *, kind: str = "ridge", steps: int = 30, experiment: str = "versus"
) -> str:
    """A cell whose run logs a curve and an outcome that depend on its parameters."""
    return f"""\
%%aml submit {experiment} -n {name} -p alpha={alpha} -p kind={kind} -t owner=ada --show none --wait
from azureml.core import Run
run = Run.get_context()
for step in range({steps}):
    run.log("loss", alpha + 1 / (1 + step))
run.log("rmse", 50 + alpha)
"""


def ended(notebook: NotebookPage, *names: str) -> Sidebar:
    """Run the notebook, show the sidebar, and wait until these runs have ended."""
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    sidebar.filter.fill("experiment:versus")
    for name in names:
        expect(sidebar.row(name)).to_have_attribute("data-state", "Completed")
    return sidebar


def comparison(notebook: NotebookPage) -> Locator:
    """The page with the comparison."""
    return notebook.page.locator(".jp-aml-ComparePage").get_by_role("article")


def row(table: Locator, name: str) -> Locator:
    """A row of the table by the name at its left."""
    return table.locator("tr").filter(has=table.page.get_by_role("rowheader", name=name))


def test_runs_that_are_selected_by_mouse_are_compared(
    visit: Visit, photograph: Photograph, tmp_path: Path
) -> None:
    cells = [trained("one", 0.1), trained("two", 0.5), trained("three", 2.5, kind="lasso")]
    notebook = visit(*cells)
    page = notebook.page
    sidebar = ended(notebook, "one", "two", "three")

    sidebar.row("three").click()
    sidebar.row("one").click(modifiers=["Shift"])
    selected = sidebar.node.get_by_role("toolbar", name="Selected runs")
    expect(selected).to_contain_text("3 selected")
    photograph(page, "selection")
    selected.get_by_role("button", name="Compare").click()

    sheet = comparison(notebook)
    expect(sheet).to_have_attribute("aria-label", "Comparison of 3 runs")
    table = sheet.get_by_role("table")
    expect(row(table, "alpha").get_by_role("cell")).to_have_text(["2.5", "0.5", "0.1"])
    expect(row(table, "owner")).to_be_visible()
    photograph(page, "compare-table")
    assert offences(sheet) == []
    sheet.get_by_label("Only differences").check()
    expect(row(table, "owner")).to_have_count(0)
    expect(row(table, "kind")).to_have_class("jp-mod-differs")

    with page.expect_download() as download:
        sheet.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(tmp_path / "runs.csv")
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert [(each["alpha"], each["rmse"]) for each in rows] == [
        ("2.5", "52.5"), ("0.5", "50.5"), ("0.1", "50.1")
    ]  # fmt: skip

    sheet.get_by_role("tab", name="Curves").click()
    chart = sheet.get_by_role("figure", name="loss of 3 runs")
    canvas = chart.locator("canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box() or {"width": 0.0, "height": 0.0}
    canvas.hover(position={"x": box["width"] / 2, "y": box["height"] - 24}, force=True)
    expect(chart).to_contain_text(re.compile(r"step \d+: #\d+ one .*, #\d+ two .*, #\d+ three"))
    canvas.hover(position={"x": box["width"] / 2, "y": 12}, force=True)
    expect(chart).to_contain_text(re.compile(r"step \d+: #\d+ three"))
    sheet.get_by_role("button", name=re.compile("two")).first.click()
    expect(sheet.get_by_role("figure", name="loss of 2 runs")).to_be_visible()
    sheet.get_by_role("slider", name="Smoothing").fill("0.8")
    sheet.get_by_role("button", name="By time").click()
    expect(sheet.locator("canvas").first).to_be_visible()
    sheet.get_by_role("button", name=re.compile("two")).first.click()
    photograph(page, "compare-curves")
    assert offences(sheet) == []

    sheet.get_by_role("tab", name="Parallel").click()
    expect(sheet.get_by_role("img")).to_have_attribute("aria-label", re.compile("^3 runs over"))
    expect(sheet.locator("polyline")).to_have_count(3)
    photograph(page, "compare-parallel")
    assert offences(sheet) == []
    sheet.get_by_role("tab", name="Scatter").click()
    expect(sheet.get_by_role("img", name="loss over alpha")).to_be_visible()
    expect(sheet.locator("circle")).to_have_count(3)
    photograph(page, "compare-scatter")
    assert offences(sheet) == []
    with page.expect_download() as download:
        sheet.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename == "scatter.png"

    sheet.get_by_role("tab", name="Code and packages").click()
    expect(sheet.get_by_text("Code and packages are the same.")).to_be_visible()

    notebook.layout_is_kept("jupyter-aml-compare:")
    page.goto(notebook.lab.page(notebook.workspace))
    expect(comparison(notebook)).to_have_attribute("aria-label", "Comparison of 3 runs")


def test_keys_select_several_runs_and_delete_them(visit: Visit) -> None:
    notebook = visit(trained("first", 1), trained("second", 2), trained("third", 3))
    page = notebook.page
    sidebar = ended(notebook, "first", "second", "third")
    sidebar.row("third").click()
    sidebar.list.focus()

    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(sidebar.row("first")).to_have_attribute("aria-selected", "true")
    expect(sidebar.row("second")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Shift+ArrowUp")
    expect(sidebar.row("first")).to_have_attribute("aria-selected", "false")
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete 2 runs?")
    dialog.get_by_role("button", name="Delete 2 runs").click()

    expect(sidebar.row("third")).to_have_count(0)
    expect(sidebar.row("second")).to_have_count(0)
    expect(sidebar.row("first")).to_be_visible()


def test_a_comparison_below_a_cell_is_kept_in_the_notebook(visit: Visit) -> None:
    shown = """\
from azureml.core import Experiment, Workspace
from jupyter_aml import compare
compare(Experiment(Workspace.from_config(), "below"))"""
    cells = [trained("left", 1, experiment="below"), trained("right", 2, experiment="below")]
    notebook = visit(*cells, shown)
    notebook.run_all()

    sheet = notebook.page.locator(".jp-OutputArea").get_by_role("article")
    expect(sheet).to_have_attribute("aria-label", "Comparison of 2 runs")
    expect(row(sheet.get_by_role("table"), "alpha")).to_have_class("jp-mod-differs")
    sheet.get_by_role("tab", name="Curves").click()
    expect(sheet.get_by_role("figure", name="loss of 2 runs")).to_be_visible()
    lab = notebook.lab
    for run in lab.server.get("aml/runs?workspace=default&filter=experiment:below")["runs"]:
        address = f"{lab.url}aml/runs/{run['runId']}?token={lab.token}"
        assert notebook.page.request.delete(address).ok
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")

    again = visit(file=notebook.file).page.locator(".jp-OutputArea").get_by_role("article")
    expect(row(again.get_by_role("table"), "alpha")).to_have_class("jp-mod-differs")
    expect(again.get_by_role("alert")).to_contain_text("there is no run")
