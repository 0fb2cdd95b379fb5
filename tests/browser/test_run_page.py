"""The page of a run: all that it logged, wrote and was sent with."""

from __future__ import annotations

import re
import zipfile

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import LIMIT, Card, Gate, NotebookPage, Sidebar, offences, training

EVERYTHING = """\
%%aml submit shapes -n everything -p alpha=0.3
import json, math, os
from azureml.core import Run
run = Run.get_context()
for step in range(200):
    run.log("loss", math.exp(-step / 40) + 0.05 * math.sin(step))
    run.log("accuracy", 1 - math.exp(-step / 60))
for epoch in range(12):
    run.log_row("epochs", epoch=epoch, train=1 / (1 + epoch), valid=1.2 / (1 + epoch))
run.log_table("scores", {"name": ["a", "b", "c"], "value": [10, 9, 100]})
run.log_list("layers", [64, 32, 1])
run.log_confusion_matrix("confusion", {
    "schema_type": "confusion_matrix", "schema_version": "v1",
    "data": {"class_labels": ["cat", "dog", "bird"],
             "matrix": [[30, 2, 1], [4, 25, 3], [0, 1, 9]]}})
def rates(lean):
    out = []
    for i in range(21):
        cut = i / 20
        out.append([round(50 * (1 - cut ** lean)), round(50 * (1 - cut) ** lean),
                    50 - round(50 * (1 - cut) ** lean), 50 - round(50 * (1 - cut ** lean))])
    return out
cuts = [i / 20 for i in range(21)]
run.log_accuracy_table("curves", {
    "schema_type": "accuracy_table", "schema_version": "v1",
    "data": {"probability_tables": [rates(2), rates(3)], "percentile_tables": [rates(2), rates(3)],
             "probability_thresholds": cuts, "percentile_thresholds": [cuts, cuts],
             "class_labels": ["no", "yes"]}})
edges = [float(i) for i in range(11)]
run.log_predictions("predicted", {
    "schema_type": "predictions", "schema_version": "v1",
    "data": {"bin_averages": [0.7 + 0.9 * i for i in range(10)], "bin_errors": [0.4] * 10,
             "bin_counts": [5, 9, 14, 22, 30, 28, 20, 12, 7, 3], "bin_edges": edges}})
run.log_residuals("rest", {
    "schema_type": "residuals", "schema_version": "v1",
    "data": {"bin_edges": edges, "bin_counts": [1, 3, 8, 20, 44, 40, 18, 9, 2, 1]}})
import struct, zlib
def png(red):
    rows = b"".join(b"\\0" + bytes([red, 90, 160]) * 64 for _ in range(64))
    def part(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return (b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", head)
            + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))
os.makedirs("outputs/deep", exist_ok=True)
for step in range(4):
    with open("picture.png", "wb") as file:
        file.write(png(60 * step))
    run.log_image("picture", path="picture.png")
def write(name, text):
    with open("outputs/" + name, "w") as file:
        file.write(text)
harm = "<script>parent.pwned = 1</script><img src=http://127.0.0.1:9/x onerror='parent.pwned = 1'>"
write("report.html", "<h1>Report</h1><p>All is well.</p>" + harm)
write("plot.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'>"
      "<script>parent.pwned = 1</script><rect width='200' height='100' fill='teal'/></svg>")
write("deep/table.csv", "name,value\\n" + "".join(f"row {i},{i * i}\\n" for i in range(1000)))
write("settings.json", json.dumps({"alpha": 0.3, "layers": [64, 32], "name": "x\\u202ey"}))
write("notes.txt", "a note\\n" * 60_000)
with open("outputs/model.pkl", "wb") as file:
    file.write(b"cos\\nsystem\\n(S'true'\\ntR.")
print("\\x1b[32mgreen\\x1b[0m and \\u202eturned")
print("\\n".join(f"line {i} of many" for i in range(200_000)))
print("last line")
"""


def opened(notebook: NotebookPage, name: str) -> Card:
    """Run the notebook, wait for the end of its run, and open the page of the run."""
    notebook.run_all()
    card = notebook.card(name)
    card.is_in("Completed")
    card.node.get_by_role("button", name="Open the run").click()
    page = notebook.run_page(name)
    page.is_in("Completed")
    return page


def plotted(pane: Locator, name: str) -> None:
    """Wait until a figure whose name begins so has been drawn."""
    figure = pane.get_by_role("figure", name=re.compile(rf"^{re.escape(name)}"))
    figure.scroll_into_view_if_needed()
    expect(figure.locator("canvas")).to_be_visible()


def test_a_page_shows_all_that_a_run_logged_and_wrote(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(EVERYTHING)
    page = opened(notebook, "everything")
    shows_metrics(page, photograph)
    shows_images(page, photograph)
    shows_files_without_harm(page, photograph)
    shows_the_source(page, photograph)
    shows_what_it_ran_with(page, photograph)
    shows_a_long_log(page, photograph)
    assert notebook.page.evaluate("() => window.pwned") is None


def shows_metrics(page: Card, photograph: Photograph) -> None:
    """Every kind of value is drawn, and can be looked at in another way."""
    pane = page.tab("Metrics")
    plotted(pane, "epochs: 12 rows")
    photograph(page.node.page, "page-metrics")
    matrix = pane.get_by_role("region", name="Confusion matrix confusion").get_by_role("cell")
    expect(matrix.filter(has_text=re.compile("^30$"))).to_be_visible()
    pane.get_by_role("button", name="Normalised").click()
    expect(matrix.filter(has_text="90.9 %")).to_be_visible()
    plotted(pane, "ROC of curves: area")
    photograph(page.node.page, "page-matrix-roc")
    pane.get_by_role("combobox", name="Class of curves").select_option("no")
    plotted(pane, "Precision over recall of curves: area")
    plotted(pane, "Histogram of rest: 10 bins")
    plotted(pane, "Predicted over true of predicted: 10 bins")
    photograph(page.node.page, "page-residuals")
    table = pane.get_by_role("region", name="Table of scores")
    table.get_by_role("button", name="value").click()
    expect(table.get_by_role("row").nth(1)).to_contain_text("b")
    zooms_by_keys_and_saves(page)
    page.node.get_by_role("button", name="Log scale").click()
    page.node.get_by_role("slider", name="Smoothing").fill("0.8")
    photograph(page.node.page, "page-charts-log")


def zooms_by_keys_and_saves(page: Card) -> None:
    """A curve is zoomed without a mouse, and its points are saved."""
    chart = page.chart("loss")
    whole = chart.get_by_role("button", name="Whole")
    chart.get_by_role("img").press("+")
    expect(whole).to_be_attached()
    chart.get_by_role("img").press("Escape")
    expect(whole).to_have_count(0)
    with page.node.page.expect_download() as saved:
        chart.get_by_role("button", name="CSV").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert (lines[0], len(lines)) == ("step,value,time", 201)


def shows_images(page: Card, photograph: Photograph) -> None:
    """Of an image that was logged again and again each can be chosen."""
    pane = page.tab("Images")
    image = pane.get_by_role("img")
    expect(image).to_have_count(1)
    last = image.get_attribute("src")
    pane.get_by_role("slider", name="Step of picture").fill("0")
    expect(image).not_to_have_attribute("src", last or "")
    photograph(page.node.page, "page-images")


def shows_files_without_harm(page: Card, photograph: Photograph) -> None:
    """Files are looked into, and nothing in them acts."""
    pane = page.tab("Files")
    tree = pane.get_by_role("tree", name="Files")

    def look(name: str) -> None:
        tree.get_by_role("treeitem", name=name).click()

    look("report.html")
    frame = pane.locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(frame.content_frame.get_by_text("All is well.")).to_be_visible()
    photograph(page.node.page, "page-files-html")
    look("plot.svg")
    expect(pane.get_by_role("img", name="outputs/plot.svg")).to_be_visible()
    look("settings.json")
    expect(pane.get_by_role("region", name="outputs/settings.json")).to_contain_text("⟨U+202E⟩")
    photograph(page.node.page, "page-files-json")
    look("table.csv")
    expect(pane.get_by_role("cell", name="row 7", exact=True)).to_be_visible()
    photograph(page.node.page, "page-files-csv")
    look("model.pkl")
    expect(pane).to_contain_text("reading them can run code")
    look("notes.txt")
    pane.get_by_role("button", name="Show more").click()
    expect(pane.get_by_role("button", name="Show more")).to_have_count(0)
    with page.node.page.expect_download() as saved:
        pane.get_by_role("link", name="⤓ All").click()
    names = zipfile.ZipFile(saved.value.path()).namelist()
    assert any(name.endswith("deep/table.csv") for name in names)
    tree.press("Home")
    tree.press("ArrowDown")
    expect(tree).to_have_attribute("aria-activedescendant", re.compile("-1$"))


def shows_the_source(page: Card, photograph: Photograph) -> None:
    """The source is there as it was sent."""
    pane = page.tab("Code")
    pane.get_by_role("treeitem", name="cell.py").click()
    expect(pane.get_by_role("region", name="cell.py")).to_contain_text("Run.get_context()")
    photograph(page.node.page, "page-code")


def shows_what_it_ran_with(page: Card, photograph: Photograph) -> None:
    """The interpreter, the machine and the packages were written down."""
    pane = page.tab("Environment")
    expect(pane.get_by_role("region", name="Machine")).to_contain_text("Cores")
    pane.get_by_role("searchbox", name="Filter the packages").fill("jupyterlab")
    expect(pane.get_by_role("cell", name="jupyterlab", exact=True)).to_be_visible()
    photograph(page.node.page, "page-environment")


def shows_a_long_log(page: Card, photograph: Photograph) -> None:
    """Any line of a long log is reached; the page holds a few of them."""
    pane = page.tab("Log")
    log = pane.get_by_role("log")
    expect(log).to_contain_text("last line")
    log.evaluate("node => { node.scrollTop = 0; }")
    expect(log).to_contain_text("green and ⟨U+202E⟩turned")
    expect(log).to_contain_text("line 3 of many")
    log.evaluate("node => { node.scrollTop = node.scrollHeight / 2; }")
    expect(log).to_contain_text(re.compile(r"line (9|10)\d\d\d\d of many"))
    pane.get_by_role("searchbox", name="Search in the log").fill("line 54321 of")
    expect(log.locator(".jp-mod-focus")).to_have_text("line 54321 of many", timeout=LIMIT)
    expect(pane).to_contain_text("1 of 1")
    assert log.locator(".jp-aml-Log-line").count() < 200
    photograph(page.node.page, "page-log")


def test_the_machine_is_watched_while_the_run_runs(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    notebook = visit(training("sampled", gate))
    notebook.run_all()
    card = notebook.card("sampled")
    card.is_live()
    pane = card.tab("System")
    plotted(pane, "memory: ")
    photograph(notebook.page, "card-system")
    log = card.tab("Files").get_by_role("treeitem", name="std_log.txt")
    expect(log).to_contain_text("11 B")
    gate.open()
    card.is_in("Completed")


FAMILY = """\
%%aml submit family -n parent
from azureml.core import Run
run = Run.get_context()
for i in range(400):
    with run.child_run(f"child {i}") as child:
        child.log("loss", (i * 37) % 400)
"""


def test_children_are_sorted_and_lead_to_their_pages(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(FAMILY)
    page = opened(notebook, "parent")
    pane = page.tab("Children")
    expect(pane.get_by_role("region", name="400 child runs")).to_be_visible()
    photograph(page.node.page, "page-children")

    pane.get_by_role("button", name="loss").click()
    pane.get_by_role("button", name="loss").click()
    first = pane.get_by_role("row").nth(1)
    expect(first.get_by_role("cell", name="399", exact=True)).to_be_visible()
    assert pane.get_by_role("row").count() < 100
    name = first.get_by_role("button").inner_text()
    first.get_by_role("button").click()

    child = notebook.run_page(name)
    child.is_in("Completed")
    child.tab("Details").get_by_role("button", name=re.compile("^family_")).click()
    expect(page.node).to_be_visible()

    sidebar = Sidebar(notebook.page).show()
    expect(sidebar.row("parent")).to_contain_text("↳ 400")
    name = sidebar.row("parent").get_by_text("parent", exact=True)
    assert name.evaluate("node => node.scrollWidth <= node.clientWidth"), "the name is not cut"
    assert offences(sidebar.node) == []


GROWING = """\
%%aml submit growing -n mother -p gate={gate} --timeout 3m
import os, time
from azureml.core import Run
run = Run.get_context()
def wait_for(name):
    while not os.path.exists(gate + name):
        time.sleep(0.05)
def bear(first, last):
    for i in range(first, last):
        with run.child_run(f"offspring {{i}}") as child:
            child.log("loss", i)
wait_for(".first")
bear(0, 1)
wait_for(".more")
bear(1, 50)
wait_for("")
"""


def test_children_come_into_the_open_tab_from_the_first_on(visit: Visit, gate: Gate) -> None:
    notebook = visit(GROWING.format(gate=gate.path))
    notebook.run_all()
    card = notebook.card("mother")
    card.is_in("Running")
    card.node.get_by_role("button", name="Open the run").click()
    page = notebook.run_page("mother")
    pane = page.tab("Children")
    expect(pane).to_contain_text("No child run.")

    gate.path.with_name("gate.first").touch()
    expect(pane.get_by_role("region", name="1 child run")).to_contain_text("offspring 0")
    page.is_in("Running")

    gate.path.with_name("gate.more").touch()
    grown = pane.get_by_role("region", name="50 child runs")
    expect(grown).to_be_visible()
    page.is_in("Running")
    grown.evaluate("node => { node.scrollTop = node.scrollHeight; }")
    expect(grown.get_by_role("button", name="offspring 49", exact=True)).to_be_visible()
    gate.open()
    page.is_in("Completed")


def test_a_page_can_be_used_by_all(visit: Visit) -> None:
    notebook = visit(EVERYTHING.replace("200_000", "200"))
    page = opened(notebook, "everything")
    found = {tab: offences_on(page, tab) for tab in TABS}
    assert found == {tab: [] for tab in TABS}


TABS = (
    "Log", "Metrics", "Files", "Images", "Children", "System", "Code", "Environment", "Details",
)  # fmt: skip


def offences_on(page: Card, tab: str) -> list[str]:
    """What axe finds fault with while this tab is shown, once all of it is there."""
    pane = page.tab(tab)
    expect(pane.get_by_text("Loading", exact=True)).to_have_count(0)
    if tab in ("Files", "Code"):
        pane.get_by_role("treeitem").last.click()
    return offences(page.node)
