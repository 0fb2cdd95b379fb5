"""The variables that a script starts with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_aml.domain import tracking
from jupyter_aml.domain.run import Job
from jupyter_aml.engine.runs.variables import for_script
from jupyter_aml.runfolder.layout import RunFolder
from tests.unit.domain.test_run import a_run


@pytest.mark.parametrize(("keeps", "kept"), [(True, ["/team/lib"]), (False, [])])
def test_the_servers_pythonpath_is_kept_where_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool, kept: list[str]
) -> None:
    alias = tmp_path / "alias"
    (alias / "azureml").mkdir(parents=True)
    (alias / "azureml" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(alias), "/team/lib"]))
    job = Job(command=("a.py",), environment_variables={"PYTHONPATH": "/mine"})

    found = for_script(
        replace(a_run(), job=job), RunFolder(tmp_path), root=tmp_path, root_id="r", socket=None,
        pythonpath=(Path("/runtime"), alias), environment=None, keep_pythonpath=keeps,
    )  # fmt: skip

    assert found["PYTHONPATH"].split(os.pathsep) == ["/runtime", str(alias), "/mine", *kept]


@pytest.mark.parametrize(
    ("set_to", "wished", "told"),
    [(True, {}, None), (False, {}, "0"), (False, {"AML_OLD_LIBRARIES": "1"}, "1")],
)
def test_old_names_of_libraries_are_switched_off_by_setting_and_on_by_the_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    set_to: bool,
    wished: dict[str, str],
    told: str | None,
) -> None:
    monkeypatch.delenv("AML_OLD_LIBRARIES", raising=False)
    job = Job(command=("a.py",), environment_variables=wished)

    found = for_script(
        replace(a_run(), job=job), RunFolder(tmp_path), root=tmp_path, root_id="r", socket=None,
        pythonpath=(), environment=None, old_libraries=set_to,
    )  # fmt: skip

    assert found.get("AML_OLD_LIBRARIES") == told


def of_mlflow(
    folder: Path, monkeypatch: pytest.MonkeyPatch, server: dict[str, str], own: dict[str, str]
) -> dict[str, str]:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    run = replace(a_run(), job=Job(command=("a.py",), environment_variables=own))
    found = for_script(
        run, RunFolder(folder), root=folder, root_id="r", socket=None, pythonpath=(folder,),
        environment=None,
    )  # fmt: skip
    return {name: value for name, value in found.items() if name.startswith("MLFLOW_")}


def test_a_script_is_told_that_it_is_a_run_of_mlflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = of_mlflow(tmp_path, monkeypatch, {"MLFLOW_RUN_ID": "of-the-server"}, {})

    run = a_run()
    assert found["MLFLOW_RUN_ID"] == run.id
    assert found["MLFLOW_EXPERIMENT_ID"] == found["MLFLOW_EXPERIMENT_NAME"] == run.experiment
    assert tracking.workspace_of(found["MLFLOW_TRACKING_URI"]) == run.workspace


@pytest.mark.parametrize("uri", ["http://mlflow.example", ""])
@pytest.mark.parametrize("whose", ["server", "own"])
def test_who_has_a_server_of_mlflow_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str, uri: str
) -> None:
    told = {"server": {}, "own": {}, whose: {"MLFLOW_TRACKING_URI": uri}}

    found = of_mlflow(tmp_path, monkeypatch, **told)

    assert found == {"MLFLOW_TRACKING_URI": uri}


def test_an_experiment_that_the_run_names_is_the_one_that_mlflow_hears_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = of_mlflow(tmp_path, monkeypatch, {}, {"MLFLOW_EXPERIMENT_NAME": "mine"})

    assert found["MLFLOW_EXPERIMENT_NAME"] == "mine"
    assert "MLFLOW_EXPERIMENT_ID" not in found
