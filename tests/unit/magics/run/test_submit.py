"""`%%aml submit` in a real shell."""

from __future__ import annotations

import pytest

from jupyter_aml.magics.run.waiting import RunFailed
from jupyter_aml.sdk.core import Run
from jupyter_aml.testing.wires import NOON, a_failure
from jupyter_aml.wire.stored import RUN_MIME


def test_a_cell_becomes_a_run_that_is_shown_once(notebook, engine):
    said = notebook.run("%%aml submit diabetes -o run\nprint(1)\n")

    assert said.error is None
    assert isinstance(said.value, Run)
    assert [set(data) for data in said.shown] == [{RUN_MIME, "text/html", "text/plain"}]
    assert notebook.names["run"] is notebook.names["_aml"] is said.value
    assert notebook.run("%aml last").value.id == said.value.id
    assert engine.submitted[0]["experiment"] == "diabetes"


def test_everything_that_was_said_is_sent(notebook, engine):
    notebook.run("alphas = (0.1, 1.0)")

    notebook.run(
        '%%aml submit exp -n "two words" -d why -t a=1 -t b="x y" -p alphas=$alphas \\\n'
        "   -p lr=1e-3 -p name=adam --timeout 2h\n"
        "print(alphas, lr, name)\n"
    )

    sent = engine.submitted[0]
    assert sent["displayName"] == "two words"
    assert sent["description"] == "why"
    assert sent["tags"] == {"a": "1", "b": "x y"}
    assert sent["parameters"] == {"alphas": [0.1, 1.0], "lr": 1e-3, "name": "adam"}
    assert sent["job"]["timeout"] == 7200
    assert sent["job"]["lineOffset"] >= 0
    assert sent["origin"]["notebook"].endswith("My ridge.ipynb")


def test_the_experiment_is_the_notebook_by_default(notebook, engine):
    notebook.run("%%aml submit\nprint(1)\n")

    assert engine.submitted[0]["experiment"] == "My-ridge"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("%%aml submit --show none\nprint(1)\n", 0),
        ("%%aml submit\nprint(1);\n", 0),
        ("%%aml submit --show mini\nprint(1)\n", 1),
    ],
)
def test_what_is_shown_can_be_chosen(notebook, cell, shown):
    said = notebook.run(cell)

    assert said.error is None
    assert len(said.shown) == shown
    assert all(data[RUN_MIME]["show"] == "mini" for data in said.shown)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%aml submit --wat\nprint(1)\n", "did you mean --wait?"),
        ("%%aml submit -n 'x\nprint(1)\n", "a quote is not closed"),
        ("%%aml submit a/b\nprint(1)\n", "cannot be the name of an experiment"),
        ("%%aml submit x y\nprint(1)\n", "one word too many"),
        ("%%aml submit x\n\n", "the cell is empty"),
        ("%%aml submit x\nprint(qq)\n", "'qq' (line 2)"),
        ("%%aml submit x\n%%aml submit y\n1\n", "line 2"),
        ("%%aml submit x\n!ls\n", "line 2"),
        ("%%aml submit x -p a-b=1\n1\n", "cannot be a variable"),
        ("%%aml submit x -p a=1 -p a=2\n1\n", "given twice"),
        ("%%aml submit x -o a.b\n1\n", "cannot be the name of a variable"),
        ("%%aml submit x -n $nope\n1\n", "no variable 'nope'"),
        ("%%aml submit x --timeout soon\n1\n", "not a time limit"),
        ("%%aml submit x --wait --detach\n1\n", "not allowed with"),
        ("%%aml submti x\n1\n", "did you mean submit?"),
        ("%%aml ls\n1\n", "one percent sign"),
        ("%aml submit x", "first line of a cell"),
        ("%aml", ""),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_sent(notebook, engine, cell, said):
    shown = notebook.run(cell)

    assert said in shown.text
    assert not engine.submitted
    if said:
        assert shown.text.startswith("UsageError: ")
        assert shown.text.count("\n") == 1
        assert shown.error is not None


def test_a_syntax_error_is_shown_with_the_line_of_the_editor(notebook, engine):
    said = notebook.run("\n\n%%aml submit \\\n  x\nprint((1)\n")

    assert "line 5" in said.text
    assert "SyntaxError: '(' was never closed" in said.text
    assert "Traceback" not in said.text
    assert not engine.submitted


def test_lines_above_the_cell_are_told_to_the_engine(notebook, engine):
    one = "%%aml submit x\nprint(1)\n"
    notebook.run(one)
    notebook.run("\n\n" + one)

    first, second = (sent["job"]["lineOffset"] for sent in engine.submitted)
    assert second == first + 2


def test_what_the_server_refuses_is_one_line_and_binds_nothing(notebook, engine):
    engine.problem = (404, {"error": "NotFound", "message": "there is no compute target 'gpu'"})

    said = notebook.run("%%aml submit x -c gpu -o run\n1\n")

    assert said.text.startswith("UsageError: there is no compute target 'gpu'")
    assert said.text.count("\n") == 1
    assert "run" not in notebook.names


def test_help_runs_nothing(notebook, engine):
    said = notebook.run("%%aml submit -h\nprint(qq)\n")

    assert said.error is None
    assert "--include GLOB" in said.text
    assert not engine.submitted


def test_a_dry_run_sends_nothing_and_says_what_it_would(notebook, engine):
    said = notebook.run("%%aml submit x --dry-run\nprint(1)\n")

    assert said.error is None
    assert engine.submitted[0]["dryRun"] is True
    assert not engine.runs
    for words in ("cell.py", "1.2 kB", "a secret", "starts at once"):
        assert words in said.text


def test_waiting_shows_the_final_state_and_binds_first(notebook, engine):
    seen = []

    def end(run):
        seen.append("run" in notebook.names)
        run.update(status="Completed", startedAt=NOON, endedAt=NOON)

    engine.when_read = end
    said = notebook.run("%%aml submit x --wait -o run\nprint(1)\n")

    assert said.error is None
    assert all(seen[1:])
    assert said.shown[-1][RUN_MIME]["snapshot"]["run"]["status"] == "Completed"
    assert said.value is notebook.names["run"]


def test_a_failed_run_raises_its_exception_with_the_line_of_the_cell(notebook, engine):
    failed = {"status": "Failed", "startedAt": NOON, "endedAt": NOON}
    engine.when_sent = {**failed, "error": a_failure(hint="add --include data.csv")}

    said = notebook.run("%%aml submit x --wait -o run\nprint(1)\n")

    assert isinstance(said.error, RunFailed)
    assert "ValueError: bad alpha (cell line 3)" in said.text
    assert "--include data.csv" in said.text
    assert "magics" not in said.text
    assert notebook.names["run"].id == said.error.run.id
