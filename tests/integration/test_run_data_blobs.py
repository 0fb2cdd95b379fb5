"""Runs read from blobs and write to them, through a real server of blobs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.sdk.core import Dataset, Datastore, Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.sdk.exceptions import ActivityFailedException
from tests.azurite import KEY, Azurite

pytest.importorskip("adlfs")

WORK = """
import os, sys
for here, folders, names in sorted(os.walk(sys.argv[1])):
    for name in sorted(names):
        path = os.path.join(here, name)
        print(os.path.relpath(path, sys.argv[1]), open(path).read(), os.path.islink(path))
with open(sys.argv[2] + "/m.txt", "w") as file:
    file.write("made")
"""


@pytest.fixture
def ws(
    azurite: Azurite, aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path
) -> Iterator[Workspace]:
    config = Path(jupyter_env["JUPYTER_CONFIG_DIR"], "jupyter_aml_config.json")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"AmlConfig": {"storage_endpoints": azurite.endpoints}}))
    os.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "s.py").write_text(WORK)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")


@pytest.fixture
def blobs(ws: Workspace) -> Any:
    store = Datastore.register_azure_blob_container(
        ws, "blobs", f"c{uuid4().hex[:12]}", "az_store_acct", account_key=KEY,
        create_if_not_exists=True,
    )  # fmt: skip
    for name in ("a", "deep/b"):
        with store._store().open(f"in/{name}.txt", "wb") as file:
            file.write(name.encode())
    return store


def sent(ws: Workspace, *arguments: Any) -> Run:
    return Experiment(ws, "far").submit(ScriptRunConfig("src", "s.py", [*arguments]))


def console(run: Run) -> list[str]:
    text: str = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    return text.splitlines()


def test_far_files_are_fetched_and_what_is_written_is_uploaded(ws: Workspace, blobs: Any) -> None:
    files = Dataset.File.from_files((blobs, "in/**")).as_named_input("data").as_mount()
    made = OutputFileDatasetConfig("made", (blobs, "out/{run-id}")).register_on_complete("far-made")

    run = sent(ws, files, made)
    run.wait_for_completion()

    assert console(run) == ["a.txt a False", "deep/b.txt deep/b False"]
    with blobs._store().open(f"out/{run.id}/m.txt") as file:
        assert file.read() == b"made"
    assert Dataset.get_by_name(ws, "far-made").to_path() == ["/m.txt"]
    folder = Path(ws.client.status()["root"], "workspaces", "default", "runs", run.id)
    assert not (folder / "inputs").exists()
    assert not (folder / "results").exists()


WITHOUT = """
import sys
sys.modules["adlfs"] = None
from azureml.core import Run
run = Run.get_context()
print(run.input_datasets["t"].to_pandas_dataframe()["x"].tolist())
print(run.input_datasets["f"].download("here"))
"""


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_script_without_the_library_of_blobs_reads_them_through_the_engine(
    ws: Workspace, blobs: Any, kind: str, tmp_path: Path
) -> None:
    import pandas as pd

    frame, make = pd.DataFrame({"x": [1, 2], "y": [3, 4]}), Dataset.Tabular
    with blobs._store().open(f"t/a.{kind}", "wb") as file:
        file.write(frame.to_csv(index=False).encode() if kind == "csv" else frame.to_parquet())
    read = make.from_delimited_files if kind == "csv" else make.from_parquet_files
    table = read((blobs, f"t/*.{kind}")).keep_columns(["x"])
    files = Dataset.File.from_files((blobs, "in/**"))
    Path("src", "s.py").write_text(WITHOUT)

    run = sent(ws, table.as_named_input("t"), files.as_named_input("f"))
    run.wait_for_completion()

    said = console(run)
    assert "[1, 2]" in said
    assert "deep" in said[-1]
    assert any("'blobs' is read through the engine: blobs are read with the library adlfs" in line
               for line in said)  # fmt: skip


def test_a_failed_run_leaves_in_blobs_what_it_wrote_to_a_mount(ws: Workspace, blobs: Any) -> None:
    Path("src", "s.py").write_text(WORK + "raise SystemExit(3)")
    reference = blobs.path("in", data_reference_name="data").as_download()
    mount = OutputFileDatasetConfig("made", (blobs, "kept")).register_on_complete("never")

    run = sent(ws, reference, mount)
    run.wait_for_completion(raise_on_error=False)

    assert [each.path for each in blobs._store().walk("kept")] == ["kept/m.txt"]
    assert run.get_status() == "Failed"


def test_a_key_that_does_not_fit_any_more_ends_the_run(ws: Workspace, blobs: Any) -> None:
    files = Dataset.File.from_files((blobs, "in/**")).as_named_input("data").as_mount()
    wrong = "bm90IHRoZSBrZXk="
    Datastore.register_azure_blob_container(
        ws, "blobs", blobs.container_name, "az_store_acct", account_key=wrong, overwrite=True,
        skip_validation=True,
    )  # fmt: skip

    run = sent(ws, files, "x")

    with pytest.raises(
        ActivityFailedException, match=r"input 'data': .*does not let us in"
    ) as told:
        run.wait_for_completion()
    assert wrong not in str(told.value)
