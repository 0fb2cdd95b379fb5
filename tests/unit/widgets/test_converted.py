"""A notebook that was executed without a browser converts to a page with everything on it."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbconvert import HTMLExporter

from jupyter_aml.sdk._run.comparison import Comparison, Difference
from jupyter_aml.testing.wires import a_series, a_wire_run
from jupyter_aml.widgets.bundle import bundle
from tests.unit.sdk.test_comparison import some_runs
from tests.unit.widgets.fakes import PNG, FakeRun
from tests.unit.wire.test_shapes import FORMS, a_form

EVIL = "</td><script>alert(1)</script>"


@pytest.fixture
def page(monkeypatch) -> str:
    """What nbconvert makes of a run with one of everything, a comparison and a difference."""
    monkeypatch.setenv("AML_WIDGET", "0")
    monkeypatch.delenv("AML_ROOT", raising=False)
    values = {kind: [logged(kind, a_form(kind))] for kind in FORMS}
    values |= {
        "table": [logged("table", {EVIL: [1, EVIL]})],
        "picture": [logged("image", {"file": "picture.png"})],
    }
    run = FakeRun(
        a_wire_run(parameters={"alpha": EVIL}),
        series={"loss": a_series(2.0, 1.0)},
        values=values,
        log=b"last line\n",
        files={"picture.png": PNG},
    )
    two = some_runs({"parameters": {"alpha": EVIL}}, {}, loss=a_series(3.0, 1.0))
    difference = Difference({
        "left": a_wire_run(), "right": a_wire_run(), "facts": [], "metrics": [], "packages": [],
        "parameters": [{"name": EVIL, "left": 1, "right": EVIL}],
        "files": [{"path": EVIL, "state": "changed", "diff": f"@@ -1 +1 @@\n-a\n+{EVIL}"}],
    })  # fmt: skip
    shown = [
        bundle(run),
        Comparison(two)._repr_mimebundle_(),
        {"text/html": difference._repr_html_(), "text/plain": repr(difference)},
    ]
    outputs = [nbformat.v4.new_output("display_data", data=data) for data in shown]
    cell = nbformat.v4.new_code_cell("run", outputs=outputs, id="only")
    book = nbformat.v4.new_notebook(cells=[cell])
    made, _ = HTMLExporter().from_notebook_node(book)
    return made[made.index('<div class="jp-Cell-outputWrapper">') :]


def logged(kind, value):
    return {"kind": kind, "value": value, "time": 0.0, "step": None}


def test_everything_that_was_logged_is_on_the_page(page):
    for words in ("Completed", "last line", "true \\ predicted", "data:image/png;base64,"):
        assert words in page
    for name in ("chart of loss", "chart of accuracy_table", "chart of residuals"):
        assert f'alt="{name}"' in page
    assert 'alt="curves of loss"' in page
    assert page.count("data:image/svg+xml;base64,") == 6


def test_the_log_stands_in_letters_of_one_width(page):
    [look] = re.findall(r'<pre style="([^"]*)">last line', page)

    assert "font-family:monospace" in look


def test_nothing_on_the_page_runs_or_is_fetched(page):
    assert not re.search(r"<script|\son\w+=|(?:src|href)=[\"'](?!data:image/)", page)
