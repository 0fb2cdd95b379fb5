"""What users and scripts write is text: nothing in it becomes a part of the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from jupyter_aml.wire.stored import RUN_MIME
from tests.browser.conftest import Visit, write_notebook
from tests.browser.pages import Card, Sidebar, Watch
from tests.conftest import Lab

MARKUP = '<img src=x onerror="window.pwned=1">'
SCRIPT = f"""\
%%aml submit markup -n '{MARKUP}' -d '{MARKUP}' -t 'tag={MARKUP}' -p 'given={MARKUP}'
import os
from azureml.core import Run
bad = '{MARKUP}'
run = Run.get_context()
print(bad)
run.log(bad, 1)
run.log(bad, 2)
run.log('word', bad)
run.log_row('rows', **{{bad: bad}})
os.makedirs('outputs', exist_ok=True)
open('outputs/' + bad, 'w').close()
raise ValueError(bad)
"""
STRANGER = "http://127.0.0.1:9/beacon.png"


def is_unharmed(page: Page) -> None:
    """Check that no text has become an element, and that no script of a text ran."""
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("() => window.pwned") is None


def says(place: Locator) -> None:
    """Wait until the markup can be read there as it was written."""
    expect(place).to_contain_text(MARKUP)


def test_markup_of_a_run_is_text_on_its_card_in_the_sidebar_and_in_dialogs(visit: Visit) -> None:
    notebook = visit(SCRIPT)
    notebook.run_all()
    card = notebook.card(MARKUP)
    card.is_in("Failed")
    says(card.node.locator(".jp-aml-Story"))
    says(card.node.get_by_role("log"))
    for tab in ("Metrics", "Files", "Details"):
        says(card.tab(tab))

    sidebar = Sidebar(notebook.page).show()
    says(sidebar.row(MARKUP))
    sidebar.choose(MARKUP, "Delete run")
    says(notebook.page.get_by_role("dialog"))
    notebook.page.keyboard.press("Escape")
    sidebar.row(MARKUP).dblclick()
    expect(notebook.page.locator(".jp-aml-RunPage article")).to_be_visible()
    says(notebook.page.get_by_role("tab", name=MARKUP))
    is_unharmed(notebook.page)


def test_the_stored_form_of_a_run_holds_its_markup_as_text_and_asks_nobody(visit: Visit) -> None:
    notebook = visit(SCRIPT)
    notebook.run_all()
    notebook.card(MARKUP).is_in("Failed")
    made_by_the_kernel = notebook.html()
    made_by_the_page = notebook.save()["text/html"]

    for html in (made_by_the_kernel, made_by_the_page):
        page = notebook.page.context.new_page()
        watch = Watch(page, notebook.lab.url)
        page.set_content(html)
        says(page.locator("body"))
        is_unharmed(page)
        assert page.locator("script, iframe, link, object, embed, form").count() == 0
        assert [one for one in watch.addresses if not one.startswith("data:")] == []


def test_a_notebook_of_unknown_origin_can_say_what_it_likes_and_do_nothing(
    visit: Visit, lab_server: Lab
) -> None:
    cells = ("%%aml submit pwned\nprint(1)", "%aml env build pwned", "None")
    file = write_notebook(lab_server.folder / "hostile.ipynb", *cells, outputs=hostile())
    notebook = visit(file=file)
    card = Card(notebook.page.locator(".jp-Notebook").get_by_role("article"))

    card.says(MARKUP)
    for tab in ("Log", "Metrics", "Files", "Details"):
        says(card.tab(tab))
    expect(card.tab("Images").get_by_role("img")).to_have_count(2)

    is_unharmed(notebook.page)
    asked = notebook.watch.addresses
    assert [one for one in asked if STRANGER in one or urlsplit(one).path == "/logout"] == []
    # Nothing was submitted, built or cancelled by opening it.
    assert notebook.watch.writes == []


def test_a_run_id_that_is_a_path_is_not_asked_for(visit: Visit, lab_server: Lab) -> None:
    data = hostile()
    data[RUN_MIME]["runId"] = "../../api/shutdown"
    file = write_notebook(lab_server.folder / "path.ipynb", "None", outputs=data)
    notebook = visit(file=file)

    expect(notebook.page.locator(".jp-Notebook")).to_contain_text("does not name a run")
    assert not any("api/shutdown" in one for one in notebook.watch.addresses)


def hostile() -> dict[str, Any]:
    """An output that a stranger has written by hand."""
    moment = "2026-01-01T00:00:00Z"
    run = {
        "runId": "unknown_1_abc",
        "workspace": "default",
        "experiment": MARKUP,
        "number": 1,
        "displayName": MARKUP,
        "description": MARKUP,
        "status": "Completed",
        "reason": None,
        "target": MARKUP,
        "script": MARKUP,
        "arguments": [MARKUP],
        "parameters": {MARKUP: MARKUP},
        "tags": {MARKUP: MARKUP},
        "properties": {},
        "metrics": {MARKUP: MARKUP},
        "warnings": [MARKUP],
        "error": None,
        "exitCode": 0,
        "createdAt": moment,
        "startedAt": moment,
        "endedAt": moment,
        "parentId": None,
        "snapshotId": None,
        "submittedBy": MARKUP,
        "origin": None,
        "job": None,
        "seq": 10**9,
    }
    pictures = {
        name: [{"time": 0, "step": 0, "kind": "image", "value": {"file": file}}]
        for name, file in (("remote", "a.png"), ("route", "../../../../logout"))
    }
    snapshot = {
        "run": run,
        "metrics": {
            "runId": run["runId"],
            "series": {},
            "values": pictures,
            "cursor": 0,
        },
        "log": {"name": "user_logs/std_log.txt", "offset": 0, "text": MARKUP, "size": 36},
        "files": [{"name": MARKUP, "size": 1, "modified": 0}],
        "images": {"remote": STRANGER},
        "savedAt": moment,
    }
    return {
        RUN_MIME: {
            "version": 1,
            "runId": run["runId"],
            "workspace": "default",
            "show": "full",
            "snapshot": snapshot,
        },
        "text/html": f"{MARKUP}<script>window.pwned = 1</script>",
        "text/plain": "a run",
    }
