"""Inputs and outputs among the arguments become words, and what is none is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk.core import RunConfiguration, ScriptRunConfig
from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
from jupyter_aml.sdk.data.output_dataset_config import (
    HDFSOutputDatasetConfig,
    LinkFileOutputDatasetConfig,
    OutputFileDatasetConfig,
    OutputTabularDatasetConfig,
)
from jupyter_aml.sdk.exceptions import UserErrorException

TITANIC = SimpleNamespace(_definition=SimpleNamespace(name="titanic", version="3"))
RAW = SimpleNamespace(
    _definition=SimpleNamespace(name="", version=None, to_json=lambda: {"kind": "file"})
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a.py").touch()
    return tmp_path


def sent(source: Path, *arguments: Any, **more: Any) -> dict[str, Any]:
    script = {} if "command" in more else {"script": "a.py"}
    return ScriptRunConfig(source, arguments=[*arguments], **script, **more).request()


def reference(mode: str = "mount", **more: Any) -> Any:
    return SimpleNamespace(
        **{"datastore": SimpleNamespace(name="blobs"), "data_reference_name": "ref",
           "path_on_datastore": "in", "path_on_compute": None, "overwrite": False, "mode": mode,
           **more},
    )  # fmt: skip


def test_arguments_become_words_and_inputs(source: Path) -> None:
    body = sent(
        source, "--t", DatasetConsumptionConfig("t", TITANIC), "--r",
        DatasetConsumptionConfig("r", RAW).as_download("data"), "--ref", reference("download"),
    )  # fmt: skip

    assert body["arguments"] == [
        "--t", "DatasetConsumptionConfig:t", "--r", "DatasetConsumptionConfig:r",
        "--ref", "$AZUREML_DATAREFERENCE_ref",
    ]  # fmt: skip
    assert body["inputs"] == [
        {"name": "t", "mode": "direct", "dataset": {"name": "titanic", "version": "3"},
         "pathOnCompute": None},
        {"name": "r", "mode": "download", "dataset": {"definition": {"kind": "file"}},
         "pathOnCompute": "data"},
        {"name": "ref", "mode": "download", "datastore": "blobs", "path": "in",
         "pathOnCompute": None},
    ]  # fmt: skip
    assert body["job"]["command"] == ["a.py", *body["arguments"]]


def test_outputs_are_sent_with_what_they_become(source: Path) -> None:
    made = OutputFileDatasetConfig("made", (SimpleNamespace(name="blobs"), "to/{run-id}"))
    table = (
        OutputFileDatasetConfig("table", source="out").as_upload(True, ["*.csv"])
        .register_on_complete("t", "of a run", {"a": 1})
        .read_delimited_files(separator="\t", path_glob="*.csv").drop_columns("x")
    )  # fmt: skip

    body = sent(source, made, table, reference("upload", overwrite=True))

    assert body["outputs"] == [
        {"name": "made", "mode": "mount", "pathOnCompute": None, "overwrite": False, "globs": [],
         "register": None, "datastore": "blobs", "path": "to/{run-id}"},
        {"name": "table", "mode": "upload", "pathOnCompute": "out", "overwrite": True,
         "globs": ["*.csv"], "register": {
             "name": "t", "description": "of a run", "tags": {"a": "1"}, "kind": "tabular",
             "steps": [{"do": "read", "form": "delimited", "glob": "*.csv", "paths": False,
                        "types": {}, "partition": None, "separator": "\t", "header": "all"},
                       {"do": "drop", "columns": ["x"]}]}},
        {"name": "ref", "kind": "reference", "mode": "upload", "overwrite": True,
         "datastore": "blobs", "path": "in", "pathOnCompute": None},
    ]  # fmt: skip


def test_a_command_takes_them_as_a_list_and_in_its_line(source: Path) -> None:
    config = DatasetConsumptionConfig("t", TITANIC).as_mount()
    listed = sent(source, command=["python", "a.py", "--data", config])
    run_config = RunConfiguration()
    run_config.data["t"] = config
    line = sent(source, command=f"ls {config}", run_config=run_config)

    assert listed["job"]["command"] == ["python", "a.py", "--data", "DatasetConsumptionConfig:t"]
    assert line["job"]["command"] == ["/bin/sh", "-c", "ls DatasetConsumptionConfig:t"]
    assert line["inputs"] == listed["inputs"]


def test_a_way_to_use_it_makes_another_one() -> None:
    config = DatasetConsumptionConfig("t", TITANIC)

    mounted = config.as_mount("data")

    assert (config.mode, mounted.mode, mounted.path_on_compute) == ("direct", "mount", "data")
    assert str(mounted) == mounted.arg_val == "DatasetConsumptionConfig:t"


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (SimpleNamespace(as_named_input=1), r"dataset\.as_named_input\('data'\)"),
        (DatasetConsumptionConfig("t", TITANIC).as_hdfs(), "needs a Spark cluster"),
        (DatasetConsumptionConfig("t", 5), "'t': expected a data set, not a int"),
        (OutputFileDatasetConfig("o").as_input(), "'o' is the output 'o' of another script"),
        (HDFSOutputDatasetConfig("o"), "'o' needs a Spark cluster"),
        (LinkFileOutputDatasetConfig("o"), "a data set that the script makes itself"),
        (OutputFileDatasetConfig("o").read_parquet_files(), r"add register_on_complete\(name\)"),
        ("DatasetConsumptionConfig:x", r"names 'x', and .* run_config\.data"),
        ("$AZUREML_DATAREFERENCE_x", r"no such reference: .* run_config\.data_references"),
        ("--o=DatasetOutputConfig:x", r"names 'x', and .* run_config\.output_data"),
        (reference(data_reference_name="a b"), "'a b' cannot be the name"),
    ],
)
def test_what_cannot_be_an_input_is_told(source: Path, argument: Any, told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        sent(source, argument)


def test_one_name_means_one_thing(source: Path) -> None:
    config = DatasetConsumptionConfig("t", TITANIC)

    assert len(sent(source, config, config)["inputs"]) == 1
    with pytest.raises(UserErrorException, match="two inputs or outputs are called 't'"):
        sent(source, config, config.as_mount())
    with pytest.raises(UserErrorException, match="two inputs or outputs are called 't'"):
        sent(source, config, OutputFileDatasetConfig("t"))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: DatasetConsumptionConfig("a b", TITANIC), "'a_b'"),
        (lambda: DatasetConsumptionConfig("a", TITANIC, "magic"), "mode='magic'"),
        (lambda: DatasetConsumptionConfig("a", TITANIC).as_mount("../x"), "path_on_compute='../x'"),
        (lambda: DatasetConsumptionConfig("a", TITANIC).as_mount("~/data"), "relative to the fold"),
        (lambda: OutputFileDatasetConfig("a/b"), "'a_b'"),
        (lambda: OutputFileDatasetConfig("a", "blobs/x"), "destination='blobs/x'"),
        (lambda: OutputFileDatasetConfig("a", source="/etc"), "path_on_compute='/etc'"),
        (lambda: OutputFileDatasetConfig("a").register_on_complete(""), "name=''"),
        (lambda: OutputTabularDatasetConfig(), "read_delimited_files"),
        (lambda: OutputFileDatasetConfig("a").read_delimited_files().random_split(0.5), "split"),
    ],
)
def test_what_makes_no_sense_is_told_at_once(make: Any, told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        make()
