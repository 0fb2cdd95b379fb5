"""An estimator is a ScriptRunConfig with SDK v1's arguments, and says what it cannot be."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk.core import Environment, RunConfiguration
from jupyter_aml.sdk.core.runconfig import MpiConfiguration
from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.train.dnn import Chainer, PyTorch, TensorFlow
from jupyter_aml.sdk.train.estimator import (
    Estimator,
    MMLBaseEstimator,
    MMLBaseEstimatorRunConfig,
    Mpi,
    Nccl,
)
from jupyter_aml.sdk.train.sklearn import SKLearn


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "train.py").touch()
    return tmp_path


def sent(estimator: MMLBaseEstimator) -> dict[str, Any]:
    """The part of a submission that an estimator decides."""
    return estimator._script_run_config().request()


def pip(estimator: MMLBaseEstimator) -> list[str]:
    return [*estimator.conda_dependencies.pip_packages]


def test_script_params_are_words_and_an_empty_value_makes_a_flag(source: Path) -> None:
    estimator = Estimator(
        source, entry_script="train.py", compute_target="local",
        script_params={"--reg_rate": 0.1, "--quiet": "", "--zero": 0, "--none": None},
    )  # fmt: skip

    body = sent(estimator)

    assert body["arguments"] == ["--reg_rate", "0.1", "--quiet", "--zero", "0", "--none"]
    assert body["job"]["command"][0] == "train.py"
    assert body["script"] == "train.py"


def test_an_estimator_without_packages_runs_in_the_notebooks_own_python(source: Path) -> None:
    assert "environment" not in sent(Estimator(source, entry_script="train.py"))


def test_packages_make_an_environment(source: Path) -> None:
    (source / "req.txt").write_text("joblib\n# no\nrequests>=2\n")

    body = sent(Estimator(
        source, entry_script="train.py", conda_packages=["scikit-learn"], pip_packages=["pandas"],
        pip_requirements_file="req.txt", environment_variables={"A": 1},
    ))  # fmt: skip

    found = body["environment"]["python"]["condaDependencies"]["dependencies"]
    assert "scikit-learn" in found
    assert found[1]["pip"] == ["azureml-defaults", "pandas", "joblib", "requests>=2"]
    assert body["job"]["environmentVariables"]["A"] == "1"


def test_an_environment_is_taken_whole_and_not_changed(source: Path) -> None:
    environment = Environment("mine")

    estimator = Estimator(
        source, entry_script="train.py", environment_definition=environment,
        environment_variables={"A": "1"},
    )  # fmt: skip

    assert sent(estimator)["environment"]["name"] == "mine"
    assert environment.environment_variables == {}


@pytest.mark.parametrize(
    ("kind", "said", "packages"),
    [
        (SKLearn, {}, ["scikit-learn==0.20.3", "scipy", "joblib"]),
        (PyTorch, {"framework_version": "1.6"}, ["torch==1.6", "torchvision"]),
        (TensorFlow, {}, ["tensorflow-cpu==1.13"]),
        (TensorFlow, {"use_gpu": True, "framework_version": "2.0"}, ["tensorflow==2.0"]),
        (Chainer, {"pip_packages": ["x"]}, ["chainer==5.1.0", "x"]),
    ],
)
def test_a_framework_brings_its_packages(
    source: Path, kind: Any, said: dict[str, Any], packages: list[str]
) -> None:
    assert pip(kind(source, entry_script="train.py", **said)) == ["azureml-defaults", *packages]


def test_torch_comes_without_gigabytes_for_a_gpu_that_nobody_asked_for(source: Path) -> None:
    plain = PyTorch(source, entry_script="train.py")
    big = PyTorch(source, entry_script="train.py", use_gpu=True)

    assert plain.run_config.environment_variables == {"UV_TORCH_BACKEND": "cpu"}
    assert big.run_config.environment_variables == {}
    assert sent(big)["environment"]["docker"]["gpuSupport"] is True


def test_an_input_stands_in_the_configuration_and_in_what_is_sent(source: Path) -> None:
    named = SimpleNamespace(_definition=SimpleNamespace(name="titanic", version="3"))
    config = DatasetConsumptionConfig("train", named).as_mount()

    estimator = SKLearn(
        source, entry_script="train.py", inputs=[config], script_params={"--data": config}
    )

    told = sent(estimator)
    assert estimator.run_config.data == {"train": config}
    assert told["arguments"] == ["--data", "DatasetConsumptionConfig:train"]
    assert told["inputs"] == [{
        "name": "train", "mode": "mount", "pathOnCompute": None,
        "dataset": {"name": "titanic", "version": "3"},
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"vm_size": "STANDARD_D2"}, "vm_size='STANDARD_D2': jupyter_aml rents no machines"),
        ({"vm_priority": "lowpriority"}, "vm_priority"),
        ({"node_count": 2}, "node_count=2: say how its processes find each other"),
        ({"resume_from": "x"}, "resume_from: a run starts with what it was sent"),
        ({"entry_script": None}, "entry_script: name the script"),
        ({"entry_script": "trian.py"}, "no script 'trian.py' .* did you mean 'train.py'"),
        ({"distributed_training": "mpi"}, r"give Mpi\(\), Nccl\(\)"),
        ({"distributed_backend": "smoke"}, "distributed_backend='smoke': there are"),
        ({"use_docker": False, "custom_docker_image": "x"}, "use_docker=False: the image 'x'"),
        ({"image_registry_details": object()}, "with custom_docker_image alone"),
        ({"script_params": ["--a"]}, "script_params: give a dictionary"),
        ({"pip_packages": "numpy"}, "pip_packages: give a list"),
        ({"inputs": [SimpleNamespace(as_named_input=1)]}, "as_named_input"),
        ({"inputs": [5]}, "inputs: int is no input"),
        ({"source_directory_data_store": "x"}, "source_directory_data_store"),
        ({"environment_definition": "mine"}, "expected an Environment, not str"),
        ({"environment_definition": Environment("a"), "pip_packages": ["b"]}, "pip_packages: env"),
        ({"environment_definition": Environment("a"), "user_managed": True}, "user_managed: env"),
        ({"pip_requirements_file": "none.txt"}, "cannot read none.txt"),
    ],
)
def test_what_an_estimator_cannot_be_is_said(source: Path, said: dict[str, Any], told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        sent(Estimator(source, **{"entry_script": "train.py", **said}))


@pytest.mark.parametrize(
    ("said", "processes"),
    [
        ({"process_count_per_node": 2}, ("mpi", 2, 1, 0)),
        ({"distributed_training": Mpi(4), "node_count": 2}, ("mpi", 4, 2, 0)),
        ({"distributed_training": Nccl(), "node_count": 2}, ("pytorch", 1, 2, 0)),
        ({"distributed_backend": "ps"}, ("tensorflow", 2, 1, 1)),
        ({"distributed_training": MpiConfiguration(2)}, ("mpi", 2, 1, 0)),
    ],
)
def test_an_estimator_asks_for_processes(
    source: Path, said: dict[str, Any], processes: tuple[str, int, int, int]
) -> None:
    body = sent(Estimator(source, entry_script="train.py", **said))

    assert tuple(body["job"]["distribution"].values()) == processes


def test_one_process_of_a_distributed_framework_is_told_that_it_is_alone(source: Path) -> None:
    body = sent(Estimator(source, entry_script="train.py", distributed_training=Nccl()))

    variables = body["job"]["environmentVariables"]
    assert (variables["RANK"], variables["WORLD_SIZE"]) == ("0", "1")


def test_a_version_that_v1_did_not_have_is_refused_with_those_it_had(source: Path) -> None:
    with pytest.raises(UserErrorException, match=r"PyTorch knows 1\.0, .* ScriptRunConfig"):
        PyTorch(source, entry_script="train.py", framework_version="9")

    assert SKLearn.get_supported_versions() == ["0.20.3"]
    assert SKLearn(source, entry_script="train.py").framework_version == "0.20.3"


def test_it_says_that_it_is_deprecated(source: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="azureml.train.estimator"):
        SKLearn(source, entry_script="train.py")

    assert caplog.messages[0].startswith("'SKLearn' is deprecated. Please use 'ScriptRunConfig'")


def test_a_configuration_of_ones_own_makes_an_estimator(source: Path) -> None:
    config = MMLBaseEstimatorRunConfig("local", entry_script="train.py", pip_packages=["numpy"])

    estimator = MMLBaseEstimator(source, compute_target=None, estimator_config=config)

    assert isinstance(estimator.run_config, RunConfiguration)
    assert sent(estimator)["script"] == "train.py"
    assert pip(estimator) == ["azureml-defaults", "numpy"]
