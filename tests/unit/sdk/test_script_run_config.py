"""What a configuration asks the engine for."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Environment, RunConfiguration, ScriptRunConfig
from jupyter_aml.sdk.exceptions import UserErrorException


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "train.py").write_text("")
    return str(tmp_path)


def test_a_command_line_is_the_shells_and_its_arguments_are_words(source: str) -> None:
    config = ScriptRunConfig(source, command="python train.py | tee log", arguments=["a b", 3])

    job = config.request()["job"]

    assert job["command"] == ["/bin/sh", "-c", "python train.py | tee log 'a b' 3"]
    assert shlex.split(job["command"][2])[-2:] == ["a b", "3"]


def test_python_in_a_command_is_that_of_the_environment(source: str) -> None:
    environment = Environment("mine")
    environment.python.interpreter_path = "/opt/mine/bin/python3"
    environment.python.user_managed_dependencies = True

    ours = ScriptRunConfig(source, command=["python", "train.py"]).request()["job"]
    theirs = ScriptRunConfig(source, command="python train.py", environment=environment)
    script = ScriptRunConfig(source, script="train.py").request()["job"]

    path = ours["environmentVariables"]["PATH"].split(os.pathsep)
    assert path[0] == os.path.dirname(sys.executable)
    assert theirs.request()["job"]["environmentVariables"]["PATH"].startswith("/opt/mine/bin:")
    assert script["environmentVariables"] == {}


def test_a_path_that_the_environment_sets_stays(source: str) -> None:
    config = RunConfiguration(command=["python"])
    config.environment_variables = {"PATH": "/only/here"}

    job = ScriptRunConfig(source, run_config=config).request()["job"]

    assert job["environmentVariables"] == {"PATH": "/only/here"}


@pytest.mark.parametrize(
    ("own", "of_the_run_configuration", "wanted"),
    [(None, 60, 60.0), (30, 60, 30.0), (2592000, 60, 60.0), (None, None, None)],
)
def test_the_limit_that_somebody_has_set_holds(
    source: str, own: int | None, of_the_run_configuration: int | None, wanted: float | None
) -> None:
    config = RunConfiguration(script="train.py")
    config.max_run_duration_seconds = of_the_run_configuration

    job = ScriptRunConfig(source, run_config=config, max_run_duration_seconds=own).request()["job"]

    assert job.get("timeout") == wanted


def test_a_script_that_is_not_there_is_named_with_the_nearest(source: str) -> None:
    with pytest.raises(UserErrorException, match=r"'trian\.py'.*did you mean 'train\.py'"):
        ScriptRunConfig(source, script="trian.py")
