"""The verbs of `%aml data` and `jupyter aml data` about data sets, over a real engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.sdk.core import Dataset, Workspace
from tests.unit.magics.conftest import Notebook, a_shell

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(jupyter_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table that is registered twice."""
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "iris.csv"
    table.write_text("width,kind\n1,a\n2,b\n3,\n")
    with closing(find()) as client:
        client.status()
    workspace = Workspace.from_config()
    iris = Dataset.Tabular.from_delimited_files(str(table))
    iris.register(workspace, "iris", description="Flowers.", tags={"stage": "test"})
    table.write_text("width,kind\n1,a\n2,b\n3,<b>\n")
    iris.register(workspace, "iris", create_new_version=True)
    return tmp_path


@pytest.fixture
def notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    with a_shell(folder, monkeypatch) as notebook:
        yield notebook


@pytest.fixture
def call(folder: Path) -> Call:
    """Runs `jupyter aml` in a process of its own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "jupyter_aml.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    return run


def test_data_sets_are_listed_shown_and_forgotten_by_magics(
    notebook: Notebook, folder: Path
) -> None:
    listed = notebook.run("%aml data sets").value
    assert [(each["name"], each["version"]) for each in listed] == [("iris", "2")]
    assert [each["version"] for each in notebook.run("%aml data sets --name iris").value] == [
        "2",
        "1",
    ]
    shown = notebook.run("%aml data show iris:1").text
    for line in ("iris:1: tabular, registered", "Flowers.", "versions: 2, 1", "tags: stage=test",
                 "files: 1, ", f"{folder}/iris.csv", "read form='delimited'"):  # fmt: skip
        assert line in shown
    rows = notebook.run("%aml data preview iris -n 2").value
    assert list(rows) == [[1, "a"], [2, "b"]] and "and more" in repr(rows)
    assert "<b>" not in notebook.run("%aml data preview iris").value._repr_html_()
    assert "~ " in notebook.run("%aml data changes iris:1").text
    assert "iris:2 is what was registered" in notebook.run("%aml data changes iris").text
    assert "add --yes" in str(notebook.run("%aml data rm iris:1").error)
    assert "Forgot iris:1" in notebook.run("%aml data rm iris:1 --yes").text
    assert "there is 2" in str(notebook.run("%aml data show iris:1").error)
    assert (folder / "iris.csv").exists()


def test_data_sets_are_listed_shown_and_forgotten_from_the_shell(call: Call) -> None:
    assert "iris" in call("data", "sets").stdout
    versions = json.loads(call("data", "sets", "--name", "iris", "--json").stdout)
    assert [each["version"] for each in versions] == ["2", "1"]
    assert json.loads(call("data", "show", "iris", "--json").stdout)["steps"][0]["do"] == "read"
    assert "width" in call("data", "preview", "iris").stdout
    assert json.loads(call("data", "changes", "iris:1", "--json").stdout)["count"] == 1
    assert "did you mean 'iris'" in call("data", "show", "irris").stderr
    gone = json.loads(call("data", "rm", "iris", "-y", "--json").stdout)
    assert gone == {"name": "iris", "versions": ["2", "1"]}
    assert "no data sets" in call("data", "sets").stdout
