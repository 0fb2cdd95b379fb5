"""`az ml` of notebooks and courses, as far as it is done here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_aml.cli import main
from jupyter_aml.runfolder import programs
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace

Shell = Callable[..., str]


@pytest.fixture
def az(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A function that runs a command; returns what it printed, and what it said below that."""

    def az(line: str, code: int = 0) -> str:
        assert main(["az", "--", *line.split()]) == code
        told = capsys.readouterr()
        return told.out + told.err

    return az


def test_the_command_of_the_tutorial_makes_a_workspace(az: Shell, ws: Workspace) -> None:
    made = json.loads(az("ml workspace create -w aml-workspace -g aml-resources -l eastus2"))

    assert (made["name"], made["location"]) == ("aml-workspace", "eastus2")
    assert Workspace.get("aml-workspace").resource_group == "aml-resources"
    assert json.loads(az("ml workspace show -w aml-workspace -g aml-resources")) == made
    assert json.loads(az("ml workspace list -g aml-resources")) == [
        {"workspaceName": "aml-workspace", "resourceGroup": "aml-resources"}
    ]
    assert "exist_ok=True to take it" in az("ml workspace create -w aml-workspace", 1)
    assert az("ml workspace create -w aml-workspace --exist-ok -o none") == ""


def test_a_workspace_with_runs_is_deleted_only_with_all_that_is_its_own(
    az: Shell, ws: Workspace
) -> None:
    az("ml workspace create -w lab -o none")
    config = ScriptRunConfig.from_cell("1")
    Experiment(Workspace.get("lab"), "e").submit(config).wait_for_completion()

    assert "has 1 run" in az("ml workspace delete -w lab -y", 1)
    az("ml workspace delete -w lab --all-resources -y")

    assert "lab" not in Workspace.list()


def test_a_folder_is_attached_and_its_scripts_are_sent(
    az: Shell, ws: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("import sys; print('words:', sys.argv[1:])")
    az("ml workspace create -w lab -g group -o none")

    told = json.loads(az("ml folder attach -w lab -g group -e digits"))
    said = az("ml run submit-script -t told.json train.py --rate 0.1")

    assert (told["Experiment name"], told["Workspace name"]) == ("digits", "lab")
    assert "words: ['--rate', '0.1']" in said
    assert "Execution Summary" in said
    named = json.loads((tmp_path / "told.json").read_text())
    run = Run.get(Workspace.get("lab"), named["runId"])
    assert (run.experiment.name, run.experiment.workspace.name) == ("digits", "lab")
    assert Experiment.from_directory(tmp_path).name == "digits"


def test_a_script_that_fails_makes_the_command_fail(az: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise ValueError('odd')")

    assert "ValueError: odd" in az("ml run submit-script -e digits bad.py", 1)
    assert "there is no script 'none.py'" in az("ml run submit-script -e digits none.py", 1)


@pytest.mark.parametrize(
    "line", ["login -o none", "account set -s my-subscription", "extension add -n azure-cli-ml",
             "group create --name g --location eastus", "configure --defaults group=g",
             "--version"],
)  # fmt: skip
def test_what_prepares_the_cloud_does_nothing_and_says_so(az: Shell, line: str) -> None:
    assert "there is no cloud here" in az(line) or line == "--version"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("account get-access-token", "stands in for `az ml` alone"),
        ("storage blob upload -f x", "stands in for `az ml` alone"),
        ("ml model register -n x", "`jupyter aml register` do it"),
        ("ml run list", "`jupyter aml ls`"),
        ("ml endpoint create", "invalid choice: 'endpoint'"),
        ("ml workspace create", "name the workspace: -w NAME"),
        ("ml workspace share -w lab", "invalid choice: 'share'"),
        ("ml folder attach -w nobody", "there is no workspace 'nobody'"),
        ("ml folder attach -p none", "there is no folder 'none'"),
        ("ml workspace create -w a/b", "a/b"),
    ],
)
def test_what_there_is_not_is_said(az: Shell, tmp_path: Path, line: str, told: str) -> None:
    assert told in az(line, 1)
    assert list(tmp_path.glob(".azureml")) == []


def test_a_notebook_finds_ours_where_there_is_no_az(ws: Workspace, tmp_path: Path) -> None:
    code = "%load_ext jupyter_aml\n!az ml workspace create -w 'shell' -g g -o none; echo done"
    shell = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
    bare = {**os.environ, "PATH": "/usr/bin:/bin", "IPYTHONDIR": str(tmp_path / "ipython")}

    told = subprocess.run(shell, env=bare, capture_output=True, text=True, check=True)

    assert "done" in told.stdout, told
    assert Workspace.get("shell").resource_group == "g"


def test_a_real_az_goes_first(aml_root: Path, tmp_path: Path) -> None:
    (tmp_path / "az").write_text("#!/bin/sh\necho the real one\n")
    (tmp_path / "az").chmod(0o700)

    path = programs.behind(aml_root, str(tmp_path))

    assert programs.behind(aml_root, path) == path
    told = subprocess.run(["az"], env={"PATH": path}, capture_output=True, text=True, check=True)
    assert told.stdout == "the real one\n"
