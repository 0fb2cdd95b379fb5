"""A notebook in a page of its own for each test, and a watch on what the page does."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import LIMIT, LOAD, Gate, NotebookPage, Watch
from tests.conftest import Lab

expect.set_options(timeout=LIMIT)
_names = itertools.count(1)
Visit = Callable[..., NotebookPage]
Photograph = Callable[[Page, str], None]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate for the runs of this test; at the end it is open, whatever happened."""
    gate = Gate(tmp_path)
    yield gate
    gate.open()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A function that opens a new notebook with these cells, or a file, in a browser of its own."""
    opened: list[tuple[NotebookPage, Watch]] = []

    def visit(
        *cells: str, lab: Lab | None = None, file: Path | None = None, app: str = "jupyterlab"
    ) -> NotebookPage:
        lab = lab or request.getfixturevalue("lab_server")
        name = f"{request.node.name.partition('[')[0]}-{next(_names)}"
        if file is None:
            file = write_notebook(lab.folder / f"{name}.ipynb", LOAD, *cells)
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.set_default_timeout(LIMIT)
        watch = Watch(page, lab.url)
        addresses = {
            "jupyterlab": lab.page(name, file.name),
            "notebook": f"{lab.url}notebooks/{file.name}?token={lab.token}",
        }
        notebook = NotebookPage(page, lab, name, file, addresses[app], watch)
        opened.append((notebook, watch))
        return notebook.load()

    yield visit
    # What Lab says of kernels that are ended under it is no fault of the page.
    faults = [fault for _, watch in opened for fault in watch.faults]
    for notebook, _ in opened:
        notebook.page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
        notebook.page.context.close()
    assert faults == []
    for _, watch in opened:
        assert watch.strangers == set()


@pytest.fixture
def photograph() -> Photograph:
    """A function that keeps a page's picture, light and dark, in $AML_SCREENSHOTS, if set."""
    folder = os.environ.get("AML_SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if not folder:
            return
        # A toast of JupyterLab's own.
        for button in page.get_by_role("button", name="No", exact=True).all():
            # Not a click, which a dialog would keep from it.
            button.dispatch_event("click")
        for theme in ("Dark", "Light"):
            page.evaluate(
                "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
                f"JupyterLab {theme}",
            )
            page.wait_for_function(
                "light => document.body.dataset.jpThemeLight === light",
                arg=str(theme == "Light").lower(),
            )
            expect(page.locator("#jupyterlab-splash")).to_have_count(0)
            page.screenshot(path=Path(folder, f"{name}-{theme.lower()}.png"))

    return take


def write_notebook(file: Path, *cells: str, outputs: dict[str, Any] | None = None) -> Path:
    """Write a notebook with these cells; the outputs are given to the last one."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    if outputs is not None:
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data=outputs)]
    nbformat.write(notebook, file)
    return file
