"""The other front ends: Notebook 7, and those that know anywidget and not us."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.embed import embed_minimal_html
from playwright.sync_api import Browser, expect

from jupyter_aml.testing.wires import a_card, a_wire_run
from jupyter_aml.widgets.run_widget import make
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


@pytest.mark.parametrize("app", ["jupyterlab", "notebook"])
def test_without_our_extension_the_widget_draws_the_card_and_cancels_the_run(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate, tmp_path: Path, app: str
) -> None:
    labconfig = tmp_path / "labconfig"
    labconfig.mkdir()
    switched_off = {"disabledExtensions": {"jupyter-aml": True}}
    (labconfig / "page_config.json").write_text(json.dumps(switched_off))
    lab = start_lab(app=app, env={"AML_WIDGET": "1", "JUPYTER_CONFIG_PATH": str(tmp_path)})
    notebook = visit(training("elsewhere", gate), lab=lab, app=app)
    notebook.run_all()

    card = notebook.card("elsewhere")
    expect(notebook.page.locator(".jp-aml-RunRenderer")).to_have_count(0)
    card.is_live()
    card.says("first line")
    card.cancel()

    card.is_in("Canceled")


HOST = """
async () => {
  const text = document.querySelector('[type="application/vnd.jupyter.widget-state+json"]');
  const models = Object.values(JSON.parse(text.textContent).state);
  const { state } = models.find(model => model.state._esm);
  const code = URL.createObjectURL(new Blob([state._esm], { type: 'text/javascript' }));
  const el = document.body.appendChild(document.createElement('main'));
  const model = { get: name => state[name], on() {}, off() {}, send() {} };
  (await import(code)).default.render({ model, el });
}
"""
"""As much of a host of widgets as the protocol of anywidget asks for; the usual one comes from the
network, which an exported page asks for it."""


def test_a_page_that_ipywidgets_exports_holds_all_that_draws_the_card(
    browser: Browser, tmp_path: Path
) -> None:
    seen = a_wire_run(displayName="exported", metrics={"rmse": 54.5})
    widget = make(_NoRun(), a_card(run=seen))
    embed_minimal_html(tmp_path / "export.html", views=[widget], title="export")
    widget.close()
    page = browser.new_page()
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto((tmp_path / "export.html").as_uri())

    page.evaluate(HOST)

    card = page.get_by_role("article", name="exported")
    expect(card).to_have_attribute("data-status", "Completed")
    expect(card).to_contain_text("54.5")
    page.close()


class _NoRun:
    """The run of a widget that nobody follows."""

    def cancel(self) -> Any:
        raise AssertionError("an exported page cancels nothing")
