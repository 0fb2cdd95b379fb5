"""Environments and kernels in the sidebar: written, built, used, deleted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Environments, NotebookPage, Sidebar

BUILD_LIMIT = 120_000
LACKING = "cowsay"
"""A small package of pure Python that the environment of the tests does not have."""


def shown(notebook: NotebookPage) -> Environments:
    """Show the sidebar beside a notebook that is all there, and so opens nothing any more."""
    notebook.kernel_is("idle")
    return Environments(notebook.page).show()


def built(notebook: NotebookPage, name: str) -> Environments:
    """Write an environment with one package in the form, build it, and wait until it is ready."""
    environments = shown(notebook)
    writer = environments.new()
    writer.name.fill(name)
    writer.add("pip packages", LACKING)
    writer.press("Create and build")
    expect(environments.row(name)).to_have_attribute("data-state", "ready", timeout=BUILD_LIMIT)
    return environments


def test_an_environment_written_in_the_form_is_built_and_shows_what_is_in_it(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    environments = shown(notebook)
    writer = environments.new()
    expect(writer.name).to_be_focused()
    writer.name.fill("formed")
    writer.add("pip packages", LACKING)
    writer.tab("YAML")
    expect(writer.yaml).to_contain_text(f"- {LACKING}")
    writer.tab("Form")
    photograph(notebook.page, "environment-form")
    writer.press("Create and build")

    expect(environments.row("formed")).to_have_attribute("data-state", re.compile("building|ready"))
    expect(environments.row("formed")).to_have_attribute("data-state", "ready", timeout=BUILD_LIMIT)
    details = environments.details("formed")
    expect(details).to_have_attribute("data-state", "ready")
    details.get_by_role("tab", name="Build log").click()
    expect(details.get_by_role("log")).to_contain_text(re.compile(r"\w"))
    photograph(notebook.page, "environment-log")
    details.get_by_role("tab", name="Packages").click()
    details.get_by_role("searchbox", name="Filter the packages").fill("cow")
    expect(details.get_by_role("row", name=re.compile(rf"^{LACKING} \d"))).to_be_visible()
    photograph(notebook.page, "environment-packages")
    details.get_by_role("tab", name="Definition").click()
    expect(details.locator(".cm-content")).to_contain_text(LACKING)
    photograph(notebook.page, "environment-definition")


def test_no_field_of_the_form_leaves_its_page(visit: Visit) -> None:
    notebook = visit()
    writer = shown(notebook).new()
    expect(writer.name).to_be_visible()

    for width in (600, 640, 700, 900, 1280):
        notebook.page.set_viewport_size({"width": width, "height": 900})
        over = writer.node.evaluate(
            """page => [...page.querySelectorAll("input, select, button")]
                .filter(one =>
                    one.getBoundingClientRect().right > page.getBoundingClientRect().right)
                .map(one => one.outerHTML)"""
        )
        assert over == [], width


def test_a_mistake_in_the_yaml_is_shown_with_its_place_and_leads_to_it(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    writer = shown(notebook).new()
    writer.name.fill("mistaken")
    writer.tab("YAML")
    writer.write("dependencies:\n  - python=3.12\n  - pip: [art\nname: x\n")

    place = writer.mistakes.get_by_role("button", name=re.compile("^Line 4"))
    expect(place).to_be_visible()
    expect(writer.node.locator(".jp-aml-Mistake-line")).to_have_count(1)
    expect(writer.node.get_by_role("button", name="Create", exact=True)).to_be_disabled()
    photograph(notebook.page, "environment-mistake")
    place.click()
    expect(writer.yaml).to_be_focused()

    writer.write(f"dependencies:\n  - pip:\n      - {LACKING}\n")
    expect(writer.mistakes).to_have_text("")
    writer.tab("Form")
    expect(writer.node.get_by_role("group", name="pip packages")).to_contain_text(LACKING)


def test_a_package_that_does_not_exist_fails_the_build_with_its_name(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    environments = shown(notebook)
    writer = environments.new()
    writer.name.fill("impossible")
    writer.add("pip packages", f"{LACKING}==999.0")
    writer.press("Create and build")

    row = environments.row("impossible")
    expect(row).to_have_attribute("data-state", "failed", timeout=BUILD_LIMIT)
    expect(row).to_contain_text(LACKING)
    photograph(notebook.page, "environment-failed")
    expect(environments.details("impossible")).to_have_attribute("data-state", "failed")


def test_a_curated_environment_can_be_cloned_and_the_clone_deleted(visit: Visit) -> None:
    notebook = visit()
    environments = shown(notebook).show_curated()
    environments.row("AzureML-Minimal").click(button="right")
    menu = notebook.page.get_by_role("menuitem", name="Clone environment")
    expect(menu).to_be_visible()
    expect(notebook.page.get_by_role("menuitem", name="Delete environment")).to_have_count(0)
    menu.click()
    expect(environments.dialog.get_by_role("textbox")).to_have_value("minimal-copy")
    environments.dialog.get_by_role("button", name="Clone").click()
    expect(environments.row("minimal-copy")).to_be_visible()

    environments.choose("minimal-copy", "Delete environment")
    expect(environments.dialog).to_contain_text("No run used it.")
    environments.dialog.get_by_role("button", name="Cancel").click()
    expect(environments.row("minimal-copy")).to_be_visible()
    environments.choose("minimal-copy", "Delete environment")
    environments.dialog.get_by_role("button", name="Delete environment").click()

    expect(environments.row("minimal-copy")).to_have_count(0)
    left = notebook.lab.server.get("aml/environments?workspace=default")
    assert "minimal-copy" not in [one["name"] for one in left]


def test_keys_lead_through_the_list_to_the_page_of_an_environment(visit: Visit) -> None:
    notebook = visit()
    environments = shown(notebook).show_curated()
    keyboard = notebook.page.keyboard
    environments.curated.focus()
    keyboard.press("End")
    last = environments.curated.get_by_role("option").last
    expect(last).to_have_attribute("aria-selected", "true")
    keyboard.press("Enter")
    expect(environments.details(last.get_attribute("data-id") or "")).to_be_visible()


def test_an_environment_that_is_edited_gets_a_version_which_can_be_deleted_alone(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    environments = shown(notebook)
    writer = environments.new()
    writer.name.fill("grown")
    writer.add("pip packages", LACKING)
    writer.press("Create")
    details = environments.details("grown")
    details.get_by_role("button", name="Edit").click()
    writer.add("pip packages", "iniconfig")
    expect(writer.node).to_contain_text("becomes its next version")
    writer.press("Create")

    expect(environments.row("grown")).to_contain_text("grown:2")
    versions = details.get_by_role("combobox", name="Version")
    expect(versions).to_have_value("2")
    expect(details.locator(".cm-content")).to_contain_text("iniconfig")
    versions.select_option("1")
    expect(details.locator(".cm-content")).not_to_contain_text("iniconfig")
    details.get_by_role("button", name="Delete").click()
    expect(environments.dialog).to_contain_text("Delete environment grown:1?")
    photograph(notebook.page, "environment-delete")
    environments.dialog.get_by_role("button", name="Delete environment").click()

    expect(versions).to_have_value("2")
    expect(versions.get_by_role("option")).to_have_count(1)
    expect(environments.row("grown")).to_contain_text("grown:2")


@pytest.mark.timeout(300)
def test_the_runs_in_an_environment_are_a_click_away_from_its_page(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(f"%%aml submit used -e counted -n reckoning\nimport {LACKING}")
    environments = built(notebook, "counted")
    notebook.page.get_by_role("tab", name=notebook.file.name).click()
    notebook.run_all()
    notebook.card("reckoning").is_in("Completed")
    expect(environments.row("counted")).to_contain_text("1 run")
    environments.row("counted").dblclick()
    details = environments.details("counted")
    details.get_by_role("tab", name="Runs").click()
    expect(details.get_by_role("button", name=re.compile("reckoning"))).to_be_visible()
    photograph(notebook.page, "environment-runs")
    details.get_by_role("button", name="Show the run in the sidebar").click()

    sidebar = Sidebar(notebook.page)
    expect(sidebar.filter).to_have_value("environment:counted:1")
    expect(sidebar.rows).to_have_count(1)


@pytest.mark.timeout(300)
def test_a_kernel_of_an_environment_imports_what_the_base_environment_lacks(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit()
    page = notebook.page
    environments = built(notebook, "lively")
    environments.choose("lively", "Add as kernel")
    if any(target["takesKernels"] for target in notebook.lab.server.get("aml/compute")):
        # Where other tests have left a cluster it is asked where: here, as it stands.
        environments.dialog.get_by_role("button", name="Add as kernel").click()
    environments.show_kernels()
    expect(environments.kernel("lively (aml)")).to_be_visible()

    notebook.command("launcher:create")
    card = page.locator(".jp-LauncherCard", has_text="lively (aml)").first
    expect(card).to_be_visible()
    photograph(page, "environment-launcher")
    card.click()
    # The second is what the same notification says in the end.
    told = re.compile("Building lively for the kernel|lively is ready")
    expect(page.locator(".Toastify")).to_contain_text(told, timeout=BUILD_LIMIT)
    photograph(page, "environment-building")
    notebook.kernel_is("idle")
    page.keyboard.type(f"import {LACKING}, sys; print({LACKING}.__name__, sys.prefix)")
    page.keyboard.press("Shift+Enter")

    output = page.locator(".jp-Notebook:visible .jp-OutputArea-output").first
    expect(output).to_contain_text(LACKING)
    running = environments.kernels.get_by_role("listbox", name="Running kernels")
    row = running.get_by_role("option").filter(has_text="lively")
    expect(row).to_contain_text(re.compile("MB"))
    photograph(page, "environment-kernels")

    row.hover()
    row.get_by_role("button", name=re.compile("^Shut down")).click()
    environments.dialog.get_by_role("button", name="Shut down").click()
    expect(row).to_have_count(0)
