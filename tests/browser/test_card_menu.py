"""The menu of a card: what can be done with a run from where it is shown."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, offences

BROKEN = "%%aml submit {experiment} -n {name}\nprint('before')\nraise ValueError('no such alpha')"
QUICK = "%%aml submit {experiment} -n {name} -p alpha={alpha}\nprint(alpha)"
FROM_A_TERMINAL = """\
import subprocess, sys
cell = "print('before')\\nraise ValueError('no such beta')"
send = f"get_ipython().run_cell_magic('aml', 'submit menu -n bare', {cell!r})"
lines = f"%load_ext jupyter_aml\\n{send}"
subprocess.run([sys.executable, "-m", "IPython", "-c", lines], check=True)
"""


def menu_of(card: Card) -> Locator:
    """Open the menu of a card by the mouse."""
    card.node.get_by_role("button", name="More about the run").click()
    menu = card.node.page.get_by_role("menu")
    expect(menu).to_be_visible()
    return menu


def test_the_menu_is_led_by_keys_and_gives_the_focus_back(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(QUICK.format(experiment="menu", name="led", alpha=1))
    notebook.run_all()
    card = notebook.card("led")
    card.is_in("Completed")
    menu = menu_of(card)
    keyboard = notebook.page.keyboard

    expect(menu.get_by_role("menuitem", name="Open run")).to_be_focused()
    assert offences(menu) == []
    photograph(notebook.page, "card-menu")
    keyboard.press("End")
    expect(menu.get_by_role("menuitem", name="Copy run id")).to_be_focused()
    keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Open run")).to_be_focused()
    expect(menu.get_by_role("menuitem", name="Go to line")).to_have_count(0)
    keyboard.press("Escape")

    expect(menu).to_have_count(0)
    expect(card.node.get_by_role("button", name="More about the run")).to_be_focused()


def test_a_failed_run_leads_to_the_line_of_its_cell(visit: Visit) -> None:
    notebook = visit(BROKEN.format(experiment="menu", name="broken"), "'another cell'")
    notebook.run_all()
    card = notebook.card("broken")
    card.is_in("Failed")

    menu_of(card).get_by_role("menuitem", name="Go to line").click()

    notebook.page.wait_for_function(
        """() => {
            const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
            const { line } = cell.editor.getCursorPosition();
            return cell.editor.getLine(line) === "raise ValueError('no such alpha')";
        }"""
    )


def test_a_run_that_does_not_know_its_cell_offers_no_line_to_go_to(visit: Visit) -> None:
    notebook = visit(FROM_A_TERMINAL, "%aml last")
    notebook.run_all()
    card = notebook.card("bare")
    card.is_in("Failed")
    menu = menu_of(card)

    expect(menu.get_by_role("menuitem", name="Open run")).to_be_visible()
    expect(menu.get_by_role("menuitem", name="Go to line")).to_have_count(0)


def test_a_run_is_compared_with_the_one_before_it(visit: Visit) -> None:
    notebook = visit(
        QUICK.format(experiment="pair", name="first-of-two", alpha=1),
        QUICK.format(experiment="pair", name="second-of-two", alpha=2),
    )
    notebook.run_all()
    first, second = notebook.card("first-of-two"), notebook.card("second-of-two")
    first.is_in("Completed")
    second.is_in("Completed")

    menu_of(first).get_by_role("menuitem", name="Compare with the run before").click()
    expect(notebook.page.get_by_text("pair has no run before #1.")).to_be_visible()
    menu_of(second).get_by_role("menuitem", name="Compare with the run before").click()

    page = notebook.page.locator(".jp-aml-ComparePage")
    expect(page).to_contain_text("first-of-two")
    expect(page).to_contain_text("second-of-two")
