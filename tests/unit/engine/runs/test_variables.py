"""The variables that a script starts with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

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
