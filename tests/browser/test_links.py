"""Addresses that open the page of a run or the list of an experiment."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import NotebookPage, Sidebar

SENT = """\
%%aml submit linked -n here -o run --show mini --wait
print("done")
"""
ADDRESSES = "print('PAGE', run.get_portal_url(), run.experiment.get_portal_url())"


def follow(notebook: NotebookPage, address: str) -> Page:
    """Open an address in a tab of the same browser."""
    page = notebook.page.context.new_page()
    page.goto(address)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    return page


def addresses(notebook: NotebookPage) -> tuple[str, str]:
    """What the portal addresses of the run and of its experiment are."""
    notebook.run_all()
    said = notebook.page.get_by_text(re.compile(r"^PAGE http"))
    expect(said).to_be_visible()
    _, run, experiment = (said.text_content() or "").split()
    return run, experiment


def test_the_address_of_a_run_opens_its_page(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(SENT, ADDRESSES)
    run, experiment = addresses(notebook)

    page = follow(notebook, run)
    expect(page.locator(".jp-aml-RunPage")).to_contain_text("Completed")
    expect(page.locator(".jp-aml-RunPage")).to_contain_text("here")
    assert "aml=" not in page.url
    photograph(page, "link-run")

    # While the first page is open, JupyterLab gives the second one a layout of its own.
    page = follow(notebook, experiment)
    sidebar = Sidebar(page)
    expect(sidebar.filter).to_have_value("experiment:linked")
    expect(sidebar.row("here")).to_be_visible()
    photograph(page, "link-experiment")


def test_an_address_of_nothing_says_so(visit: Visit) -> None:
    notebook = visit("1")

    page = follow(notebook, f"{notebook.lab.url}lab?aml=nothing:x")

    expect(
        page.get_by_text("names no run, no experiment and no compute target: ?aml=nothing:x")
    ).to_be_visible()
