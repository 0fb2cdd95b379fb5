"""The dialogs of submitting: what they offer, remember, and say where the server refuses."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import NotebookPage, Sidebar, offences

SAYS = "import os, sys\nprint('said', os.environ.get('GREETING'), sys.argv[1:])"
WIDTHS = (280, 360, 480, 900, 1280)
OPTIONS = """node => [...node.options].map(option =>
  [option.value, option.closest('optgroup')?.label ?? ''])"""
OUTSIDE = """node => [...node.querySelectorAll(
    '.jp-Dialog-header, label, input, select, h3, button, [role=alert]')]
  .filter(one => one.getBoundingClientRect().width > 0)
  .filter(one => {
    const box = one.getBoundingClientRect();
    const isCut = one.matches('.jp-Dialog-header') && one.scrollWidth > one.clientWidth;
    return box.left < 0 || box.right > window.innerWidth || isCut;
  })
  .map(one => one.textContent || one.id)"""


def environment(notebook: NotebookPage, name: str) -> None:
    """Register an environment that needs no build, and sets a variable."""
    definition = {
        "name": name,
        "python": {"userManagedDependencies": True},
        "environmentVariables": {"GREETING": "good day"},
    }
    body = {"workspace": "default", "definition": definition}
    notebook.lab.server.post("aml/environments", body)


def ask_for_notebook(notebook: NotebookPage) -> Locator:
    """Press the button of the notebook, and return the dialog."""
    notebook.page.locator('[data-jp-item-name="aml-submit-notebook"] jp-button').click()
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def ask_for_script(notebook: NotebookPage, path: str) -> Locator:
    """Run a script of the folder, and return the dialog."""
    notebook.command("jupyter-aml:submit-file", {"path": path})
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_a_script_goes_to_the_experiment_environment_target_and_name_of_its_dialog(
    visit: Visit,
) -> None:
    notebook = visit()
    (notebook.lab.folder / "told.py").write_text(SAYS)
    environment(notebook, "greeting")
    notebook.kernel_is("idle")

    dialog = ask_for_script(notebook, "told.py")
    expect(dialog.get_by_label("Experiment")).to_have_value("told")
    expect(dialog.get_by_label("Compute target")).to_have_value("local")
    options = dialog.get_by_label("Environment").evaluate(OPTIONS)
    assert options[0] == ["", ""], "that of the kernel is the first"
    assert ["greeting", "Of the workspace"] in options
    assert ["AzureML-Minimal", "Curated"] in options
    dialog.get_by_label("Arguments").fill("--loud")
    dialog.get_by_label("Experiment").fill("telling")
    dialog.get_by_label("Name of the run").fill("greeter")
    dialog.get_by_label("Environment").select_option("greeting")
    dialog.get_by_label("Compute target").select_option("local")
    dialog.get_by_label("Send the files").uncheck()
    dialog.get_by_role("button", name="Run", exact=True).click()

    card = notebook.run_page("greeter")
    card.is_in("Completed")
    expect(card.tab("Log")).to_contain_text("said good day ['--loud']")
    page = notebook.lab.server.get("aml/runs?workspace=default&filter=experiment:telling")
    [run] = page["runs"]
    assert (run["displayName"], run["target"]) == ("greeter", "local")
    assert run["job"]["environment"].partition(":")[0] == "greeting"


def test_what_the_server_refuses_is_said_in_the_dialog_which_stays(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit("print('at last')")
    environment(notebook, "vanishing")
    notebook.kernel_is("idle")
    dialog = ask_for_notebook(notebook)
    dialog.get_by_label("Send the files").uncheck()
    dialog.get_by_label("Name of the run").fill("second try")
    alert = dialog.get_by_role("alert")

    dialog.get_by_label("Experiment").fill("no good")
    dialog.get_by_label("Experiment").press("Enter")
    expect(alert).to_contain_text("'no good' cannot be the name of an experiment")
    photograph(notebook.page, "dialog-refused")

    dialog.get_by_label("Experiment").fill("persistence")
    dialog.get_by_label("Environment").select_option("vanishing")
    notebook.lab.server.delete("aml/environments/vanishing?workspace=default")
    dialog.get_by_role("button", name="Submit notebook").click()
    expect(alert).to_contain_text("vanishing")
    expect(dialog.get_by_label("Name of the run")).to_have_value("second try")

    dialog.get_by_label("Environment").select_option("")
    dialog.get_by_role("button", name="Submit notebook").click()
    expect(dialog).to_have_count(0)
    card = notebook.run_page("second try")
    card.is_in("Completed")
    runs = notebook.lab.server.get("aml/runs?workspace=default&filter=experiment:persistence")
    assert len(runs["runs"]) == 1, "what was refused left no run"


def test_a_retry_that_is_refused_says_so_in_its_dialog(visit: Visit) -> None:
    notebook = visit("%%aml submit fleeting -n gone -p alpha=1 --show none\nprint(alpha)")
    notebook.run_all()
    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row("gone")).to_have_attribute("data-state", "Completed")
    [run] = notebook.lab.server.get("aml/runs?workspace=default&filter=experiment:fleeting")["runs"]
    sidebar.choose("gone", "Retry run…")
    dialog = notebook.page.get_by_role("dialog")
    dialog.get_by_label("alpha").fill("2")

    notebook.lab.server.delete(f"aml/runs/{run['runId']}")
    dialog.get_by_role("button", name="Retry run").click()

    expect(dialog.get_by_role("alert")).to_contain_text(run["runId"])
    expect(dialog.get_by_label("alpha")).to_have_value("2")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_what_was_chosen_for_a_file_is_offered_again_after_a_reload(visit: Visit) -> None:
    notebook = visit()
    for name in ("again.py", "other.py"):
        (notebook.lab.folder / name).write_text(SAYS)
    environment(notebook, "kept")
    notebook.kernel_is("idle")
    dialog = ask_for_script(notebook, "again.py")
    dialog.get_by_label("Arguments").fill("--twice")
    dialog.get_by_label("Experiment").fill("repetition")
    dialog.get_by_label("Name of the run").fill("once")
    dialog.get_by_label("Environment").select_option("kept")
    dialog.get_by_label("Send the files").uncheck()
    dialog.get_by_role("button", name="Run", exact=True).click()
    notebook.run_page("once").is_in("Completed")
    notebook.layout_is_kept("repetition")

    notebook.load()
    notebook.page.wait_for_function(
        "() => window.jupyterapp.commands.hasCommand('jupyter-aml:submit-file')"
    )
    dialog = ask_for_script(notebook, "again.py")

    expect(dialog.get_by_label("Experiment")).to_have_value("repetition")
    expect(dialog.get_by_label("Environment")).to_have_value("kept")
    expect(dialog.get_by_label("Arguments")).to_have_value("--twice")
    expect(dialog.get_by_label("Send the files")).not_to_be_checked()
    expect(dialog.get_by_label("Name of the run")).to_have_value("")
    suggested = dialog.locator("datalist option").evaluate_all("all => all.map(one => one.value)")
    assert "repetition" in suggested
    dialog.get_by_role("button", name="Cancel").click()
    other = ask_for_script(notebook, "other.py")
    expect(other.get_by_label("Experiment")).to_have_value("other")
    other.get_by_role("button", name="Cancel").click()


def test_the_dialog_fits_into_any_window(visit: Visit, photograph: Photograph) -> None:
    notebook = visit("alpha = 1.0  # strength", "print(alpha)")
    page = notebook.page
    notebook.kernel_is("idle")
    dialog = ask_for_notebook(notebook)
    dialog.get_by_label("Experiment").fill("a name with spaces in it")
    dialog.get_by_role("button", name="Submit notebook").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()

    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        expect(dialog).to_have_css("width", f"{width}px")
        found[width] = dialog.evaluate(OUTSIDE)
        photograph(page, f"submit-dialog-{width}")

    assert found == {width: [] for width in WIDTHS}
    assert offences(dialog) == []
    dialog.get_by_role("button", name="Cancel").click()
