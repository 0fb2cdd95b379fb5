"""How a card looks: as high as what it holds, with every number whole, whatever its width."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_aml.testing.jupyter import until
from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Card, Environments, Gate, NotebookPage, offences
from tests.conftest import Lab

WIDTHS = (280, 360, 480, 600, 900, 1280)
NUMBERS = """\
%%aml submit numbers-of-a-very-long-experiment -n many
import math
from azureml.core import Run
run = Run.get_context()
for i in range(60):
    run.log("loss", math.exp(-i / 9) if i != 20 else float("inf"))
    run.log("validation accuracy of the whole ensemble", 1 - math.exp(-i / 6))
    run.log("learning rate after the warm-up", 5.9e-11 * (i + 1))
run.log("cases that were looked at", 3481)
run.log("smallest difference", 5.9e-11)
run.log("a number of many digits", -123456.789)
run.log("never", float("-inf"))
run.log("model", "RandomForestClassifier(n_estimators=300, max_depth=12)")
for digit in range(10):
    run.log_row("recall", digit=digit, cases=50 + digit, share=0.9 + digit / 100)
run.log_table("split", {"part": ["train", "test"], "images": [1257, 540]})
"""
HELLO = "%%aml submit tiny -n hello\nprint(1)"
TALKING = """\
%%aml submit tiny -n talking -p gate={gate} --timeout 3m
import os, time
n = 0
while not os.path.exists(gate):
    n += 1
    print("line", n, flush=True)
    time.sleep(0.1)
"""
CUT = """node => [...node.querySelectorAll(
    '.jp-aml-Numbers td.jp-mod-number, .jp-aml-Chart-value, .jp-aml-Head-number, time')]
  .filter(one => {
    const box = one.getBoundingClientRect();
    const frame = one.closest('.jp-aml-Numbers, figure, header').getBoundingClientRect();
    return one.scrollWidth > one.clientWidth && getComputedStyle(one).display !== 'inline'
      || box.left < frame.left - 1 || box.right > frame.right + 1 || box.width === 0;
  })
  .map(one => one.textContent)"""
INK = """(node, edge) => {
  const { width, height } = node;
  const pixels = node.getContext('2d').getImageData(
    edge === 'right' ? width - 1 : 0, 0, 1, height).data;
  return pixels.some((value, i) => i % 4 === 3 && value > 0);
}"""
COLOURED = """node => {
  const data = node.getContext('2d').getImageData(0, 0, node.width, node.height).data;
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    found += a > 128 && Math.max(r, g, b) - Math.min(r, g, b) > 60 ? 1 : 0;
  }
  return found;
}"""


def set_width(page: Page, width: int, what: str = ".jp-aml-RunRenderer") -> None:
    """Give the outputs with runs this width."""
    rules = "; ".join(
        f"{rule}: {width}px !important" for rule in ("width", "min-width", "max-width")
    )
    page.add_style_tag(content=f"{what} {{ {rules} }}")


def height(card: Card) -> float:
    box = card.node.bounding_box()
    assert box is not None
    return box["height"]


def ended(notebook: NotebookPage, name: str) -> Card:
    notebook.run_all()
    card = notebook.card(name)
    card.is_in("Completed")
    return card


def drawn(chart: Locator) -> None:
    """Wait until there is a curve, which has a colour, and not only axes, which have none."""
    chart.scroll_into_view_if_needed()
    canvas = chart.locator("canvas")
    expect(canvas).to_be_visible()
    handle = canvas.element_handle()
    canvas.page.wait_for_function(f"node => ({COLOURED})(node) > 40", arg=handle)


def test_no_number_is_cut_at_any_width(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(NUMBERS)
    card = ended(notebook, "many")
    expect(card.node.locator(".jp-aml-Numbers td")).to_have_count(8)

    found = {}
    for width in WIDTHS:
        set_width(notebook.page, width)
        expect(card.node).to_have_css("width", f"{width}px")
        drawn(card.chart("loss"))
        found[width] = card.node.evaluate(CUT)
        photograph(notebook.page, f"card-{width}")

    assert found == {width: [] for width in WIDTHS}
    expect(card.node.get_by_role("row", name="cases that")).to_contain_text("3481")
    expect(card.node.get_by_title("numbers-of-a-very-long-experiment #1")).to_be_visible()


def test_no_number_is_cut_on_a_page_beside_a_notebook(
    start_lab: Callable[..., Lab], visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(NUMBERS, lab=start_lab(app="notebook"), app="notebook")
    card = ended(notebook, "many")
    card.node.get_by_role("button", name="Open the run").click()

    page = notebook.run_page("many")

    page.is_in("Completed")
    drawn(page.chart("loss"))
    assert page.node.evaluate(CUT) == []
    photograph(notebook.page, "notebook-page")


def test_one_infinite_value_leaves_a_gap_in_its_curve(visit: Visit) -> None:
    card = ended(visit(NUMBERS), "many")
    chart = card.chart("loss")
    drawn(chart)
    expect(chart).to_contain_text("1 not finite")
    expect(card.chart("validation accuracy of the whole ensemble")).not_to_contain_text(
        "not finite"
    )

    card.node.get_by_role("slider", name="Smoothing").fill("0.9")

    drawn(chart)


def test_a_small_output_is_a_small_card(visit: Visit, photograph: Photograph) -> None:
    notebook = visit(HELLO)
    card = ended(notebook, "hello")
    expect(card.node.get_by_role("log")).to_contain_text("1")
    photograph(notebook.page, "card-small")
    before = height(card)
    assert before < 200

    card.tab("Details")
    until(lambda: height(card) > before, seconds=30, what="the details")
    after = height(card)
    card.tab("Log")

    assert height(card) >= after, "what is below the card does not jump back"


def test_a_card_only_grows_while_its_run_goes_on(visit: Visit, gate: Gate) -> None:
    notebook = visit(TALKING.format(gate=gate.path))
    notebook.run_all()
    card = notebook.card("talking")
    card.is_in("Running")
    heights = []
    for line in (2, 6, 12, 25, 40):
        expect(card.node.get_by_role("log")).to_contain_text(f"line {line}")
        heights.append(height(card))
    gate.open()
    card.is_in("Completed")
    heights.append(height(card))

    assert heights == sorted(heights)
    assert heights[-1] < 420


def test_a_table_with_words_is_a_table_and_counts_leave_shares_their_axis(
    visit: Visit, photograph: Photograph
) -> None:
    notebook = visit(NUMBERS)
    pane = ended(notebook, "many").tab("Metrics")

    expect(pane.get_by_role("region", name="Table of split")).to_contain_text("train")
    expect(pane.get_by_role("figure", name=re.compile("^split"))).to_have_count(0)
    recall = pane.get_by_role("figure", name=re.compile("^recall"))
    expect(recall).to_have_count(2)
    expect(recall.first).to_contain_text("cases")
    expect(recall.last).to_contain_text("share")
    photograph(notebook.page, "card-tables")


def test_the_labels_of_the_machines_axes_are_whole(visit: Visit, gate: Gate) -> None:
    notebook = visit(TALKING.format(gate=gate.path))
    notebook.run_all()
    card = notebook.card("talking")
    card.is_in("Running")
    pane = card.tab("System")
    charts = pane.get_by_role("figure")
    drawn(charts.first)

    for chart in charts.all():
        drawn(chart)
        canvas = chart.locator("canvas")
        assert not canvas.evaluate(INK, "left"), chart.get_attribute("aria-label")
        assert not canvas.evaluate(INK, "right"), chart.get_attribute("aria-label")
    gate.open()
    card.is_in("Completed")


@pytest.mark.parametrize("width", [700, 900, 1400])
def test_the_fields_of_a_new_environment_stand_below_each_other(
    visit: Visit, photograph: Photograph, width: int
) -> None:
    notebook = visit()
    # A notebook that opens late comes to the front.
    notebook.kernel_is("idle")
    notebook.page.set_viewport_size({"width": width, "height": 900})
    writer = Environments(notebook.page).show().new()
    form = writer.node.locator(".jp-aml-Writer-form")
    expect(form).to_be_visible()
    photograph(notebook.page, f"new-environment-{width}")

    boxes = form.evaluate(
        """node => [...node.children].filter(one => one.offsetHeight > 0)
        .map(one => one.getBoundingClientRect())
        .map(box => [box.left, box.right, box.top, box.bottom])"""
    )
    frame = form.bounding_box()
    assert frame is not None
    assert len(boxes) > 4
    assert len({round(left) for left, *_ in boxes}) == 1, "one column"
    assert all(right <= frame["x"] + frame["width"] for _, right, _, _ in boxes)
    assert all(above[3] <= below[2] for above, below in pairwise(boxes)), "no two overlap"
    assert offences(writer.node) == []
