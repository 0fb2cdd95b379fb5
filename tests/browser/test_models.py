"""Models in the sidebar and on their pages: versions, aliases, files, lineage, download."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import NotebookPage, Sidebar, drag_to_the_notebook, offences
from tests.conftest import Lab

CELL = """\
%%aml submit modelling -n {name}
import os
from azureml.core import Model, Run
run = Run.get_context()
run.log("rmse", {rmse})
run.log("alpha", 0.3)
os.makedirs("outputs/folder", exist_ok=True)
for file in ("alone.pkl", "folder/a.txt", "folder/b.txt"):
    with open(f"outputs/{{file}}", "w") as out:
        out.write(file)
run.register_model({name!r}, {path!r}, tags={{"area": "health"}}, description="A ridge",
                   model_framework="ScikitLearn", model_framework_version="1.5")
"""


@dataclass(frozen=True, slots=True)
class Models:
    """The models in the sidebar, and what they open."""

    page: Page

    @property
    def section(self) -> Locator:
        """The list in the sidebar."""
        return self.page.locator("#jupyter-aml-sidebar-models")

    @property
    def dialog(self) -> Locator:
        """The dialog that asks something."""
        return self.page.locator(".jp-Dialog")

    def show(self) -> Models:
        """Show the models in the sidebar."""
        Sidebar(self.page).show().turn("Models")
        return self

    def row(self, name: str) -> Locator:
        """The row of a model."""
        return self.section.locator(f'[data-id="{name}"]')

    def choose(self, name: str, item: str) -> None:
        """Choose an item of the context menu of a model."""
        self.row(name).click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    def open(self, name: str) -> Locator:
        """Open the page of a model."""
        self.row(name).dblclick()
        details = self.page.get_by_role("article", name=f"Model {name}", exact=True)
        expect(details.get_by_role("tab", name="About")).to_be_visible()
        return details


def registered(
    visit: Visit, name: str, path: str = "outputs/alone.pkl", rmse: float = 54.31
) -> tuple[NotebookPage, Models]:
    """A notebook that has registered a model in a run, with the models beside it."""
    notebook = visit(CELL.format(name=name, path=path, rmse=rmse))
    notebook.kernel_is("idle")
    models = Models(notebook.page).show()
    notebook.run_all()
    expect(models.row(name)).to_be_visible()
    return notebook, models


def register(lab: Lab, name: str, file: Path, **more: object) -> None:
    """Register a file as the next version of a model."""
    body = {"name": name, "source": {"path": str(file)}, **more}
    lab.server.post("aml/models", body)


def test_a_model_that_a_run_registers_comes_into_the_list_and_has_a_page(
    visit: Visit, photograph: Photograph
) -> None:
    notebook, models = registered(visit, "seen")
    expect(models.row("seen")).to_contain_text("seen:1")
    expect(models.row("seen")).to_contain_text("ScikitLearn")
    notebook.card("seen").is_in("Completed")

    details = models.open("seen")

    metrics = details.get_by_role("region", name="Metrics")
    expect(metrics).to_contain_text("54.31")
    expect(details).to_contain_text("A ridge")
    expect(details.get_by_role("region", name="Tags")).to_contain_text("health")
    photograph(notebook.page, "model-about")
    details.get_by_role("tab", name="Files").click()
    expect(details.get_by_role("table", name="Files")).to_contain_text("alone.pkl")
    assert offences(details) == []
    metrics_link = details.get_by_role("button", name=re.compile("^run modelling"))
    metrics_link.click()
    expect(notebook.page.locator(".jp-aml-RunPage article[data-status]")).to_be_visible()


def test_versions_stand_beside_each_other_and_can_be_gone_back_to(
    visit: Visit, tmp_path: Path, photograph: Photograph
) -> None:
    notebook, models = registered(visit, "grown", rmse=60.5)
    notebook.card("grown").is_in("Completed")
    details = models.open("grown")
    (tmp_path / "better.pkl").write_bytes(b"better weights")

    register(notebook.lab, "grown", tmp_path / "better.pkl")

    expect(models.row("grown")).to_contain_text("grown:2")
    expect(details.get_by_role("combobox", name="Version")).to_have_value("2")
    details.get_by_role("tab", name="Versions").click()
    table = details.get_by_role("table", name="Versions")
    expect(table.get_by_role("columnheader", name="rmse")).to_be_visible()
    expect(table.get_by_role("row", name=re.compile("60.5"))).to_contain_text("modelling #")
    photograph(notebook.page, "model-versions")
    table.get_by_role("button", name="Show version 1").click()
    expect(details.get_by_role("combobox", name="Version")).to_have_value("1")
    expect(details).to_contain_text("A ridge")


def test_an_alias_is_given_moves_and_is_taken_away(
    visit: Visit, tmp_path: Path, photograph: Photograph
) -> None:
    notebook, models = registered(visit, "named")
    details = models.open("named")
    (tmp_path / "next.pkl").write_bytes(b"next weights")
    register(notebook.lab, "named", tmp_path / "next.pkl")
    expect(details.get_by_role("combobox", name="Version")).to_have_value("2")
    details.get_by_role("combobox", name="Version").select_option("1")
    expect(details).to_contain_text("A ridge")

    details.get_by_role("button", name="Alias…").click()
    models.dialog.get_by_role("textbox").fill("champion")
    photograph(notebook.page, "model-alias")
    models.dialog.get_by_role("button", name="Give the alias").click()
    aliases = details.get_by_role("group", name="Aliases")
    expect(aliases).to_contain_text("champion")

    details.get_by_role("combobox", name="Version").select_option("2")
    expect(aliases).not_to_contain_text("champion")
    models.choose("named", "Give the model an alias")
    models.dialog.get_by_role("textbox").fill("champion")
    models.dialog.get_by_role("button", name="Give the alias").click()
    expect(aliases).to_contain_text("champion")
    expect(models.row("named")).to_have_attribute("data-state", "aliased")

    aliases.get_by_role("button", name="Remove the alias champion").click()
    expect(aliases).not_to_contain_text("champion")
    expect(models.row("named")).to_have_attribute("data-state", "registered")


def test_an_alias_that_cannot_be_is_refused_with_the_reason(visit: Visit) -> None:
    notebook, models = registered(visit, "refused")
    details = models.open("refused")

    details.get_by_role("button", name="Alias…").click()
    models.dialog.get_by_role("textbox").fill("7")
    models.dialog.get_by_role("button", name="Give the alias").click()

    expect(models.dialog).to_contain_text("'7' cannot be an alias: it is a version's number")
    notebook.page.keyboard.press("Escape")
    expect(details.get_by_role("group", name="Aliases")).to_have_text("Alias…")


def test_the_lineage_leads_from_the_model_to_its_run(visit: Visit, photograph: Photograph) -> None:
    notebook, models = registered(visit, "traced")
    notebook.card("traced").is_in("Completed")
    details = models.open("traced")
    details.get_by_role("tab", name="Lineage").click()
    graph = details.get_by_role("region", name="Lineage")
    expect(graph.get_by_role("listitem")).to_have_count(3)
    expect(graph.locator("svg path")).to_have_count(2)
    photograph(notebook.page, "model-lineage")
    assert offences(details) == []

    graph.get_by_role("button", name=re.compile("modelling_")).click()

    page = notebook.page.locator(".jp-aml-RunPage article[data-status]")
    expect(page).to_have_attribute("data-status", "Completed")


def test_a_folder_is_downloaded_as_a_zip_file_and_a_file_as_it_is(
    visit: Visit, tmp_path: Path
) -> None:
    notebook, models = registered(visit, "packed", "outputs/folder")
    notebook.card("packed").is_in("Completed")
    details = models.open("packed")
    with notebook.page.expect_download() as begun:
        details.get_by_role("link", name="Download as zip").click()
    begun.value.save_as(tmp_path / "packed.zip")

    with zipfile.ZipFile(tmp_path / "packed.zip") as packed:
        assert packed.namelist() == ["folder/a.txt", "folder/b.txt"]
        assert packed.read("folder/a.txt") == b"folder/a.txt"
    details.get_by_role("tab", name="Files").click()
    with notebook.page.expect_download() as begun:
        details.get_by_role("link", name="folder/b.txt").click()
    assert Path(begun.value.path()).read_bytes() == b"folder/b.txt"


def test_a_model_that_is_dragged_into_a_notebook_is_the_code_that_gets_it(visit: Visit) -> None:
    notebook, models = registered(visit, "dragged-model")
    notebook.card("dragged-model").is_in("Completed")

    cell = drag_to_the_notebook(notebook, models.row("dragged-model"))

    expect(cell).to_contain_text('model = Model(ws, "dragged-model", version=1)')
    cell.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("; model.id")
    notebook.page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("dragged-model:1")


def test_a_model_is_found_by_its_tag_and_deleted_by_a_key(visit: Visit) -> None:
    notebook, models = registered(visit, "outlived")
    notebook.card("outlived").is_in("Completed")
    filter = models.section.get_by_role("searchbox", name="Filter the models")
    filter.fill("outlived area=health")
    expect(models.section.get_by_role("option")).to_have_count(1)
    filter.press("ArrowDown")
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    details = notebook.page.get_by_role("article", name="Model outlived", exact=True)
    expect(details.get_by_role("tab", name="About")).to_be_visible()

    models.section.get_by_role("listbox").focus()
    notebook.page.keyboard.press("Delete")
    expect(models.dialog).to_contain_text("Delete model outlived:1?")
    models.dialog.get_by_role("button", name="Delete model").click()

    expect(models.row("outlived")).to_have_count(0)
    expect(details.get_by_role("alert")).to_have_text("This model was deleted.")


def test_without_a_model_the_list_says_what_to_do_first(
    start_lab: Callable[..., Lab], visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(lab=start_lab())
    models = Models(notebook.page).show()

    expect(models.section).to_contain_text("No model yet.")
    expect(models.section.locator("pre")).to_contain_text("run.register_model(")
    photograph(notebook.page, "models-empty")


def test_the_models_are_whole_in_a_narrow_sidebar(visit: Visit, photograph: Photograph) -> None:
    notebook, models = registered(visit, "a-name-that-is-too-long-for-a-narrow-sidebar-of-models")
    notebook.page.set_viewport_size({"width": 900, "height": 800})
    box = models.section.bounding_box()
    assert box is not None and box["width"] <= 320
    over = models.section.evaluate(
        """section => [...section.querySelectorAll("input, button, li, .jp-aml-Row-number")]
            .filter(one =>
                one.getBoundingClientRect().right > section.getBoundingClientRect().right + 1)
            .map(one => one.outerHTML)"""
    )
    assert over == []
    photograph(notebook.page, "models-narrow")
