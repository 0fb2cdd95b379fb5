"""What SDK v1 drew as charts of its own must have its JSON form, or is refused by name."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.shapes import checked

FORMS: dict[str, dict[str, Any]] = {
    "confusion_matrix": {"class_labels": ["a", "b"], "matrix": [[3, 0], [1, 2]]},
    "accuracy_table": {
        "class_labels": ["a", "b"],
        "probability_thresholds": [0.0, 1.0],
        "probability_tables": [[[2, 4, 0, 0], [0, 0, 4, 2]], [[4, 2, 0, 0], [0, 0, 2, 4]]],
        "percentile_thresholds": [[0.0, 0.9], [0.1, 1.0]],
        "percentile_tables": [[[2, 4, 0, 0], [0, 0, 4, 2]], [[4, 2, 0, 0], [0, 0, 2, 4]]],
    },
    "predictions": {
        "bin_edges": [0, 0.5, 1], "bin_averages": [0.2, 0.8], "bin_errors": [0.1, 0.1],
        "bin_counts": [5, 6],
    },
    "residuals": {"bin_edges": [-1, 0, 1], "bin_counts": [4, 4]},
}  # fmt: skip


def a_form(kind: str) -> dict[str, Any]:
    data = copy.deepcopy(FORMS[kind])
    return {"schema_type": kind, "schema_version": "v1", "data": data}


@pytest.mark.parametrize("kind", FORMS)
def test_the_form_is_taken_as_an_object_and_as_text(kind: str) -> None:
    form = a_form(kind)

    assert checked(kind, form) == form
    assert checked(kind, json.dumps(form)) == form


@pytest.mark.parametrize(("kind", "field"), [(k, field) for k in FORMS for field in FORMS[k]])
def test_what_is_missing_is_named(kind: str, field: str) -> None:
    form = a_form(kind)
    del form["data"][field]

    with pytest.raises(Invalid, match=rf"data\.{field} is missing"):
        checked(kind, form)


@pytest.mark.parametrize(("kind", "field"), [(k, field) for k in FORMS for field in FORMS[k]])
@pytest.mark.parametrize("wrong", [5, [], ["x"], [[1]], None])
def test_what_does_not_fit_is_refused(kind: str, field: str, wrong: Any) -> None:
    form = a_form(kind)
    form["data"][field] = wrong

    with pytest.raises(Invalid, match=rf"^{kind.replace('_', ' ')}: .*data\."):
        checked(kind, form)


@pytest.mark.parametrize("value", ["{", "[]", 5, None, {}, {"schema_type": "residuals"}])
def test_what_is_no_such_form_at_all_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="confusion matrix: "):
        checked("confusion_matrix", value)


def test_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    form = a_form("confusion_matrix")
    form["data"]["matrix"] = numpy.eye(2)

    assert checked("confusion_matrix", form)["data"]["matrix"] == [[1.0, 0.0], [0.0, 1.0]]
