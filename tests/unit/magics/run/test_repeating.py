"""Runs side by side and once more, in a real shell."""

from __future__ import annotations

import pytest

from jupyter_aml.sdk._run.comparison import Comparison
from jupyter_aml.wire.stored import COMPARISON_MIME


@pytest.fixture
def two(engine):
    """Two runs of which the second has another parameter."""
    engine.add(parameters={"alpha": 0.1, "seed": 1}, metrics={"rmse": 55.0})
    engine.add(parameters={"alpha": "<script>", "seed": 1}, metrics={"rmse": 54.0})
    step = {"x": [0.0, 1.0], "y": [2.0, 1.0], "t": [0.0, 1.0], "count": 2, "last": 1.0}
    engine.series = {"loss": step}
    return engine


@pytest.mark.parametrize("said", ["#1 #2", "exp_1_abc1 last", "held", "#2 #1 #2"])
def test_runs_are_put_side_by_side_by_any_of_their_names(notebook, two, said):
    notebook.run("held = %aml compare #1 #2")

    shown = notebook.run(f"%aml compare {said}")

    assert shown.error is None
    assert isinstance(shown.value, Comparison)
    forms = shown.value._repr_mimebundle_()
    assert sorted(forms[COMPARISON_MIME]["runIds"]) == ["exp_1_abc1", "exp_2_abc2"]
    assert "<script" not in forms["text/html"]
    assert forms["text/html"].count("background:rgba") == 4  # alpha and rmse of two runs
    assert 'alt="curves of loss"' in forms["text/html"]
    assert "rmse" in forms["text/plain"]


def test_without_names_the_newest_runs_of_the_notebook_are_compared(notebook, engine):
    engine.add(experiment="My-ridge")
    engine.add()

    assert [run.id for run in notebook.run("%aml compare").value] == ["exp_1_abc1"]


def test_a_clone_is_put_into_the_next_cell_and_sends_nothing(notebook, two):
    said = notebook.run("%aml clone #1")

    assert (said.error, said.value, two.submitted) == (None, None, [])
    assert notebook.shell.rl_next_input == "%%aml submit exp\nprint(1)\n"


def test_a_retry_replaces_the_parameters_that_are_given(notebook, two):
    said = notebook.run("%aml retry #1 -p alpha=1e-3 -n again -o r")

    assert said.error is None
    assert two.submitted[0]["parameters"] == {"alpha": 0.001}
    again = notebook.names["r"]
    assert again.parameters == {"alpha": 0.001, "seed": 1}
    assert (again.name, again.seen["properties"]) == ("again", {"aml.retry_of": "exp_1_abc1"})
    assert notebook.run("%aml last").value == again


def test_a_difference_is_shown_with_nothing_of_it_as_markup(notebook, two):
    found = notebook.run("%aml diff #1 #2").value

    assert "alpha" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "<i>" not in found._repr_html_()
    assert "+<i>" in repr(found)


def test_where_nothing_has_changed_the_earlier_run_answers(notebook, two):
    two.unchanged = two.runs["exp_1_abc1"]

    said = notebook.run("%%aml submit exp --if-changed -o r\nprint(1)")

    assert two.submitted[-1]["ifChanged"] is True
    assert "Nothing has changed since exp #1 (exp_1_abc1)" in said.text
    assert notebook.names["r"].id == "exp_1_abc1"


def test_children_are_listed_only_if_asked_for(notebook, engine):
    engine.add()
    engine.add(parentId="exp_1_abc1", runId="exp_1_abc1_1")

    assert [run.id for run in notebook.run("%aml ls").value] == ["exp_1_abc1"]
    assert len(notebook.run("%aml ls --children").value) == 2


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%aml comp", "compare"),
        ("%aml compare exp_1", "exp_1_abc1"),
        ("%aml retry #1 -p al", "alpha="),
        ("%aml diff exp_1_abc1 exp", "exp_2_abc2"),
        ("%aml clone la", "last"),
        ("%%aml submit --if", "--if-changed"),
    ],
)
def test_the_words_are_completed(notebook, two, line, offered):
    notebook.run("%aml ls")
    notebook.shell.magics_manager.registry["AmlMagics"].session.cache.refresh()
    notebook.shell.magics_manager.registry["AmlMagics"].session.cache.settled(5)

    assert offered in notebook.complete(line)


@pytest.mark.parametrize(
    "line", ["%aml retry", "%aml diff #1", "%aml clone", "%aml retry #1 -p a=1 -p a=2"]
)
def test_mistakes_are_one_line(notebook, two, line):
    said = notebook.run(line)

    assert type(said.error).__name__ == "UsageError"
    assert len(str(said.error).splitlines()) == 1
