"""What a configuration asks the engine for."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_aml.sdk._submit.command_line import Script
from jupyter_aml.sdk.core import Environment, Experiment, RunConfiguration, ScriptRunConfig
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.runconfig import DockerConfiguration
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.notebooks import notebook_config


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


@pytest.mark.parametrize("limit", ["abc", [1]])
def test_a_limit_that_is_no_number_is_named(source: str, limit: Any) -> None:
    config = ScriptRunConfig(source, "train.py", max_run_duration_seconds=limit)

    with pytest.raises(UserErrorException, match=r"max_run_duration_seconds=.* is no number"):
        config.request()


def test_a_script_that_is_not_there_is_named_with_the_nearest(source: str) -> None:
    with pytest.raises(UserErrorException, match=r"'trian\.py'.*did you mean 'train\.py'"):
        ScriptRunConfig(source, script="trian.py")


def untouched() -> RunConfiguration:
    return RunConfiguration(script="train.py")


def with_assigned_packages(config: RunConfiguration) -> None:
    config.environment.python.conda_dependencies = CondaDependencies()


def with_an_added_package(config: RunConfiguration) -> None:
    config.environment.python.conda_dependencies.add_pip_package("tqdm")


def with_packages_that_are_installed(config: RunConfiguration) -> None:
    config.environment.python.user_managed_dependencies = False


def test_a_run_configuration_that_nobody_touched_means_the_notebooks_own_python(
    source: str,
) -> None:
    config = untouched()
    config.environment_variables = {"A": "1"}
    config.environment.docker.enabled = True  # With the image of the beginning, which nobody chose.

    body = ScriptRunConfig(source, run_config=config).request()

    assert "environment" not in body
    assert body["job"]["interpreter"] == sys.executable
    assert body["job"]["environmentVariables"] == {"A": "1"}


@pytest.mark.parametrize(
    "touch", [with_assigned_packages, with_an_added_package, with_packages_that_are_installed]
)
def test_packages_that_somebody_asks_for_are_built(
    source: str, touch: Callable[[RunConfiguration], None]
) -> None:
    config = untouched()
    touch(config)

    body = ScriptRunConfig(source, run_config=config).request()

    assert body["environment"]["python"]["userManagedDependencies"] is False
    assert body["job"]["interpreter"] == "python"


def test_packages_may_be_given_to_the_run_configuration_at_once(source: str) -> None:
    packages = CondaDependencies.create(pip_packages=["tqdm"])
    config = RunConfiguration(script="train.py", conda_dependencies=packages)

    body = ScriptRunConfig(source, run_config=config).request()

    assert body["environment"]["python"]["condaDependencies"] == packages.as_dict()


@pytest.mark.parametrize("path", ["python", "/opt/mine/bin/python"])
def test_a_python_of_the_users_own_is_named_by_its_path(source: str, path: str) -> None:
    environment = Environment("mine")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = path

    body = ScriptRunConfig(source, "train.py", environment=environment).request()

    assert body["environment"]["python"]["userManagedDependencies"] is True
    assert body["job"]["interpreter"] == (sys.executable if path == "python" else path)


def test_a_conda_environment_that_is_there_is_left_to_the_engine(source: str) -> None:
    config = untouched()
    config.environment.python.base_conda_environment = "py_env"

    body = ScriptRunConfig(source, run_config=config).request()

    assert body["environment"]["python"]["baseCondaEnvironment"] == "py_env"
    assert body["job"]["interpreter"] == "python"


def test_in_an_image_nothing_of_this_machine_is_named(source: str) -> None:
    environment = Environment.from_docker_image("mine", "example/image:1")

    script = ScriptRunConfig(source, "train.py", environment=environment).request()["job"]
    command = ScriptRunConfig(source, command=["python", "train.py"], environment=environment)

    assert script["interpreter"] == "python"
    assert command.request()["job"]["interpreter"] == ""
    assert command.request()["job"]["environmentVariables"] == {}


def test_the_run_itself_may_ask_for_docker(source: str) -> None:
    config = untouched()
    config.environment.docker.base_image = "example/image:1"
    docker = DockerConfiguration(use_docker=True, arguments=["--cpus", "2"], shm_size="1g")

    plain = ScriptRunConfig(source, run_config=config).request()
    body = ScriptRunConfig(source, run_config=config, docker_runtime_config=docker).request()

    assert "environment" not in plain
    section = body["environment"]["docker"]
    assert (section["enabled"], section["baseImage"]) == (True, "example/image:1")
    assert (section["arguments"], section["shmSize"]) == (["--cpus", "2"], "1g")
    assert config.environment.docker.enabled is False


def test_volumes_that_are_not_shared_are_refused(source: str) -> None:
    config = untouched()
    config.environment.docker.base_image = "example/image:1"
    config.environment.docker.enabled, config.environment.docker.shared_volumes = True, False

    with pytest.raises(UserErrorException, match=r"docker\.shared_volumes=False"):
        ScriptRunConfig(source, run_config=config).request()


def test_a_cell_runs_in_the_environment_that_is_given() -> None:
    environment = Environment("mine")
    environment.environment_variables = {"A": "1"}

    body = ScriptRunConfig.from_cell("1 / 0", environment=environment).request()

    assert body["environment"]["name"] == "mine"
    assert body["job"]["interpreter"] == "python"
    assert body["job"]["environmentVariables"] == {"A": "1"}


def test_an_environment_is_not_a_name(source: str) -> None:
    with pytest.raises(UserErrorException, match=r"expected an Environment, not str.*get\("):
        ScriptRunConfig(source, "train.py", environment="mine")  # type: ignore[arg-type]


class Kernels:
    """A workspace whose client knows one environment, and keeps what was sent."""

    name = "default"

    def __init__(self) -> None:
        self.client = SimpleNamespace(environments=self, runs=self, is_elsewhere=False)
        self.definition = Environment("of_the_kernel")._to_json()
        self.definition["environmentVariables"] = {"A": "kernel", "B": "kernel"}
        self.asked: list[tuple[object, ...]] = []
        self.sent: dict[str, Any] = {}

    def get(self, *asked: object) -> dict[str, Any]:
        self.asked.append(asked)
        return {"definition": self.definition}

    def submit(self, body: dict[str, Any]) -> dict[str, Any]:
        self.sent = body
        return {"files": []}


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("AML_RUN_DIR", raising=False)
    monkeypatch.setenv("AML_ENVIRONMENT", "of_the_kernel:3")
    monkeypatch.setenv("AML_WORKSPACE", "other")
    return Kernels()


def test_in_a_kernel_of_an_environment_runs_are_sent_in_that(kernel: Any, source: str) -> None:
    config = ScriptRunConfig(source, command=["python", "train.py"])
    config.run_config.environment_variables = {"A": "own"}

    Experiment(kernel, "trial").dry_run(config)

    assert kernel.asked == [("other", "of_the_kernel", "3")]
    assert kernel.sent["environment"] == kernel.definition
    assert kernel.sent["job"]["interpreter"] == ""
    assert kernel.sent["job"]["environmentVariables"] == {"A": "own", "B": "kernel"}


def test_in_a_kernel_too_what_is_asked_for_is_what_is_sent(kernel: Any, source: str) -> None:
    config = ScriptRunConfig(source, "train.py", environment=Environment("mine"))

    Experiment(kernel, "trial").dry_run(config)

    assert kernel.asked == []
    assert kernel.sent["environment"]["name"] == "mine"


@pytest.mark.parametrize("given", [{"--rate": 0.1}, "--rate 0.1", b"--rate", 7, {"--rate"}])
def test_arguments_that_are_no_list_are_refused(source: str, given: Any) -> None:
    said = f"arguments: give a list, such as ['--rate', 0.1], not the {type(given).__name__}"

    for refused in (
        lambda: ScriptRunConfig(source, script="train.py", arguments=given),
        lambda: RunConfiguration(script="train.py", arguments=given),
        lambda: DockerConfiguration(use_docker=True, arguments=given),
    ):
        with pytest.raises(UserErrorException, match=re.escape(said)):
            refused()

    config = RunConfiguration(script="train.py")
    config.arguments = given
    with pytest.raises(UserErrorException, match=re.escape(said)):
        ScriptRunConfig(source, run_config=config)


def test_arguments_may_be_a_tuple_and_of_numpy(source: str) -> None:
    config = ScriptRunConfig(source, script="train.py", arguments=("--n", np.int64(3)))

    assert config.request()["arguments"] == ["--n", "3"]


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"x"])
def test_a_parameter_that_json_cannot_say_is_refused_by_its_name(
    tmp_path: Path, value: Any
) -> None:
    (tmp_path / "n.ipynb").write_text('{"cells": []}')
    (tmp_path / "train.py").write_text("")

    for refused in (
        lambda: notebook_config(tmp_path / "n.ipynb", {"x": value}),
        lambda: ScriptRunConfig.from_cell("print(x)", parameters={"x": value}),
        lambda: Script(str(tmp_path / "train.py"), [], source=None, parameters={"x": value}),
    ):
        with pytest.raises(UserErrorException, match="parameter 'x' is "):
            refused()


def test_numpy_numbers_are_parameters(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text('{"cells": []}')

    config = notebook_config(tmp_path / "n.ipynb", {"x": np.int64(3), "y": np.arange(2)})

    assert json.dumps(config.request()["parameters"]) == '{"x": 3, "y": [0, 1]}'


def test_parameters_that_are_no_dictionary_are_refused() -> None:
    with pytest.raises(UserErrorException, match=r"parameters: give a dictionary, .* not a list"):
        ScriptRunConfig.from_cell("print(x)", parameters=["x"])  # type: ignore[arg-type]
