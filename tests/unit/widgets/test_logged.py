"""Every kind of thing that a run can log is drawn in the static form."""

from __future__ import annotations

import pytest

from jupyter_aml.testing.wires import a_card, a_wire_run
from jupyter_aml.widgets.html import html
from tests.unit.wire.test_shapes import FORMS, a_form


def shown(kind, *values):
    logged = [{"kind": kind, "value": value, "time": 0.0, "step": None} for value in values]
    metrics = {"runId": "x", "series": {}, "values": {"thing": logged}, "cursor": 0}
    return html(a_card(run=a_wire_run(), metrics=metrics))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("confusion_matrix", ["true \\ predicted", ">a<", "rgba(47,138,196,0.65)"]),
        ("accuracy_table", ['alt="chart of thing"']),
        ("predictions", ['alt="chart of thing"']),
        ("residuals", ['alt="chart of thing"']),
    ],
)
def test_the_charts_of_v1_are_drawn(kind, words):
    html = shown(kind, a_form(kind))

    assert all(word in html for word in words)
    assert "schema_type" not in html


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_broken_is_shown_as_text(kind):
    assert "broken" in shown(kind, {"schema_type": "broken"})


def test_an_accuracy_table_gives_two_pictures():
    assert shown("accuracy_table", a_form("accuracy_table")).count("<img") == 2


def test_tables_and_rows_are_tables():
    table = shown("table", {"a": [1, 2.5], "b": ["x"]})
    rows = shown("row", {"x": 1}, {"x": 2, "y": 3})

    assert all(f">{text}</t" in table for text in ("a", "b", "1", "2.5", "x"))
    assert all(f">{text}</t" in rows for text in ("x", "y", "1", "2", "3"))


def test_a_list_of_numbers_is_a_chart_and_of_texts_is_text():
    assert "<img" in shown("list", [1, 2, 4.5])
    assert "hello" in shown("list", ["hello", "you", "there"])


def test_a_long_table_says_how_much_is_left_out():
    assert "and 80 more" in shown("table", {"a": list(range(100))})


@pytest.mark.parametrize("kind", ["table", "row", "list", *FORMS])
@pytest.mark.parametrize("value", [None, 5, "x", [], {}, {"a": None}, [None], {"a": {"b": []}}])
def test_nothing_that_was_logged_breaks_the_page(kind, value):
    assert shown(kind, value).startswith("<div")


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("unbounded", ["Infinity", "-Infinity", None])
def test_one_value_that_is_not_finite_blanks_no_chart(kind, unbounded):
    """JSON tells infinity as text and not-a-number as null; the rest of the chart is drawn."""
    form = a_form(kind)
    name = {"confusion_matrix": "matrix", "accuracy_table": "probability_tables"}.get(kind)
    numbers = form["data"][name][0] if name else form["data"]["bin_counts"]
    numbers = numbers[0] if kind == "accuracy_table" else numbers
    numbers[0] = unbounded

    html = shown(kind, form)

    assert ("true \\ predicted" if kind == "confusion_matrix" else "<img") in html
    assert "schema_type" not in html


def test_a_list_with_an_infinite_item_is_a_chart_still():
    assert "<img" in shown("list", [1, "Infinity", 4.5, 3])


def test_numbers_that_are_not_finite_are_told_as_python_and_the_page_tell_them():
    assert "Infinity" in shown("table", {"a": [float("inf"), 1.0]})
    assert "NaN" in shown("table", {"a": [float("nan"), 1.0]})
