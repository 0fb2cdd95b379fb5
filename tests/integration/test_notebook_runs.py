"""Notebooks as runs: executed from the top with parameters, the executed one kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_aml.sdk import notebook_runner
from jupyter_aml.sdk.core import Environment, Experiment, Run, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.notebooks import notebook_config

PARAMETERS = "alpha = 1.0\nname: str = 'x'"


def a_notebook(folder: Path, *cells: str) -> Path:
    """A notebook whose first cell is tagged `parameters`."""
    new = nbformat.v4.new_code_cell
    tagged = new(PARAMETERS, metadata={"tags": ["parameters"]})
    file = folder / "train.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[tagged, *map(new, cells)]), file)
    return file


def executed(run: Run, to: Path) -> list[dict[str, Any]]:
    """The cells of the notebook that the run has kept."""
    run.download_file("outputs/train.ipynb", str(to / "executed.ipynb"))
    return list(json.loads((to / "executed.ipynb").read_text())["cells"])


def test_a_notebook_runs_with_other_parameters_and_is_kept(ws: Workspace, tmp_path: Path) -> None:
    file = a_notebook(
        tmp_path,
        "from azureml.core import Run\nRun.get_context().log('alpha', alpha)",
        "import sys\nprint('by', sys.executable)\nalpha * 2",
    )

    run = Experiment(ws, "headless").submit(notebook_config(file, {"alpha": 0.25}))
    run.wait_for_completion()

    assert run.get_metrics() == {"alpha": 0.25}
    assert run.seen["parameters"] == {"alpha": 0.25}
    cells = executed(run, tmp_path)
    assert [cell["metadata"].get("tags") for cell in cells[:2]] == [
        ["parameters"], ["injected-parameters"]
    ]  # fmt: skip
    assert cells[3]["outputs"][1]["data"]["text/plain"] == ["0.5"]
    [log] = [name for name in run.get_file_names() if "std_log" in name or "driver_log" in name]
    run.download_file(log, str(tmp_path / "log.txt"))
    assert f"by {sys.executable}" in (tmp_path / "log.txt").read_text()


def test_a_cell_that_fails_fails_the_run_with_its_number_and_line(
    ws: Workspace, tmp_path: Path
) -> None:
    cells = ("print('so far')", "def f():\n    raise ValueError('no such fold')\n\nf()", "1 / 0")

    run = Experiment(ws, "headless").submit(notebook_config(a_notebook(tmp_path, *cells)))
    run.wait_for_completion(raise_on_error=False)

    failure = run.look()["error"]
    assert failure is not None
    assert failure["message"] == "ValueError: no such fold (in cell [3])"
    assert (failure["type"], failure["file"], failure["line"]) == ("ValueError", "train.ipynb", 4)
    kept = executed(run, tmp_path)
    assert [len(cell["outputs"]) for cell in kept] == [0, 1, 1, 0]


def test_a_python_without_what_runs_notebooks_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notebook_runner, "find_spec", lambda name: None)

    assert notebook_runner.main(str(a_notebook(tmp_path))) == 1

    said = capsys.readouterr().err
    assert said.startswith("no nbclient to run notebooks with: ")
    assert said.endswith("-m pip install nbclient ipykernel\n")


def test_values_of_json_are_written_as_python_writes_them() -> None:
    values = [None, True, 1.5, float("inf"), float("-inf"), "it's", [1, {"a": float("nan")}]]

    written = notebook_runner.literal(values)

    assert repr(eval(written)) == repr(values)


def test_a_parameter_that_the_notebook_does_not_have_is_refused_with_the_nearest(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserErrorException, match="no parameter 'alhpa'; did you mean 'alpha'"):
        notebook_config(a_notebook(tmp_path), {"alhpa": 1})
    with pytest.raises(UserErrorException, match="there is no notebook"):
        notebook_config(tmp_path / "none.ipynb")


def test_a_folder_is_sent_along_where_it_is_named(tmp_path: Path) -> None:
    file = a_notebook(tmp_path)
    environment = Environment("mine")
    environment.python.user_managed_dependencies = True

    alone = notebook_config(file, {"name": "y"}).request()
    whole = notebook_config(file, source_directory=tmp_path, environment=environment).request()

    assert list(alone["source"]["files"]) == ["train.ipynb"]
    assert alone["job"]["command"][:2] == ["-m", "jupyter_aml.sdk.notebook_runner"]
    assert whole["source"] == {"directory": str(tmp_path)}
    assert whole["environment"]["name"] == "mine"
