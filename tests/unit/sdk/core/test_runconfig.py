"""A run configuration is whole: it works, says what it needs, and lies in SDK v1's files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk.core import Environment, ScriptRunConfig
from jupyter_aml.sdk.core.runconfig import (
    Data,
    DataLocation,
    DataPath,
    DataReferenceConfiguration,
    Dataset,
    HistoryConfiguration,
    MpiConfiguration,
    OutputData,
    PyTorchConfiguration,
    RunConfiguration,
    TensorflowConfiguration,
)
from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.sdk.exceptions import UserErrorException

OF_V1 = """\
# The script to run.
script: train.py
arguments: [--rate, 0.1]
target: local
framework: Python
communicator: None
autoPrepareEnvironment: true
maxRunDurationSeconds: 60
nodeCount: 1
environment:
  environmentVariables:
    EXAMPLE_ENV_VAR: EXAMPLE_VALUE
  python:
    userManagedDependencies: false
    interpreterPath: python
    condaDependenciesFile: .azureml/conda_dependencies.yml
    baseCondaEnvironment:
  docker:
    enabled: false
    baseImage: mcr.microsoft.com/azureml/base:0.2.1
    sharedVolumes: true
    shmSize: 1g
    arguments: []
    baseImageRegistry:
      address:
      username:
      password:
  spark:
    repositories: []
    packages: []
    precachePackages: false
history:
  outputCollection: true
  snapshotProject: true
  directoriesToWatch:
  - logs
spark:
  configuration: {}
docker:
  useDocker: false
  sharedVolumes: true
  arguments: []
  shmSize:
hdi:
  yarnDeployMode: cluster
tensorflow:
  workerCount: 1
  parameterServerCount: 1
mpi:
  processCountPerNode: 1
pytorch:
  communicationBackend: nccl
  processCount:
dataReferences:
  raw:
    dataStoreName: blobs
    pathOnDataStore: in/raw
    mode: download
    overwrite: false
    pathOnCompute: raw
data:
  train:
    dataLocation:
      dataset:
        id:
        name: titanic
        version: 3
      dataPath:
      uri:
    createOutputDirectories: false
    mechanism: mount
    environmentVariableName: train
    pathOnCompute:
    overwrite: false
amlcompute:
  vmSize:
  vmPriority:
  retainCluster: false
  clusterMaxNodeCount:
sourceDirectoryDataStore:
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / ".azureml"
    folder.mkdir()
    (folder / "train.runconfig").write_text(OF_V1)
    (folder / "conda_dependencies.yml").write_text("dependencies: [python=3.11, numpy]\n")
    (tmp_path / "train.py").touch()
    return tmp_path


def sent(folder: Path, config: RunConfiguration, **more: Any) -> dict[str, Any]:
    return ScriptRunConfig(folder, run_config=config, **more).request()


def test_a_file_of_sdk_v1_is_read_whole(project: Path) -> None:
    config = RunConfiguration.load(project, "train")

    assert config.script == "train.py"
    assert config.max_run_duration_seconds == 60
    assert config.environment_variables == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert [*config.environment.python.conda_dependencies.conda_packages] == ["numpy"]
    assert config.data_references["raw"] == DataReferenceConfiguration(
        "blobs", "download", "in/raw", "raw"
    )
    told = sent(project, config)
    assert told["inputs"] == [
        {"name": "train", "mode": "mount", "pathOnCompute": None,
         "dataset": {"name": "titanic", "version": "3"}},
        {"name": "raw", "datastore": "blobs", "path": "in/raw", "pathOnCompute": "raw",
         "mode": "download"},
    ]  # fmt: skip
    assert told["job"]["timeout"] == 60.0


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_saved_is_loaded(tmp_path: Path, apart: bool) -> None:
    config = RunConfiguration("train.py", ["--rate", 0.1], communicator="Mpi")
    config.environment = Environment("mine")
    config.environment.python.conda_dependencies.add_pip_package("numpy")
    config.environment_variables = {"A": "1"}
    config.history.directories_to_watch = ["logs"]
    named = SimpleNamespace(_definition=SimpleNamespace(name="titanic", version="3"))
    config.data["d"] = DatasetConsumptionConfig("d", named).as_download("here")
    config.output_data["o"] = OutputFileDatasetConfig("o", ("blobs", "made")).as_upload(
        overwrite=True, source_globs="*.csv"
    ).register_on_complete("made", tags={"a": "b"})  # fmt: skip

    config.save(tmp_path, "train", separate_environment_yaml=apart)
    loaded = RunConfiguration.load(tmp_path / ".azureml" / "train.runconfig")

    (tmp_path / "train.py").touch()
    assert loaded._to_json() == config._to_json()
    assert sent(tmp_path, loaded) == sent(tmp_path, config)
    assert (tmp_path / ".azureml" / "train_environment.yml").exists() is apart


def test_a_loaded_one_is_saved_where_it_was_and_can_be_deleted(project: Path) -> None:
    config = RunConfiguration.load(project, "train")
    config.script = "other.py"

    config.save()

    assert RunConfiguration.load(project, "train").script == "other.py"
    RunConfiguration.delete(project, "train")
    with pytest.raises(UserErrorException, match="no run configuration 'train'"):
        RunConfiguration.load(project, "train")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scirpt: a.py", r"train.runconfig: scirpt is nothing .* did you mean 'script'"),
        ("mpi: {nodeCuont: 1}", r"train.runconfig: mpi: there is no 'nodeCuont' .* 'nodeCount'"),
        ("mpi: 5", "mpi: expected names with values, got 5"),
        ("- a", "is no run configuration"),
        ("script: [", "line 1"),
        ("environment: 5", "environment: expected names"),
        ("nodeCount: 0", "node_count=0"),
        ("environment: {python: {condaDependenciesFile: none.yml}}", "'none.yml', and there is no"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_key(project: Path, text: str, told: str) -> None:
    (project / ".azureml" / "train.runconfig").write_text(text)

    with pytest.raises(UserErrorException, match=told):
        RunConfiguration.load(project, "train")


def test_a_name_that_is_not_there_is_told_with_those_that_are(project: Path) -> None:
    with pytest.raises(UserErrorException, match="did you mean 'train'"):
        RunConfiguration.load(project, "trian")
    with pytest.raises(UserErrorException, match=r"is a folder: name one of \['train'\]"):
        RunConfiguration.load(project)
    with pytest.raises(UserErrorException, match="give a folder and a name"):
        RunConfiguration().save()


def amlcompute(config: RunConfiguration) -> None:
    config.amlcompute.vm_size = "STANDARD_D2"


def hdi(config: RunConfiguration) -> None:
    config.hdi.yarn_deploy_mode = "client"


def spark(config: RunConfiguration) -> None:
    config.spark.configuration = {"spark.app.name": "x"}


def nodes(config: RunConfiguration) -> None:
    config.node_count = 2


def history(config: RunConfiguration) -> None:
    config.history.output_collection = False


def directories(config: RunConfiguration) -> None:
    config.history.directories_to_watch.append("mine")


def services(config: RunConfiguration) -> None:
    config.services["tb"] = object()


def datacaches(config: RunConfiguration) -> None:
    config.datacaches["x"] = object()


def kubernetes(config: RunConfiguration) -> None:
    config.kubernetescompute.instance_type = "x"


def parallel(config: RunConfiguration) -> None:
    config.paralleltask.worker_count_per_node = 2


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (amlcompute, "run_config.amlcompute .*name a compute target"),
        (hdi, "run_config.hdi .*HDInsight"),
        (spark, "run_config.spark .*Spark"),
        (nodes, "node_count=2: say how its processes find each other"),
        (history, "run_config.history.output_collection = False"),
        (directories, "'mine' is not kept with a run; write to 'logs' or 'outputs'"),
        (services, "run_config.services needs a cluster"),
        (datacaches, "run_config.datacaches needs a cache"),
        (kubernetes, "run_config.kubernetescompute .*Kubernetes"),
        (parallel, "run_config.paralleltask .*ParallelRunStep"),
    ],
)
def test_what_a_run_would_not_heed_is_refused_when_it_is_sent(
    tmp_path: Path, say: Any, told: str
) -> None:
    (tmp_path / "a.py").touch()
    config = RunConfiguration("a.py")
    say(config)

    with pytest.raises(UserErrorException, match=told):
        sent(tmp_path, config)


@pytest.mark.parametrize("part", [MpiConfiguration(), PyTorchConfiguration(process_count=1)])
def test_one_process_needs_nothing(tmp_path: Path, part: Any) -> None:
    (tmp_path / "a.py").touch()

    body = sent(tmp_path, RunConfiguration("a.py"), distributed_job_config=part)

    assert [n for n in body["job"]["environmentVariables"] if n.endswith(("RANK", "_SIZE"))]


@pytest.mark.parametrize(
    ("part", "processes"),
    [
        (MpiConfiguration(4), ("mpi", 4, 1, 0)),
        (MpiConfiguration(2, node_count=3), ("mpi", 2, 3, 0)),
        (TensorflowConfiguration(), ("tensorflow", 2, 1, 1)),
        (TensorflowConfiguration(3, 0), ("tensorflow", 3, 1, 0)),
        (PyTorchConfiguration(process_count=4, node_count=2), ("pytorch", 2, 2, 0)),
        (PyTorchConfiguration(node_count=2), ("pytorch", 1, 2, 0)),
    ],
)
def test_several_processes_are_asked_for(tmp_path: Path, part: Any, processes: Any) -> None:
    (tmp_path / "a.py").touch()

    body = sent(tmp_path, RunConfiguration("a.py"), distributed_job_config=part)

    assert tuple(body["job"]["distribution"].values()) == processes
    assert not [n for n in body["job"]["environmentVariables"] if n.endswith(("RANK", "_SIZE"))]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (PyTorchConfiguration(process_count=3, node_count=2), "give a multiple of 2"),
        (object(), "distributed_job_config: expected"),
    ],
)
def test_processes_that_cannot_be_are_refused(tmp_path: Path, part: Any, told: str) -> None:
    (tmp_path / "a.py").touch()

    with pytest.raises(UserErrorException, match=told):
        sent(tmp_path, RunConfiguration("a.py"), distributed_job_config=part)


def test_limits_are_asked_for_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    limits = {"cpus": 2, "memory": "4g"}
    config = RunConfiguration("a.py")
    config.limits = dict(limits)

    assert sent(tmp_path, config)["job"]["limits"] == limits
    assert sent(tmp_path, RunConfiguration("a.py"), limits=limits)["job"]["limits"] == limits
    assert "limits" not in sent(tmp_path, RunConfiguration("a.py"))["job"]
    with pytest.raises(UserErrorException, match="no limit 'mem'; did you mean 'memory'"):
        config.limits = {"mem": 1}


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: MpiConfiguration(0), "process_count_per_node=0: give a whole number"),
        (lambda: PyTorchConfiguration("carrier pigeon"), "there are nccl, gloo, mpi"),
        (lambda: DataReferenceConfiguration(mode="magic"), "mode='magic'"),
        (lambda: Data(mechanism="magic"), "mechanism='magic'"),
    ],
)
def test_a_part_says_what_it_cannot_be(make: Any, told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        make()


def test_a_part_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError, match="did you mean 'output_collection'"):
        HistoryConfiguration().output_colection = True  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("there", "thing", "told"),
    [
        ("data", Data(), "'x': name a registered data set"),
        ("data", Data(DataLocation(Dataset(None, "d")), options={"a": "b"}), "options"),
        ("data", 5, "'x' of the run configuration: expected an input or output, not a int"),
        ("data_references", DataReferenceConfiguration(), "name its data_store_name"),
        ("output_data", OutputData(DataLocation(Dataset(None, "d"))), "dataset="),
    ],
)
def test_data_that_says_nothing_is_refused(
    tmp_path: Path, there: str, thing: Any, told: str
) -> None:
    (tmp_path / "a.py").touch()
    config = RunConfiguration("a.py")
    getattr(config, there)["x"] = thing

    with pytest.raises(UserErrorException, match=told):
        sent(tmp_path, config)


def test_an_output_of_a_file_is_the_one_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    config = RunConfiguration("a.py")
    where = DataLocation(data_path=DataPath("blobs", "made/{run-id}"))
    config.output_data["o"] = OutputData(where, "upload")

    told = sent(tmp_path, config)["outputs"]

    assert [(each["datastore"], each["path"], each["mode"]) for each in told] == [
        ("blobs", "made/{run-id}", "upload")
    ]
