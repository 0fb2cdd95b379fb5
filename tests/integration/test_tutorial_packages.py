"""The courses' environments with the packages that they name, from the index of this machine.

Where it cannot be reached the tests are skipped; in CI they fail.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Environment, Experiment, Run, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException
from tests.integration.test_tutorials import (
    CONDA_YML,
    DOCKER_ENABLED,
    FROM_PACKAGES,
    FROM_SPECIFICATION,
    GET,
    LIST,
    REGISTER,
    Notebook,
)

SCRIPT = """\
import sys

from azureml.core import Run
from sklearn.linear_model import LinearRegression
import pandas

run = Run.get_context()
model = LinearRegression().fit(pandas.DataFrame({"x": [0.0, 1.0, 2.0]}), [1.0, 3.0, 5.0])
run.log("slope", round(float(model.coef_[0]), 6))
print("python", sys.prefix)
"""


@pytest.fixture
def ws(aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path) -> Iterator[Workspace]:
    import_module("jupyter_aml.azureml")
    (tmp_path / "conda.yml").write_text(CONDA_YML)
    (tmp_path / "my_dir").mkdir()
    (tmp_path / "my_dir" / "script.py").write_text(SCRIPT)
    os.chdir(tmp_path)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")


@pytest.fixture
def notebook(ws: Workspace) -> Notebook:
    return Notebook(ws=ws)


def completed(run: Run) -> Run:
    """The run once it is completed, or a skip where this machine has no index of packages."""
    details = run.wait_for_completion(raise_on_error=False)
    if details["status"] == "Completed":
        return run
    message = str(details["error"]["error"]["message"])
    skip_without_index(message)
    raise AssertionError(f"{message}\n{run.get_details_with_logs()['logFiles']}")


def skip_without_index(message: str) -> None:
    if "package index does not answer" in message and not os.environ.get("CI"):
        pytest.skip(message)


def console(run: Run) -> str:
    text: str = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    return text


def test_a_script_has_the_packages_of_the_registered_specification(
    notebook: Notebook, ws: Workspace
) -> None:
    notebook.run(FROM_SPECIFICATION, REGISTER, LIST, GET)

    run = completed(Experiment(ws, "tutorial").submit(notebook["script_config"]))

    assert run.get_metrics()["slope"] == 2.0
    assert f"python {sys.prefix}\n" not in console(run)
    found = run.get_environment()
    assert (found.name, found.version) == ("training_environment", "1")
    assert run.get_details()["runDefinition"]["environment"]["name"] == "training_environment"
    notebook.run(GET)
    again = completed(Experiment(ws, "tutorial").submit(notebook["script_config"]))
    assert console(again) == console(run)
    assert Environment.get(ws, "training_environment").version == "1"


def test_packages_given_in_code_are_there_where_the_default_image_is_not(
    notebook: Notebook, ws: Workspace
) -> None:
    notebook.run(FROM_PACKAGES, DOCKER_ENABLED, REGISTER, GET)

    run = completed(Experiment(ws, "tutorial").submit(notebook["script_config"]))

    assert run.get_metrics()["slope"] == 2.0
    assert "mcr.microsoft.com/azureml" in " ".join(run.seen["warnings"])


def test_a_changed_environment_is_the_next_version_and_a_label_finds_the_old_one(
    notebook: Notebook, ws: Workspace
) -> None:
    first = notebook.run(FROM_SPECIFICATION, REGISTER)["env"]

    Environment.label(ws, "training_environment", first.version, ["Tested"])
    notebook.run(FROM_PACKAGES, REGISTER, REGISTER, GET)

    assert notebook["training_env"].version == "2"
    old = Environment.get(ws, "training_environment", label="Tested")
    assert old.version == "1"
    assert old.python.conda_dependencies == first.python.conda_dependencies
    found = ws.environments["training_environment"]
    assert (found.version, "AzureML-Minimal" in ws.environments) == ("2", True)


def test_a_build_is_watched_to_its_end(
    notebook: Notebook, ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    env = notebook.run(FROM_SPECIFICATION)["env"]

    build = env.build(workspace=ws)
    try:
        build.wait_for_completion(show_output=True)
    except UserErrorException as error:
        skip_without_index(str(error))
        raise

    assert "scikit-learn==" in capsys.readouterr().out
    assert (build.status, "scikit-learn==" in build.get_log()) == ("Succeeded", True)
    interpreter = env.get_image_details(ws).interpreter_path
    assert interpreter is not None
    assert Path(interpreter).is_file()
