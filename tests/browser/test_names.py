"""What runs are called: no long name hides another, and no two unnamed cells read the same."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, Gate, Sidebar, training
from tests.browser.test_card_looks import WIDTHS, set_width

LONG = "a-long-name-of-an-experiment-" * 8
HEAD = """node => Object.fromEntries(['.jp-aml-Head-number', 'b'].map(name => {
  const one = node.querySelector(`.jp-aml-Head-name > ${name}`);
  const box = one.getBoundingClientRect();
  const frame = one.parentElement.getBoundingClientRect();
  const isInside = box.left >= frame.left - 1 && box.right <= frame.right + 1;
  return [name, isInside && one.scrollWidth <= one.clientWidth];
}))"""

VALUE = """node => {
  const value = node.querySelector('.jp-aml-Spark-value').getBoundingClientRect();
  const frame = node.querySelector('.jp-aml-Spark').getBoundingClientRect();
  const card = node.getBoundingClientRect();
  return value.right <= Math.min(frame.right, card.right) + 1 && value.width > 0;
}"""


@pytest.mark.parametrize("show", ["full", "mini"])
def test_a_long_experiment_hides_neither_name_nor_number(
    visit: Visit, gate: Gate, photograph: Photograph, show: str
) -> None:
    notebook = visit(training("ridge", gate, experiment=LONG, options=f"--show {show}"))
    notebook.run_all()
    card = notebook.card("ridge")
    card.is_in("Running")

    found = {}
    for width in WIDTHS:
        set_width(notebook.page, width)
        expect(card.node).to_have_css("width", f"{width}px")
        found[width] = card.node.evaluate(HEAD)
        photograph(notebook.page, f"names-{show}-{width}")

    assert found == {width: {".jp-aml-Head-number": True, "b": True} for width in WIDTHS}


def test_a_long_metric_takes_no_room_from_name_number_and_value(
    visit: Visit, photograph: Photograph
) -> None:
    metric = "validation accuracy of the whole ensemble after the warm-up " * 2
    notebook = visit(
        f"%%aml submit {LONG} -n ridge --show mini\nfrom azureml.core import Run\n"
        f"for x in range(9): Run.get_context().log({metric!r}, x / 7)"
    )
    notebook.run_all()
    card = notebook.card("ridge")
    card.is_in("Completed")
    value = card.node.locator(".jp-aml-Spark-value")
    expect(value).to_have_text("1.1429")

    found = {}
    for width in WIDTHS:
        set_width(notebook.page, width)
        expect(card.node).to_have_css("width", f"{width}px")
        found[width] = {**card.node.evaluate(HEAD), "value": card.node.evaluate(VALUE)}
        photograph(notebook.page, f"names-metric-{width}")

    parts = {".jp-aml-Head-number": True, "b": True, "value": True}
    assert found == dict.fromkeys(WIDTHS, parts)


def test_unnamed_cells_are_told_apart_on_cards_in_lists_and_in_tabs(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(
        "%%aml submit nameless -p alpha=0.1\nprint(alpha)",
        "%%aml submit nameless -p alpha=0.2\nprint(alpha)",
    )
    notebook.run_all()
    names = [f"alpha=0.{count - 1} {notebook.file.name} [{count}]" for count in (2, 3)]
    page = notebook.page
    for name in names:
        notebook.card(name).is_in("Completed")

    notebook.card(names[1]).node.get_by_role("button", name="Open the run").click()
    Card(page.locator(".jp-aml-RunPage")).says(names[1])
    tab = page.locator(".lm-DockPanel").get_by_role("tab", name=names[1])
    expect(tab).to_have_text(re.compile(rf"^#\d+ {re.escape(names[1])}$"))
    sidebar = Sidebar(page).show()
    for name in names:
        expect(sidebar.row(name)).to_be_visible()
    expect(page.get_by_text("cell.py", exact=True)).to_have_count(0)
    photograph(page, "names-unnamed")
