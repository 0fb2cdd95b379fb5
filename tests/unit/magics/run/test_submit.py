"""`%%aml submit` in a real shell."""

from __future__ import annotations

import json
import re

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
        "   -p lr=1e-3 -p name=adam --timeout 2h \\\n"
        "   --cpus 0.5 --memory 512m --gpus 0 --processes 100\n"
        "print(alphas, lr, name)\n"
    )

    sent = engine.submitted[0]
    assert sent["displayName"] == "two words"
    assert sent["description"] == "why"
    assert sent["tags"] == {"a": "1", "b": "x y"}
    assert sent["parameters"] == {"alphas": [0.1, 1.0], "lr": 1e-3, "name": "adam"}
    assert sent["job"]["timeout"] == 7200
    limits = {"cpus": 0.5, "memory": 512 << 20, "gpus": 0, "processes": 100}
    assert sent["job"]["limits"] == limits
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
        ("%%aml submit x --memory lots\n1\n", "--memory: 'lots' is no amount of memory"),
        ("%%aml submit x --cpus 1.x\n1\n", "--cpus: expected a number"),
        ("%%aml submit x --wait --detach\n1\n", "not allowed with"),
        ("%%aml submti x\n1\n", "did you mean submit?"),
        ("%%aml ls\n1\n", "one percent sign"),
        ("%aml submit x", "as its first line"),
        ("%aml submit", "name a script or notebook"),
        ("%aml submit nowhere.py", "cannot read nowhere.py"),
        ("%aml submit nowhere.ipynb", "there is no notebook"),
        ("%aml submit folder", "folder is a folder: name its script, and send it with --source"),
        ("%aml submit run.sh", "no Python script and no notebook"),
        ("%%aml submit x", "the cell is empty"),
        ("%aml", ""),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_sent(notebook, engine, tmp_path, cell, said):
    (tmp_path / "folder").mkdir()

    shown = notebook.run(cell)

    assert said in shown.text
    assert not engine.submitted
    if said:
        assert shown.text.startswith("UsageError: ")
        assert shown.text.count("\n") == 1
        assert shown.error is not None


@pytest.mark.parametrize("above", ["print(0)", "%load_ext jupyter_aml"])
def test_a_cell_magic_below_code_is_told_where_it_belongs(notebook, engine, above):
    shown = notebook.run(f"{above}\n%%aml submit trial -p a=$b\nprint(1)\n")

    assert shown.text.endswith(
        "UsageError: %%aml is the first line of a cell, below comments only: "
        "move what stands above it into a cell of its own\n"
    )
    assert not engine.submitted


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


def test_a_dry_run_tells_the_priority_by_which_the_queue_orders(notebook, engine):
    said = notebook.run("%%aml submit x --priority 5 --dry-run\nprint(1)\n")

    assert said.error is None
    assert "\nPriority: 5\n" in said.text


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


def test_a_script_goes_with_its_own_arguments(notebook, engine, tmp_path):
    (tmp_path / "my train.py").write_text("import sys\nprint(sys.argv)\n")
    notebook.run("rate = 0.5")

    said = notebook.run("run = %aml submit -n two -p alpha=$rate 'my train.py' --fast $rate -v")

    assert said.error is None, said.text
    sent = engine.submitted[0]
    assert (sent["experiment"], sent["displayName"], sent["script"]) == (
        "my-train", "two", "my train.py",
    )  # fmt: skip
    assert sent["arguments"] == ["--fast", "0.5", "-v", "--alpha", "0.5"]
    assert sent["parameters"] == {"alpha": 0.5}
    assert list(sent["source"]["files"]) == ["my train.py"]
    assert sent["origin"]["notebook"].endswith("My ridge.ipynb")
    assert isinstance(notebook.names["run"], Run)


def test_a_notebook_goes_with_its_parameters(notebook, engine, tmp_path):
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "alpha = 1",
            "outputs": [], "execution_count": None}  # fmt: skip
    (tmp_path / "train.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}}))

    said = notebook.run("%aml submit digits -p alpha=0.25 -t a=b train.ipynb")

    assert said.error is None, said.text
    sent = engine.submitted[0]
    assert (sent["experiment"], sent["parameters"]) == ("digits", {"alpha": 0.25})
    assert sent["job"]["command"] == ["-m", "jupyter_aml.sdk.notebook_runner", "train.ipynb"]
    assert "alhpa" in notebook.run("%aml submit -p alhpa=1 train.ipynb").text
    assert "has no arguments" in notebook.run("%aml submit train.ipynb --fast").text


def test_an_option_that_came_too_late_is_told(notebook, engine, tmp_path):
    (tmp_path / "train.py").write_text("pass")

    said = notebook.run("%aml submit train.py --wait")

    assert "--wait goes to train.py" in said.text
    assert engine.submitted[0]["arguments"] == ["--wait"]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("# note\n\n# another\n%%aml submit x\nprint(qq)\n", 5),
        ("%aml submit x\nprint(qq)\n", 2),
        ("# note\n%aml submit x \\\n  -n name\n\nprint(qq)\n", 5),
        ("\n%aml  submit --include a.py\nprint(qq)\n", 3),
    ],
)
def test_what_is_meant_as_a_cell_is_one_with_the_lines_of_the_editor(
    notebook, engine, tmp_path, cell, line
):
    (tmp_path / "a.py").write_text("")

    refused = notebook.run(cell)
    sent = notebook.run(cell.replace("qq", "1"))

    assert f"'qq' (line {line})" in refused.text
    assert sent.error is None, sent.text
    rows = engine.submitted[0]["source"]["files"]["cell.py"].splitlines()
    assert engine.submitted[0]["job"]["lineOffset"] + rows.index("print(1)") + 1 == line


def test_a_script_that_is_named_above_code_is_still_a_script(notebook, engine, tmp_path):
    (tmp_path / "train.py").write_text("pass")

    said = notebook.run("%aml submit train.py\nprint('sent')\n")

    assert "sent" in said.text
    assert engine.submitted[0]["script"] == "train.py"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("for rate in (1, 2):\n    %aml submit -p rate=$rate train.py", [1, 2]),
        ("%aml submit train.py\n%aml submit train.py", [1]),
        ("%aml submit train.py\nraise SystemError('later')", [1]),
        ("run = %aml submit train.py", [1]),
        ("%aml submit train.py", []),
        ("%aml submit train.py;", []),
        ("%aml submit --show none train.py\n1", []),
        ("%aml submit --dry-run train.py\n", []),
    ],
)
def test_a_run_that_the_cell_does_not_show_is_told(notebook, engine, tmp_path, cell, told):
    (tmp_path / "train.py").write_text("pass")

    said = notebook.run(cell)

    sentences = re.findall(r"train #\d+ is sent$", said.text, re.MULTILINE)
    assert sentences == [f"train #{number} is sent" for number in told]
    assert " is sent" not in notebook.run("1").text


@pytest.mark.parametrize(
    "cell", ["%%aml submit -h", "%%aml submit --help\n", "# c\n%%aml submit -h"]
)
def test_help_needs_no_cell(notebook, cell):
    said = notebook.run(cell)

    assert said.error is None
    assert "usage: %%aml submit" in said.text
    assert "usage: %aml submit" in notebook.run("%aml submit -h").text


def test_a_module_of_pythonpath_is_told_with_the_cure(notebook, engine, tmp_path, monkeypatch):
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "teamlib.py").write_text("W = 5")
    monkeypatch.setenv("PYTHONPATH", str(lib))
    monkeypatch.syspath_prepend(lib)

    said = notebook.run("%%aml submit x\nimport teamlib\n")
    kept = notebook.run("%%aml submit x --source lib\nimport teamlib\n")
    engine.keeps_pythonpath = True
    by_setting = notebook.run("%%aml submit x\nimport teamlib\n")

    assert f"'teamlib' comes from {lib} by PYTHONPATH" in said.text
    assert "config set keep_pythonpath true" in said.text
    assert "PYTHONPATH" not in kept.text + by_setting.text
    assert len(engine.submitted) == 3
