"""A run of 9,000 metrics on its card and its page: found by name, drawn where one looks."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, offences

MANY = """\
%%aml submit wide -n many
from azureml.core import Run
run = Run.get_context()
for step in range(3):
    for number in range(9_000):
        run.log(f"layer.{number:04}.norm", number + step)
for number in range(60):
    run.log_row(f"rows.{number:02}", step=0, value=1)
    run.log_row(f"rows.{number:02}", step=1, value=2)
"""
FEW = """\
%%aml submit narrow -n few
from azureml.core import Run
run = Run.get_context()
for step in range(3):
    for number in range(12):
        run.log(f"layer.{number}", number + step)
"""
MOST_CANVASES = 40
MOST_ELEMENTS = 6_000
ELEMENTS = "node => node.querySelectorAll('*').length"


def is_light(card: Card) -> None:
    """There is no more on the card than a page can bear."""
    assert card.node.locator("canvas").count() <= MOST_CANVASES
    assert card.node.evaluate(ELEMENTS) <= MOST_ELEMENTS


def drawn(chart: Locator) -> None:
    chart.scroll_into_view_if_needed()
    expect(chart.locator("canvas")).to_be_visible()


def answers(page: Page) -> None:
    """The page does what it is told."""
    page.get_by_role("menuitem", name="Help").click()
    expect(page.get_by_role("menuitem", name="About JupyterLab")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_metric_among_9000_is_found_on_the_card_and_drawn(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(MANY)
    notebook.run_all()
    card = notebook.card("many")
    card.is_in("Completed")
    search = card.node.get_by_role("searchbox", name="Find metrics", exact=True)
    drawn(card.chart("layer.0000.norm"))
    expect(card.node).to_contain_text("24 of 9000")
    is_light(card)
    answers(notebook.page)
    photograph(notebook.page, "card-9000-metrics")

    search.fill("8765")

    drawn(card.chart("layer.8765.norm"))
    expect(card.node.get_by_role("row", name="layer.8765.norm 8767")).to_be_visible()
    expect(card.node.get_by_role("figure")).to_have_count(1)
    photograph(notebook.page, "card-9000-metrics-found")
    search.fill("no such layer")
    expect(card.node).to_contain_text("No metric has “no such layer” in its name.")
    search.fill("")
    card.node.get_by_role("button", name="Show 24 more").click()
    drawn(card.chart("layer.0047.norm"))
    is_light(card)


def test_a_page_of_9000_metrics_lists_them_in_steps(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(MANY)
    notebook.run_all()
    card = notebook.card("many")
    card.is_in("Completed")
    card.node.get_by_role("button", name="Open the run").click()
    page = notebook.run_page("many")
    pane = page.tab("Metrics")
    rows = pane.get_by_role("row", name=re.compile(r"^layer\."))
    expect(rows).to_have_count(100)
    is_light(page)
    answers(notebook.page)
    photograph(notebook.page, "page-9000-metrics")

    pane.get_by_role("button", name="Show 100 more").click()
    expect(rows).to_have_count(200)
    pane.get_by_role("searchbox", name="Find in the table").fill("norm 8765")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("8767")
    pane.get_by_role("searchbox", name="Find in the table").fill("rows.")
    drawn(pane.get_by_role("figure", name="rows.00: 2 rows"))
    expect(pane.get_by_role("heading", name=re.compile(r"^rows\."))).to_have_count(24)
    drawn(pane.get_by_role("figure", name="rows.23: 2 rows"))
    is_light(page)
    assert offences(page.node) == []


def test_few_metrics_are_all_there_and_need_no_search(visit: Visit) -> None:
    notebook = visit(FEW)
    notebook.run_all()
    card = notebook.card("few")
    card.is_in("Completed")

    for number in range(12):
        drawn(card.chart(f"layer.{number}"))
    expect(card.node.get_by_role("searchbox", name="Find metrics")).to_have_count(0)
    expect(card.node.get_by_role("button", name="Show")).to_have_count(0)


def test_a_chart_that_is_scrolled_away_is_taken_down_and_made_again_as_it_was(
    visit: Visit,
) -> None:
    notebook = visit(MANY)
    notebook.run_all()
    card = notebook.card("many")
    card.is_in("Completed")
    first, last = card.chart("layer.0000.norm"), card.chart("layer.0023.norm")
    drawn(first)
    first.get_by_role("img").press("+")
    expect(first.get_by_role("button", name="Whole")).to_be_attached()
    height = first.bounding_box()

    drawn(last)
    expect(first.locator("canvas")).to_have_count(0)
    drawn(first)

    expect(last.locator("canvas")).to_have_count(0)
    expect(first.get_by_role("button", name="Whole")).to_be_attached()
    assert height and first.bounding_box()
    assert first.bounding_box()["height"] == height["height"]
