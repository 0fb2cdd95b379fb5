"""The server dies under a live card, and comes back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from jupyter_aml.testing.jupyter import until
from tests.browser.conftest import Visit
from tests.browser.pages import LIMIT, Gate, training
from tests.conftest import Lab


def test_a_card_goes_on_where_a_killed_server_comes_back_and_has_lost_nothing(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate
) -> None:
    lab = start_lab()
    notebook = visit(training("survivor", gate), lab=lab)
    notebook.run_all()
    card = notebook.card("survivor")
    card.is_live()

    lab.server.kill()
    expect(card.node.get_by_role("button", name="offline")).to_be_visible()
    lab.server.start_again()

    card.is_live()
    expect(card.node.get_by_role("button", name="offline")).to_have_count(0)
    gate.open()
    card.is_in("Completed")
    expect(card.node.get_by_text("first line", exact=True)).to_have_count(1)
    expect(card.node.get_by_text("last line", exact=True)).to_have_count(1)
    [run] = lab.server.get("aml/runs?workspace=default")["runs"]
    logged = lab.server.get(f"aml/runs/{run['runId']}/metrics")["series"]["loss"]["count"]
    until(
        lambda: card.points("loss") == logged,
        seconds=LIMIT / 1000,
        what=f"all {logged} points on the card",
    )
