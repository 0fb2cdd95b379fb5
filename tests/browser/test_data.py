"""Data in the sidebar and on its pages: datastores, uploads, data sets, previews, profiles."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import NotebookPage, Sidebar, drag_to_the_notebook, offences
from tests.conftest import Lab

CSV = "age,city,ill\n" + "".join(f"{20 + i % 50},{'ab'[i % 2]},{i % 3 == 0}\n" for i in range(300))


@dataclass(frozen=True, slots=True)
class Data:
    """The data sets and datastores in the sidebar, and what they open."""

    page: Page

    @property
    def section(self) -> Locator:
        """All that the sidebar shows of data."""
        return self.page.locator("#jupyter-aml-sidebar-data")

    @property
    def tree(self) -> Locator:
        """The datastores."""
        return self.section.get_by_role("tree", name="Datastores")

    @property
    def uploads(self) -> Locator:
        """The files that are or were on their way."""
        return self.section.get_by_role("region", name="Uploads")

    @property
    def dialog(self) -> Locator:
        """The dialog that asks something."""
        return self.page.locator(".jp-Dialog")

    def show(self) -> Data:
        """Show the data in the sidebar, and wait until the datastores are there."""
        Sidebar(self.page).show().turn("Data")
        expect(self.store("workspaceblobstore")).to_be_visible()
        return self

    def row(self, name: str) -> Locator:
        """The row of a data set."""
        return self.section.get_by_role("listbox").locator(f'[data-id="{name}"]')

    def store(self, name: str) -> Locator:
        """The row of a datastore."""
        return self.tree.locator(f'[data-id="store {name}/"]')

    def place(self, path: str, store: str = "workspaceblobstore") -> Locator:
        """The row of a folder or file."""
        return self.tree.locator(f'[data-id$=" {store}/{path}"]')

    def choose(self, row: Locator, item: str) -> None:
        """Choose an item of the context menu of a row."""
        row.click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    def drop(self, row: Locator, name: str, text: str) -> None:
        """Drop a file of the desktop on a row."""
        given = row.evaluate_handle(
            """(row, [name, text]) => {
                const given = new DataTransfer();
                given.items.add(new File([text], name));
                return given;
            }""",
            [name, text],
        )
        for event in ("dragenter", "dragover", "drop"):
            row.dispatch_event(event, {"dataTransfer": given})

    def open(self, name: str) -> Locator:
        """Open the page of a data set."""
        self.row(name).dblclick()
        details = self.page.get_by_role("article", name=f"Data set {name}", exact=True)
        expect(details.get_by_role("tab", name="Preview")).to_be_visible()
        return details


def shown(notebook: NotebookPage) -> Data:
    """Show the data beside a notebook that is all there."""
    notebook.kernel_is("idle")
    return Data(notebook.page).show()


def laid(lab: Lab, path: str, text: str) -> Path:
    """Write a file of the default datastore."""
    file = lab.root / "workspaces/default/storage/workspaceblobstore" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def register(lab: Lab, name: str, path: str, kind: str = "tabular", **more: Any) -> None:
    """Register a file of the default datastore as the next version of a data set."""
    read = {"do": "read", "form": "delimited" if kind == "tabular" else "files"}
    sources = [{"datastore": "workspaceblobstore", "path": path}]
    definition = {"kind": kind, "sources": sources, "steps": [read]}
    body = {"name": name, "definition": definition, "createNewVersion": True, **more}
    lab.server.post("aml/datasets", body)


def test_files_that_are_dropped_on_a_datastore_are_sent_there_and_listed(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    data = shown(notebook)
    expect(data.store("workspaceblobstore")).to_contain_text("default")
    data.drop(data.store("workspaceblobstore"), "dropped.csv", CSV)

    expect(data.uploads).to_contain_text("1 uploaded")
    expect(data.place("dropped.csv")).to_be_visible()
    root = notebook.lab.root / "workspaces/default/storage/workspaceblobstore"
    assert (root / "dropped.csv").read_text() == CSV
    photograph(notebook.page, "data-uploaded")

    data.drop(data.place("dropped.csv"), "dropped.csv", "other")
    expect(data.uploads.get_by_role("alert")).to_have_text(
        "'dropped.csv' is on the datastore already"
    )
    photograph(notebook.page, "data-refused")
    assert offences(data.section) == []
    data.uploads.get_by_role("button", name="Replace").click()
    expect(data.uploads.get_by_role("alert")).to_have_count(0)
    expect(data.uploads).to_contain_text("2 uploaded")
    assert (root / "dropped.csv").read_text() == "other"
    data.uploads.get_by_role("button", name="Clear").click()
    expect(data.uploads).to_have_count(0)


def test_folders_are_listed_when_they_are_opened_and_a_file_is_uploaded_into_one(
    visit: Visit, tmp_path: Path
) -> None:
    notebook = visit()
    laid(notebook.lab, "outer/inner/deep.txt", "deep")
    (tmp_path / "sent.bin").write_bytes(bytes(9 << 20))
    data = shown(notebook)
    data.tree.focus()
    keyboard = notebook.page.keyboard
    keyboard.press("Home")
    keyboard.press("ArrowRight")
    expect(data.place("outer")).to_be_visible()
    data.place("outer").click()
    data.place("outer/inner").click()
    expect(data.place("outer/inner/deep.txt")).to_contain_text("4 B")

    with notebook.page.expect_file_chooser() as chooser:
        data.section.get_by_role("button", name="Upload…").click()
    chooser.value.set_files(tmp_path / "sent.bin")

    expect(data.place("outer/inner/sent.bin")).to_contain_text("9.4 MB")
    sent = laid(notebook.lab, "outer/inner/other.txt", "").with_name("sent.bin")
    assert sent.read_bytes() == bytes(9 << 20)
    with notebook.page.expect_download() as begun:
        data.choose(data.place("outer/inner/deep.txt"), "Download file")
    assert Path(begun.value.path()).read_text() == "deep"


def test_an_upload_that_breaks_off_says_so_and_goes_on_from_there(
    visit: Visit, tmp_path: Path
) -> None:
    notebook = visit()
    (tmp_path / "broken.bin").write_bytes(bytes(9 << 20))
    data = shown(notebook)
    refusals = []

    def refuse(route: Route) -> None:
        if "offset=4194304" in route.request.url and not refusals:
            refusals.append(route.request.url)
            problem = {"error": "StorageFailed", "message": "The disk is full"}
            route.fulfill(status=507, content_type="application/json", body=json.dumps(problem))
        else:
            route.continue_()

    notebook.page.route(re.compile("/aml/datastores/.*/files/broken"), refuse)
    data.store("workspaceblobstore").click()
    with notebook.page.expect_file_chooser() as chooser:
        data.section.get_by_role("button", name="Upload…").click()
    chooser.value.set_files(tmp_path / "broken.bin")
    expect(data.uploads.get_by_role("alert")).to_have_text("The disk is full")

    data.uploads.get_by_role("button", name="Try again").click()

    expect(data.uploads).to_contain_text("1 uploaded")
    assert laid(notebook.lab, "x", "").with_name("broken.bin").read_bytes() == bytes(9 << 20)


def test_the_page_of_a_table_shows_its_rows_types_and_profile(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    laid(notebook.lab, "tables/patients.csv", CSV)
    data = shown(notebook)
    register(notebook.lab, "patients", "tables/patients.csv", tags={"area": "health"})
    details = data.open("patients")

    rows = details.get_by_role("region", name="First rows")
    expect(rows.get_by_role("columnheader", name="age")).to_be_visible()
    expect(rows.get_by_role("cell", name="20").first).to_be_visible()
    photograph(notebook.page, "dataset-preview")
    details.get_by_role("tab", name="Profile").click()
    expect(
        details.get_by_role("img", name=re.compile("^Histogram of age, from 20 to 69"))
    ).to_be_visible()
    expect(details.get_by_role("table", name="Most frequent values").first).to_contain_text("150")
    photograph(notebook.page, "dataset-profile")
    assert offences(details) == []
    details.get_by_role("tab", name="Files").click()
    expect(details.get_by_role("table", name="Files")).to_contain_text("tables/patients.csv")
    details.get_by_role("tab", name="Definition").click()
    expect(details.get_by_role("region", name="Sources")).to_contain_text("tables/patients.csv")
    expect(details.get_by_role("region", name="Tags")).to_contain_text("health")
    photograph(notebook.page, "dataset-definition")


def test_a_page_says_what_changed_behind_a_version_and_shows_its_versions(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    file = laid(notebook.lab, "moved/a.csv", CSV)
    register(notebook.lab, "moved", "moved/*.csv")
    data = shown(notebook)
    file.write_text(CSV + "1,c,True\n")
    laid(notebook.lab, "moved/b.csv", CSV)
    details = data.open("moved")

    expect(details).to_contain_text("is not what it was when it was registered")
    details.get_by_role("button", name="What changed").click()
    expect(details).to_contain_text("a.csv has changed")
    expect(details).to_contain_text("b.csv is new")
    expect(details.get_by_role("region", name="First rows")).to_be_visible()
    photograph(notebook.page, "dataset-changed")

    register(notebook.lab, "moved", "moved/*.csv", description="Both of them")
    expect(details.get_by_role("combobox", name="Version")).to_have_value("2")
    expect(details).not_to_contain_text("is not what it was")
    expect(data.row("moved")).to_contain_text("moved:2")
    details.get_by_role("tab", name="Versions").click()
    table = details.get_by_role("table", name="Versions")
    expect(table).to_contain_text("Both of them")
    table.get_by_role("button", name="Show version 1").click()
    expect(details.get_by_role("combobox", name="Version")).to_have_value("1")


def test_a_data_set_of_files_shows_its_files_and_is_deleted_by_a_key(visit: Visit) -> None:
    notebook = visit()
    laid(notebook.lab, "pictures/one.png", "1")
    register(notebook.lab, "pictures", "pictures", kind="file")
    data = shown(notebook)
    details = data.open("pictures")
    expect(details.get_by_role("region", name="First rows")).to_contain_text("one.png")
    expect(details.get_by_role("tab", name="Profile")).to_have_count(0)

    data.row("pictures").click()
    data.section.get_by_role("listbox").focus()
    notebook.page.keyboard.press("Delete")
    expect(data.dialog).to_contain_text("Delete data set pictures:1?")
    data.dialog.get_by_role("button", name="Delete data set").click()

    expect(data.row("pictures")).to_have_count(0)
    expect(details.get_by_role("alert")).to_have_text("This data set was deleted.")


def test_a_file_that_is_broken_is_said_in_place_of_its_rows(visit: Visit) -> None:
    notebook = visit()
    file = laid(notebook.lab, "gone/x.csv", CSV)
    register(notebook.lab, "gone", "gone/x.csv")
    data = shown(notebook)
    file.unlink()

    details = data.open("gone")

    expect(details.get_by_role("tabpanel").get_by_role("alert")).to_contain_text("gone/x.csv")
    expect(details.get_by_role("button", name="Try again").first).to_be_visible()


def test_what_is_dragged_into_a_notebook_is_the_code_that_gets_it(visit: Visit) -> None:
    notebook = visit()
    laid(notebook.lab, "drag/me.csv", CSV)
    register(notebook.lab, "dragged-data", "drag/me.csv")
    data = shown(notebook)

    cell = drag_to_the_notebook(notebook, data.row("dragged-data"))

    expect(cell).to_contain_text('dataset = Dataset.get_by_name(ws, "dragged-data", version=1)')
    cell.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("; dataset.name")
    notebook.page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("dragged-data")


def test_a_datastore_that_is_dragged_into_a_notebook_is_the_code_that_gets_it(
    visit: Visit,
) -> None:
    notebook = visit()
    data = shown(notebook)

    cell = drag_to_the_notebook(notebook, data.store("workspacefilestore"))

    expect(cell).to_contain_text('datastore = Datastore.get(ws, "workspacefilestore")')


def test_another_datastore_is_made_the_default_and_unregistered(
    start_lab: Callable[..., Lab], visit: Visit, tmp_path: Path
) -> None:
    notebook = visit(lab=start_lab())
    body = {"name": "mine", "kind": "Custom", "url": tmp_path.as_uri()}
    notebook.lab.server.post("aml/datastores", body)
    data = shown(notebook)
    expect(data.section).to_contain_text("No data set yet.")
    data.choose(data.store("mine"), "Make it the default datastore")
    expect(data.store("mine")).to_contain_text("default")
    expect(data.store("workspaceblobstore")).not_to_contain_text("default")

    data.choose(data.store("mine"), "Unregister datastore")
    data.dialog.get_by_role("button", name="Unregister datastore").click()
    expect(data.dialog).to_contain_text("make another one the default first")
    notebook.page.keyboard.press("Escape")
    data.choose(data.store("workspaceblobstore"), "Make it the default datastore")
    expect(data.store("workspaceblobstore")).to_contain_text("default")
    data.choose(data.store("mine"), "Unregister datastore")
    data.dialog.get_by_role("button", name="Unregister datastore").click()

    expect(data.store("mine")).to_have_count(0)


def test_the_data_are_whole_in_a_narrow_sidebar(visit: Visit, photograph: Photograph) -> None:
    notebook = visit()
    laid(notebook.lab, "narrow/a-file-with-a-name-that-is-much-too-long-to-be-seen.csv", CSV)
    register(notebook.lab, "a-data-set-with-a-name-that-is-much-too-long", "narrow")
    data = shown(notebook)
    data.store("workspaceblobstore").click()
    data.place("narrow").click()
    expect(
        data.place("narrow/a-file-with-a-name-that-is-much-too-long-to-be-seen.csv")
    ).to_be_visible()
    notebook.page.set_viewport_size({"width": 900, "height": 800})
    box = data.section.bounding_box()
    assert box is not None and box["width"] <= 320
    over = data.section.evaluate(
        """section => [...section.querySelectorAll("input, button, li, .jp-aml-FileTree-size")]
            .filter(one =>
                one.getBoundingClientRect().right > section.getBoundingClientRect().right + 1)
            .map(one => one.outerHTML)"""
    )
    assert over == []
    photograph(notebook.page, "data-narrow")


READS = """\
%%writefile read.py
import os
from azureml.core import Run
run = Run.get_context()
data = run.input_datasets["patients"].to_pandas_dataframe()
os.makedirs("outputs", exist_ok=True)
open("outputs/model.pkl", "w").write("weights")
run.register_model("from-data", "outputs/model.pkl")
print(len(data), "rows")
"""
SENDS = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
ws = Workspace.get("default")
data = Dataset.get_by_name(ws, "read-by-a-run")
config = ScriptRunConfig(".", script="read.py", arguments=[data.as_named_input("patients")])
run = Experiment(ws, "reading").submit(config)
run.display_name = "reader"
run.wait_for_completion()
run
"""


def test_a_run_links_to_its_data_and_models_and_they_to_it(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(READS, SENDS)
    laid(notebook.lab, "read/patients.csv", CSV)
    register(notebook.lab, "read-by-a-run", "read/patients.csv")
    data = shown(notebook)
    notebook.run_all()
    card = notebook.page.locator(".jp-aml-Run")
    expect(card).to_have_attribute("data-status", "Completed", timeout=90_000)
    card.get_by_role("button", name="Open the run").click()
    card = notebook.page.locator(".jp-aml-RunPage .jp-aml-Run")
    card.get_by_role("tab", name="Data", exact=True).click()
    expect(card.get_by_role("table", name="Inputs")).to_contain_text("patients")
    expect(card.get_by_role("table", name="Models")).to_contain_text("from-data:1")
    photograph(notebook.page, "run-data")
    assert offences(card) == []

    card.get_by_role("button", name="read-by-a-run:1").click()
    details = notebook.page.get_by_role("article", name="Data set read-by-a-run", exact=True)
    details.get_by_role("tab", name="Lineage").click()
    graph = details.get_by_role("region", name="Lineage")
    expect(graph.get_by_role("listitem")).to_have_count(3)
    photograph(notebook.page, "dataset-lineage")
    graph.get_by_role("button", name=re.compile("from-data:1")).click()

    model = notebook.page.get_by_role("article", name="Model from-data", exact=True)
    model.get_by_role("tab", name="Lineage").click()
    way = model.get_by_role("region", name="Lineage")
    expect(way.get_by_role("button", name=re.compile("read-by-a-run:1"))).to_be_visible()
    expect(data.row("read-by-a-run")).to_be_visible()


def test_a_file_of_the_file_browser_is_uploaded_where_it_is_dropped(visit: Visit) -> None:
    notebook = visit()
    (notebook.lab.folder / "browsed.csv").write_text(CSV)
    data = shown(notebook)
    notebook.page.evaluate(
        """() => {
            const { shell } = window.jupyterapp;
            const panel = [...shell.widgets("left")].find(one => one.id === "jupyter-aml-sidebar");
            shell.add(panel, "right", { rank: 1 });
            shell.activateById(panel.id);
            shell.activateById("filebrowser");
        }"""
    )
    notebook.command("filebrowser:refresh")
    file = notebook.page.locator(".jp-DirListing-item", has_text="browsed.csv")
    expect(file).to_be_visible()
    expect(data.store("workspaceblobstore")).to_be_visible()
    start, end = file.bounding_box(), data.store("workspaceblobstore").bounding_box()
    assert start is not None and end is not None

    mouse = notebook.page.mouse
    mouse.move(start["x"] + 40, start["y"] + 8)
    mouse.down()
    mouse.move(start["x"] + 80, start["y"] + 40, steps=5)
    mouse.move(end["x"] + 60, end["y"] + 10, steps=10)
    mouse.up()

    expect(data.uploads).to_contain_text("1 uploaded")
    expect(data.place("browsed.csv")).to_be_visible()
    assert laid(notebook.lab, "y", "").with_name("browsed.csv").read_text() == CSV
    assert (notebook.lab.folder / "browsed.csv").exists()
