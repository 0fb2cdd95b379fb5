"""Shortcuts: those of JupyterLab work in our panel, pages and cards, and no plain key leaks out."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.pages import Sidebar

RUN = """\
%%aml submit shortcuts -n {name}
from azureml.core import Run
Run.get_context().log("a", 1)
"""


def shortcuts_work(page: Page, node: Locator) -> None:
    """The command palette comes, and the left side folds, whatever has the focus in this part."""
    palette = page.locator(".jp-ModalCommandPalette")
    node.focus()
    page.keyboard.press("Control+Shift+C")
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()

    side = page.locator("#jp-left-stack")
    before = side.is_visible()
    node.focus()
    page.keyboard.press("Control+b")
    expect(side).to_be_visible(visible=not before)
    page.keyboard.press("Control+b")
    expect(side).to_be_visible(visible=before)


def with_a_run(visit: Visit, name: str) -> Sidebar:
    """The sidebar beside a notebook whose one run has ended."""
    notebook = visit(RUN.format(name=name))
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row(name)).to_have_attribute("data-state", "Completed")
    return sidebar


def test_the_shortcuts_of_jupyterlab_work_in_the_sidebar(visit: Visit) -> None:
    sidebar = with_a_run(visit, "listed")

    shortcuts_work(sidebar.page, sidebar.list)
    shortcuts_work(sidebar.page, sidebar.filter)
    shortcuts_work(sidebar.page, sidebar.node.get_by_role("button", name="Refresh"))


def test_the_shortcuts_of_jupyterlab_work_on_pages(visit: Visit) -> None:
    sidebar = with_a_run(visit, "paged")
    sidebar.row("paged").dblclick()
    page = sidebar.page.locator(".jp-aml-RunPage")

    shortcuts_work(sidebar.page, page.get_by_role("tab", name="Metrics"))


def test_the_shortcuts_of_jupyterlab_work_on_cards_but_no_plain_key_goes_to_the_cells(
    visit: Visit,
) -> None:
    sidebar = with_a_run(visit, "carded")
    card = sidebar.page.locator(".jp-Notebook").get_by_role("article", name="carded")
    tab = card.get_by_role("tab", name="Metrics")
    cells = sidebar.page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()

    shortcuts_work(sidebar.page, tab)
    tab.focus()
    for key in ("b", "a", "Shift+M"):
        sidebar.page.keyboard.press(key)

    expect(cells).to_have_count(before)
