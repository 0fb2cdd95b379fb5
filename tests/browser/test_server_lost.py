"""The server dies under live cards and pages, and comes back: what was loaded stays."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from jupyter_aml.testing.jupyter import until
from tests.browser.conftest import Visit
from tests.browser.pages import LIMIT, Gate, training
from tests.browser.test_compare import comparison, ended, trained
from tests.conftest import Lab

AWAY = re.compile(r"^Not connected: shown as of \d\d?:\d\d")
MIDDLE = re.compile(r"line (9|10)\d\d\d\d of many")
TALKING = """\
%%aml submit trial -n talking -p gate={gate} --timeout 5m
import os, time
from azureml.core import Run
run = Run.get_context()
print("\\n".join(f"line {{i}} of many" for i in range(200_000)))
step = 0
while not os.path.exists(gate):
    run.log("loss", 1 / (1 + step))
    step += 1
    time.sleep(0.05)
"""
WRITING = """\
%%aml submit trial -n writing
from azureml.core import Run
run = Run.get_context()
open("outputs/notes.txt", "w").write("what was found")
with run.child_run("offspring") as child:
    child.log("loss", 1)
"""


def close_dialogs(page: Page) -> None:
    """Close what JupyterLab says of the lost server whenever it is in the way."""
    dialog = page.get_by_role("dialog", name=re.compile("^Server Connection Error"))
    page.add_locator_handler(dialog, lambda: dialog.get_by_role("button", name="Close").click())


def drawn(chart: Locator) -> None:
    """See that the chart is there, with a picture in it."""
    chart.scroll_into_view_if_needed()
    expect(chart.locator("canvas")).to_be_visible()


def test_a_card_goes_on_where_a_killed_server_comes_back_and_has_lost_nothing(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate
) -> None:
    lab = start_lab()
    notebook = visit(training("survivor", gate), lab=lab)
    notebook.run_all()
    card = notebook.card("survivor")
    card.is_live()

    lab.server.kill()
    expect(card.node.get_by_role("button", name=AWAY)).to_be_visible()
    lab.server.start_again()

    card.is_live()
    expect(card.node.get_by_role("button", name=AWAY)).to_have_count(0)
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


def test_what_was_loaded_of_a_run_stays_while_the_server_is_away(
    start_lab: Callable[..., Lab], visit: Visit, gate: Gate
) -> None:
    lab = start_lab()
    notebook = visit(TALKING.format(gate=gate.path), lab=lab)
    close_dialogs(notebook.page)
    notebook.run_all()
    card = notebook.card("talking")
    card.is_live()
    system = card.tab("System")
    memory = system.get_by_role("figure", name=re.compile("^memory: "))
    drawn(memory)
    card.node.get_by_role("button", name="Open the run").click()
    page = notebook.run_page("talking")
    drawn(page.chart("loss"))
    log = page.tab("Log").get_by_role("log")
    log.evaluate("node => { node.scrollTop = node.scrollHeight / 2; }")
    expect(log).to_contain_text(MIDDLE)

    lab.server.kill()

    expect(page.node.get_by_role("button", name=AWAY)).to_be_visible()
    expect(log).to_contain_text(MIDDLE)
    expect(log).not_to_contain_text("Earlier lines are in the download.")
    drawn(page.chart("loss"))
    expect(page.node.get_by_role("alert")).to_have_count(0)
    notebook.page.get_by_role("tab", name=notebook.file.name).click()
    expect(card.node.get_by_role("button", name=AWAY)).to_be_visible()
    drawn(card.chart("loss"))
    drawn(memory)
    expect(card.node.get_by_role("alert")).to_have_count(0)

    lab.server.start_again()

    expect(card.node.get_by_role("button", name=AWAY)).to_have_count(0)
    card.is_live()
    gate.open()
    card.is_in("Completed")


def test_files_source_and_children_that_were_loaded_stay_while_the_server_is_away(
    start_lab: Callable[..., Lab], visit: Visit
) -> None:
    lab = start_lab()
    notebook = visit(WRITING, lab=lab)
    close_dialogs(notebook.page)
    notebook.run_all()
    card = notebook.card("writing")
    card.is_in("Completed")
    card.node.get_by_role("button", name="Open the run").click()
    page = notebook.run_page("writing")
    files = page.tab("Files")
    files.get_by_role("treeitem", name="notes.txt").click()
    note = files.get_by_role("region", name="outputs/notes.txt")
    expect(note).to_contain_text("what was found")
    notebook.page.get_by_role("tab", name=notebook.file.name).click()
    children = card.tab("Children")
    expect(children).to_contain_text("offspring")

    lab.server.kill()

    expect(card.node.get_by_role("button", name=AWAY)).to_be_visible()
    expect(children).to_contain_text("offspring")
    notebook.page.get_by_role("tab", name=re.compile(r"\bwriting\b")).click()
    expect(page.node.get_by_role("button", name=AWAY)).to_be_visible()
    expect(note).to_contain_text("what was found")

    lab.server.start_again()

    expect(page.node.get_by_role("button", name=AWAY)).to_have_count(0)
    source = page.tab("Code")
    source.get_by_role("treeitem", name="cell.py").click()
    code = source.get_by_role("region", name="cell.py")
    expect(code).to_contain_text("Run.get_context()")

    lab.server.kill()

    expect(page.node.get_by_role("button", name=AWAY)).to_be_visible()
    expect(code).to_contain_text("Run.get_context()")
    lab.server.start_again()
    expect(page.node.get_by_role("button", name=AWAY)).to_have_count(0)


def test_a_comparison_that_was_loaded_stays_while_the_server_is_away(
    start_lab: Callable[..., Lab], visit: Visit
) -> None:
    lab = start_lab()
    notebook = visit(trained("one", 0.1), trained("two", 0.5), lab=lab)
    close_dialogs(notebook.page)
    sidebar = ended(notebook, "one", "two")
    sidebar.row("one").click()
    sidebar.row("two").click(modifiers=["Shift"])
    sidebar.node.get_by_role("button", name="Compare").click()
    sheet = comparison(notebook)
    sheet.get_by_role("tab", name="Curves").click()
    drawn(sheet.get_by_role("figure", name="loss of 2 runs"))

    lab.server.kill()

    expect(sheet.get_by_role("button", name=AWAY)).to_be_visible()
    drawn(sheet.get_by_role("figure", name="loss of 2 runs"))
    expect(sheet.get_by_role("alert")).to_have_count(0)
    sheet.get_by_role("tab", name="Table").click()
    expect(sheet.get_by_role("table")).to_contain_text("50.5")

    lab.server.start_again()

    expect(sheet.get_by_role("button", name=AWAY)).to_have_count(0)
    expect(sheet.get_by_role("table")).to_contain_text("50.5")
