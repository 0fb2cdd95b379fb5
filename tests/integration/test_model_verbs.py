"""`%aml register`, `%aml models` and `jupyter aml models`, over a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_aml.client import find
from tests.unit.magics.conftest import Notebook, a_shell

Call = Callable[..., subprocess.CompletedProcess[str]]
DEADLINE = 120.0
CELL = """%%aml submit training --wait
import os
os.makedirs("outputs/model", exist_ok=True)
for name in ("a", "b"):
    open(f"outputs/model/{name}.txt", "w").write(name)
"""


@pytest.fixture
def folder(jupyter_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the commands are called."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def notebook(folder: Path, aml_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    # An engine that takes long to start is told of, in the first cell that waits for it.
    with closing(find(aml_root)) as client:
        client.status()
    with a_shell(folder, monkeypatch) as notebook:
        yield notebook


@pytest.fixture
def call(folder: Path) -> Call:
    """Runs `jupyter aml` in a process of its own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.cli", *words],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            stdin=subprocess.DEVNULL,
        )

    return run


def test_a_model_goes_from_a_run_to_a_folder_by_magics(notebook: Notebook, folder: Path) -> None:
    notebook.run(CELL)

    made = notebook.run(
        "%aml register last outputs/model --model tree -t stage=test --property r2=0.5 "
        "--framework ScikitLearn --description 'A tree.' --alias champion"
    ).value
    assert (made.id, made.tags, made.properties) == ("tree:1", {"stage": "test"}, {"r2": "0.5"})
    assert made.run.id == notebook.run("%aml last").value.id
    notebook.run("%aml register last outputs/model/a.txt --model tree")

    listed = notebook.run("%aml models").value
    assert [each["id"] for each in listed] == ["tree:2"]
    assert [each["id"] for each in notebook.run("%aml models --all").value] == ["tree:2", "tree:1"]
    assert [each["id"] for each in notebook.run("%aml models ls --tag stage").value] == ["tree:1"]
    narrow = notebook.run("%aml models ls --name tree --tag stage=test --run last").value
    assert [each["id"] for each in narrow] == ["tree:1"]
    assert "champion" in repr(narrow) and "<table>" in narrow._repr_html_()
    shown = notebook.run("%aml models show tree@champion").text
    for line in (
        "tree:1: registered", "A tree.", "aliases: champion", "framework: ScikitLearn",
        "tags: stage=test", "properties: r2=0.5", "of experiment training", "files: 2 files, 2 B",
        "model/a.txt",
    ):  # fmt: skip
        assert line in shown
    assert notebook.run("%aml models download tree@champion got").value == "got/model"
    assert sorted(os.listdir(folder / "got" / "model")) == ["a.txt", "b.txt"]


def test_mistakes_of_a_line_are_one_line_and_change_nothing(notebook: Notebook) -> None:
    notebook.run(CELL)
    notebook.run("%aml register last outputs/model --model tree --alias champion")

    for line, said in (
        ("%aml register last outputs/modle --model tree", "has no file or folder 'outputs/modle'"),
        ("%aml register last outputs/model", "--model"),
        ("%aml register last outputs/model --model a/b", "cannot be the name of a model"),
        ("%aml models show tre", "did you mean 'tree'"),
        ("%aml models show tree:9", "there is 1"),
        ("%aml models show tree@best", "no alias 'best'"),
        ("%aml models rm tree:1 --yes", "used by alias 'champion'"),
        ("%aml models rm tree", "add --yes"),
        ("%aml models alias tree 7", "cannot be an alias"),
    ):
        assert said in str(notebook.run(line).error)
    assert [each["id"] for each in notebook.run("%aml models --all").value] == ["tree:1"]

    assert "tree has no alias" in notebook.run("%aml models alias tree champion --remove").text
    assert "Deleted all versions of tree" in notebook.run("%aml models rm tree --yes").text
    assert repr(notebook.run("%aml models").value) == "no models"


def test_a_shell_does_the_same(notebook: Notebook, call: Call, folder: Path) -> None:
    notebook.run(CELL)
    (folder / "weights").write_text("w")

    def told(*words: str) -> object:
        done = call(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    done = call("register", "last", "outputs/model", "--model", "tree", "-t", "a=b")
    assert (done.returncode, done.stdout) == (0, "tree:1\n")
    done = call("models", "register", "weights", "--model", "tree", "--alias", "champion")
    assert (done.returncode, done.stdout) == (0, "tree:2\n")

    assert "tree   2" in call("models", "ls").stdout
    assert call("models").stdout == call("models", "ls").stdout
    listed = told("models", "ls", "--all")
    assert isinstance(listed, list) and [each["id"] for each in listed] == ["tree:2", "tree:1"]
    shown = told("models", "show", "tree@champion")
    assert isinstance(shown, dict) and shown["files"][0]["path"] == "weights"
    assert call("models", "download", "tree", "got").stdout == "got/weights\n"
    again = call("models", "download", "tree", "got")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert call("models", "download", "tree", "got", "--force").returncode == 0
    assert call("models", "alias", "tree:1", "champion").stdout == "tree@champion is tree:1\n"
    refused = call("models", "rm", "tree:1", "-y")
    assert (refused.returncode, "used by alias" in refused.stderr) == (1, True)
    assert call("models", "alias", "tree", "champion", "--remove").returncode == 0
    assert call("models", "rm", "tree", "-y").stdout == "deleted all versions of tree\n"
    assert call("models", "ls").stdout == "no models\n"
    assert "no model 'tree'" in call("models", "show", "tree").stderr
