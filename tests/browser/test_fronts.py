"""The other front ends: Notebook 7, and those that know anywidget and not us."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.pages import Gate, training
from tests.conftest import Lab


def test_the_card_is_live_in_notebook_7_and_its_page_opens_beside_it(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate
) -> None:
    notebook = visit(training("classic", gate), lab=start_lab(app="notebook"), app="notebook")
    notebook.run_all()
    card = notebook.card("classic")
    card.is_live()

    card.node.get_by_role("button", name="Open the run").click()
    notebook.run_page("classic").is_live()

    gate.open()
    card.is_in("Completed")
    notebook.run_page("classic").is_in("Completed")


def test_without_our_extension_the_widget_draws_the_card_and_cancels_the_run(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate, tmp_path: Path
) -> None:
    labconfig = tmp_path / "labconfig"
    labconfig.mkdir()
    switched_off = {"disabledExtensions": {"jupyter-aml": True}}
    (labconfig / "page_config.json").write_text(json.dumps(switched_off))
    lab = start_lab(env={"AML_WIDGET": "1", "JUPYTER_CONFIG_PATH": str(tmp_path)})
    notebook = visit(training("elsewhere", gate), lab=lab)
    notebook.run_all()

    card = notebook.card("elsewhere")
    expect(notebook.page.locator(".jp-aml-RunRenderer")).to_have_count(0)
    card.is_live()
    card.says("first line")
    card.cancel()

    card.is_in("Canceled")
