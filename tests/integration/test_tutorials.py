"""The code of the courses that define the system, word for word, through the old names.

Each block runs in the namespace that the blocks before it left, as in a notebook.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import Workspace
from tests.index import Index, serving

CONDA_YML = """\
name: py_env
dependencies:
  - numpy
  - pandas
  - scikit-learn
  - pip:
    - azureml-defaults
"""

FROM_SPECIFICATION = """
from azureml.core import Environment

env = Environment.from_conda_specification(name='training_environment',
                                           file_path='./conda.yml')
"""

FROM_EXISTING = """
from azureml.core import Environment

env = Environment.from_existing_conda_environment(name='training_environment',
                                                  conda_environment_name='py_env')
"""

FROM_PACKAGES = """
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies

env = Environment('training_environment')
deps = CondaDependencies.create(conda_packages=['scikit-learn','pandas','numpy'],
                                pip_packages=['azureml-defaults'])
env.python.conda_dependencies = deps
"""

DOCKER_ENABLED = """
env.docker.enabled = True
"""

DOCKERFILE = """
env.docker.base_image = None
env.docker.base_dockerfile = './Dockerfile'
"""

USER_MANAGED = """
env.python.user_managed_dependencies=True
env.python.interpreter_path = '/opt/miniconda/bin/python'
"""

REGISTER = """
env.register(workspace=ws)
"""

LIST = """
from azureml.core import Environment

env_names = Environment.list(workspace=ws)
for env_name in env_names:
    print('Name:',env_name)
"""

GET = """
from azureml.core import Environment, ScriptRunConfig

training_env = Environment.get(workspace=ws, name='training_environment')

script_config = ScriptRunConfig(source_directory='my_dir',
                                script='script.py',
                                environment=training_env)
"""

SAMPLE = {
    "name": "azureEntropy",
    "version": "1",
    "python": {
        "interpreterPath": "python",
        "userManagedDependencies": False,
        "condaDependencies": {
            "channels": ["anaconda", "conda-forge"],
            "dependencies": [
                "python=3.6.2",
                {
                    "pip": [
                        "azureml-defaults~=1.27.0",
                        "pyarrow",
                        "azureml-dataprep[fuse]",
                        "azureml-interpret~=1.27.0",
                    ]
                },
                "scikit-learn",
                "ipykernel",
                "matplotlib",
                "pandas",
                "pip",
            ],
            "name": "azureml_4a1a93529aaa38bbaad0e5d6ae5a859a",
        },
        "baseCondaEnvironment": None,
    },
    "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
    "docker": {
        "baseImage": "mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20210301.v1",
        "platform": {"os": "Linux", "architecture": "amd64"},
        "baseDockerfile": None,
        "baseImageRegistry": {"address": None, "username": None, "password": None},
        "enabled": True,
        "arguments": [],
    },
    "spark": {"repositories": [], "packages": [], "precachePackages": True},
    "inferencingStackVersion": None,
}

SCRIPT = """
import numpy, pandas, sklearn
from azureml.core import Run
Run.get_context().log('packages', 3)
"""


class Notebook:
    """Runs blocks one after the other in one namespace."""

    def __init__(self, **names: Any) -> None:
        self.names = names

    def run(self, *blocks: str) -> Notebook:
        for block in blocks:
            exec(block, self.names)
        return self

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


@pytest.fixture(autouse=True)
def index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jupyter_env: Mapping[str, str]
) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        for name in ("numpy", "pyarrow", "ipykernel", "matplotlib"):
            index.add(name)
        index.add("pandas", requires=["numpy"])
        index.add("scikit-learn", requires=["numpy"], module="sklearn")
        yield index


@pytest.fixture
def notebook(
    aml_root: Path, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Notebook]:
    import_module("jupyter_aml.azureml")
    # No conda channel can be reached from here: the packages come from the index.
    monkeypatch.setenv("CONDA_EXE", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conda.yml").write_text(CONDA_YML)
    (tmp_path / "my_dir").mkdir()
    (tmp_path / "my_dir" / "script.py").write_text(SCRIPT)
    yield Notebook(ws=Workspace.from_config())
    os.chdir("/")


def test_an_environment_from_a_specification_is_registered_listed_and_run_in(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run(FROM_SPECIFICATION, REGISTER, LIST, GET)

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Name: training_environment"
    assert any(line.startswith("Name: AzureML-") for line in said)
    notebook.run("""
from azureml.core import Experiment

run = Experiment(ws, 'training').submit(script_config)
run.wait_for_completion(raise_on_error=False)
""")
    run = notebook["run"]
    assert run.get_status() == "Completed", run.get_details()
    assert run.get_metrics() == {"packages": 3}
    assert run.get_environment().name == "training_environment"


def test_an_environment_made_of_packages_is_the_same_as_one_from_a_file(
    notebook: Notebook,
) -> None:
    notebook.run(FROM_PACKAGES, DOCKER_ENABLED, REGISTER, GET)

    dependencies = notebook["training_env"].python.conda_dependencies
    assert list(dependencies.conda_packages) == ["scikit-learn", "pandas", "numpy"]
    assert list(dependencies.pip_packages) == ["azureml-defaults"]
    assert notebook["training_env"].docker.enabled is True
    assert notebook["training_env"].version == "1"


def test_an_environment_with_a_dockerfile_and_a_python_of_its_own_is_registered(
    notebook: Notebook, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    notebook.run(FROM_PACKAGES, DOCKER_ENABLED, DOCKERFILE, USER_MANAGED, REGISTER, GET)

    found = notebook["training_env"]
    assert found.docker.base_dockerfile == "FROM scratch\n"
    assert found.python.user_managed_dependencies is True
    assert found.python.interpreter_path == "/opt/miniconda/bin/python"


def test_a_conda_environment_of_this_machine_is_taken_over(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta = tmp_path / "conda" / "envs" / "py_env" / "conda-meta"
    meta.mkdir(parents=True)
    record = {"name": "numpy", "version": "1.26.4", "subdir": "linux-64",
              "channel": "https://conda.example/conda-forge/linux-64"}  # fmt: skip
    (meta / "numpy-1.26.4-0.json").write_text(json.dumps(record))
    monkeypatch.setenv("CONDA_EXE", str(tmp_path / "conda" / "bin" / "conda"))

    notebook.run(FROM_EXISTING)

    assert list(notebook["env"].python.conda_dependencies.conda_packages) == ["numpy=1.26.4"]


def test_the_sample_definition_is_read_and_written_as_it_is(notebook: Notebook) -> None:
    notebook.run("from azureml.core import Environment")

    found = notebook["Environment"]._from_json(SAMPLE)

    assert json.dumps(found._to_json()) == json.dumps(SAMPLE)
    registered = found.register(notebook["ws"])
    assert json.dumps(registered._to_json()) == json.dumps(SAMPLE)


def test_the_sample_definition_runs_today_and_says_what_it_could_not_have(
    notebook: Notebook,
) -> None:
    notebook.names["SAMPLE"] = SAMPLE
    notebook.run("""
from azureml.core import Environment, Experiment, ScriptRunConfig

env = Environment._from_json(SAMPLE)
config = ScriptRunConfig('my_dir', script='script.py', environment=env)
run = Experiment(ws, 'training').submit(config)
run.wait_for_completion(raise_on_error=False)
""")
    run = notebook["run"]

    assert run.get_status() == "Completed", run.get_details()
    warnings = " ".join(run.seen["warnings"])
    for what in ("intelmpi2018.3", "python=3.6.2", "interpret-community", "Python index"):
        assert what in warnings
    assert sys.version_info >= (3, 11)
