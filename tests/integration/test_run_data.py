"""Runs read data sets and paths of datastores, and what they write comes to a datastore."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import (
    Dataset,
    Environment,
    Experiment,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from jupyter_aml.sdk.core.runconfig import DataReferenceConfiguration
from jupyter_aml.sdk.data.datapath import DataPath
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.train.sklearn import SKLearn
from tests.conftest import a_folder, a_root, jupyter_folders


@pytest.fixture(scope="module")
def home() -> Iterator[Workspace]:
    """A workspace of one engine for the tests of this module, which use names of their own."""
    with a_root() as root, a_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in jupyter_folders(folder, root).items():
            patch.setenv(name, value)
        ws = Workspace.from_config()
        put(ws.get_default_datastore(), {
            "iris/a.csv": "x,y\n1,2\n", "iris/deep/b.csv": "x,y\n3,4\n", "iris/notes.txt": "no",
        })  # fmt: skip
        yield ws


@pytest.fixture
def ws(home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def store(ws: Workspace) -> Any:
    return ws.get_default_datastore()


def put(store: Any, files: Mapping[str, str]) -> None:
    """Write files to a datastore."""
    for path, text in files.items():
        with store._store().open(path, "wb") as file:
            file.write(text.encode())


def started(ws: Workspace, script: str, *arguments: Any, **more: Any) -> Run:
    """Send a script with these arguments."""
    os.makedirs("src", exist_ok=True)
    Path("src", "s.py").write_text(script)
    config = ScriptRunConfig("src", "s.py", [*arguments], **more)
    return Experiment(ws, "data").submit(config)


def ran(ws: Workspace, script: str, *arguments: Any, **more: Any) -> str:
    """Send a script with these arguments, and return what it printed."""
    run = started(ws, script, *arguments, **more)
    run.wait_for_completion()
    return printed(run)


def printed(run: Run) -> str:
    return run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]


LIST = """
import os, sys
from azureml.core import Run
run = Run.get_context()
place = sys.argv[1]
assert run.input_datasets["data"] == place == os.environ["AZUREML_DATAREFERENCE_data"]
assert os.environ["data"] == place
for here, folders, names in sorted(os.walk(place, followlinks=True)):
    for name in sorted(names):
        print(os.path.relpath(os.path.join(here, name), place), end=" ")
print(place)
"""


def test_a_script_gets_the_files_of_a_data_set(ws: Workspace, store: Any) -> None:
    every = Dataset.File.from_files((store, "iris"))
    tables = Dataset.File.from_files((store, "iris/**/*.csv")).register(ws, "iris-files")

    whole = ran(ws, LIST, every.as_named_input("data").as_mount()).split()
    chosen = ran(ws, LIST, tables.as_named_input("data").as_mount()).split()
    copied = ran(ws, LIST, tables.as_named_input("data").as_download("here/it is")).split(None, 2)

    assert whole == ["a.csv", "notes.txt", "deep/b.csv", str(store._store().local_path("iris"))]
    assert chosen[:2] == copied[:2] == ["a.csv", "deep/b.csv"]
    assert chosen[2].endswith("/inputs/data")
    assert copied[2].rstrip().endswith("/work/here/it is")


def test_what_is_downloaded_is_the_scripts_own(ws: Workspace, store: Any) -> None:
    files = Dataset.File.from_files((store, "iris/*.csv"))

    ran(ws, "import sys; open(sys.argv[1] + '/a.csv', 'w').write('gone')",
        files.as_named_input("data").as_download())  # fmt: skip

    with store._store().open("iris/a.csv") as file:
        assert file.read() == b"x,y\n1,2\n"


def test_a_script_reads_a_table_by_name_or_id(ws: Workspace, store: Any) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-table")
    raw = Dataset.Tabular.from_delimited_files((store, "iris/deep/*.csv"))
    script = (
        "import sys\nfrom azureml.core import Dataset, Run\nrun = Run.get_context()\n"
        "ws = run.experiment.workspace\n"
        "print(run.input_datasets['t'].to_pandas_dataframe()['x'].tolist(),\n"
        "      run.input_datasets['raw'].to_pandas_dataframe()['y'].tolist(),\n"
        "      Dataset.get_by_id(ws, sys.argv[1]).name, run.input_datasets['t'].version)\n"
    )

    by_id = "print(Dataset.get_by_id(ws, id=sys.argv[2]).to_pandas_dataframe()['y'].tolist())\n"

    said = ran(ws, script + by_id, table.as_named_input("t"), raw.as_named_input("raw"))

    assert said.split() == ["[1]", "[4]", "iris-table", "1", "[4]"]
    with pytest.raises(UserErrorException, match="no data set with the id"):
        Dataset.get_by_id(ws, raw.id)


def test_a_run_tells_what_it_reads_and_so_does_one_that_repeats_it(
    ws: Workspace, store: Any
) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-told")
    run = started(ws, "", "--t", table.as_named_input("t"))

    again = run.retry() if hasattr(run, "retry") else run
    told = [each["dataset"] for each in ws.client.runs.data(again.id)["inputs"]]

    assert [(each["name"], each["version"]) for each in told] == [("iris-told", "1")]
    assert run.properties["aml.dataset.iris-told"] == "1"
    assert run.input_datasets["t"].name == "iris-told"
    assert [*run.input_datasets] == ["t"]
    with pytest.raises(KeyError, match="no input 'tt'; did you mean 't'"):
        run.input_datasets["tt"]


def test_a_path_of_a_datastore_is_mounted_downloaded_and_uploaded_to(
    ws: Workspace, store: Any
) -> None:
    script = (
        "import os, sys\n"
        "print(sorted(os.listdir(sys.argv[1])), open(sys.argv[2]).read().split()[0],"
        " os.environ['AZUREML_DATAREFERENCE_got'])\n"
        "open(sys.argv[3] + '/made.txt', 'w').write('made')\n"
        "print(os.path.exists('here/a.csv'))\n"
    )
    references = [
        store.path("iris", data_reference_name="there").as_mount(),
        DataPath(store, "iris/a.csv", name="one"),
        store.path("from-a-run", data_reference_name="up").as_upload(),
        store.path("iris", data_reference_name="got").as_download("here"),
    ]
    os.makedirs("src", exist_ok=True)
    Path("src", "s.py").write_text(script)
    estimator = SKLearn(
        "src", entry_script="s.py", user_managed=True,
        script_params={"--a": references[0]}, inputs=[references[3]],
    )  # fmt: skip
    estimator.run_config.arguments[:] = references[:3]

    run = Experiment(ws, "data").submit(estimator)
    run.wait_for_completion()

    said = printed(run).split()
    assert said[-1] == "True"
    assert said[:4] == ["['a.csv',", "'deep',", "'notes.txt']", "x,y"]
    with store._store().open("from-a-run/made.txt") as file:
        assert file.read() == b"made"


WRITE = """
import os, sys
from azureml.core import Run
run = Run.get_context()
for place in sys.argv[1:]:
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "part.csv"), "w") as file:
        file.write("n,m\\n5,6\\n")
    with open(os.path.join(place, "log.txt"), "w") as file:
        file.write("no")
print(*sorted(run.output_datasets.values()) == sorted(sys.argv[1:]))
"""


def test_what_a_script_writes_becomes_files_and_data_sets(ws: Workspace, store: Any) -> None:
    plain = OutputFileDatasetConfig("plain").register_on_complete("made-files")
    table = (
        OutputFileDatasetConfig("table", (store, "made/{run-id}")).as_upload()
        .register_on_complete("made-table", "of a run", {"k": "v"})
        .read_delimited_files(path_glob="*.csv").keep_columns(["m"])
    )  # fmt: skip
    some = OutputFileDatasetConfig("some", (store, "some")).as_upload(source_globs="*.txt")
    run = started(ws, WRITE.replace("*sorted(", "sorted(", 1), plain, table, some)

    run.wait_for_completion()

    inner = store._store()
    assert printed(run).split() == ["True"]
    assert [each.path for each in inner.walk(f"dataset/{run.id}/plain")] == [
        f"dataset/{run.id}/plain/log.txt", f"dataset/{run.id}/plain/part.csv"
    ]  # fmt: skip
    assert [each.path for each in inner.walk("some")] == ["some/log.txt"]
    made = Dataset.get_by_name(ws, "made-table")
    assert made.to_pandas_dataframe().to_dict("list") == {"m": [6]}
    assert (made.description, made.tags) == ("of a run", {"k": "v"})
    assert len(Dataset.get_by_name(ws, "made-files").to_path()) == 2
    told = {each["name"]: each for each in ws.client.runs.data(run.id)["outputs"]}
    assert told["table"]["dataset"] == {"name": "made-table", "version": "1"}
    assert [told[name]["files"] for name in ("plain", "table", "some")] == [2, 2, 1]


def test_who_writes_and_who_reads_a_data_set_is_known_whatever_the_path(
    ws: Workspace, store: Any
) -> None:
    there = OutputFileDatasetConfig("o", (store, "anywhere/at/all")).register_on_complete("traced")
    script = "import os, sys; open(os.path.join(sys.argv[1], 'x.txt'), 'w').write('x')"
    writer = started(ws, script, there)
    writer.wait_for_completion()

    made = Dataset.get_by_name(ws, "traced")
    reader = started(ws, "", made.as_named_input("t"))
    reader.wait_for_completion()
    model = reader.register_model("traced-model", "user_logs/std_log.txt")
    lineage = ws.client.datasets.lineage(ws.name, "traced")

    assert [run["runId"] for run in lineage["writtenBy"]] == [writer.id]
    assert [run["runId"] for run in lineage["readBy"]] == [reader.id]
    assert lineage["readers"] == 1
    assert [each["id"] for each in lineage["models"]] == [model.id]


def test_a_data_set_that_a_run_reads_is_deleted_once_the_run_has_ended(
    ws: Workspace, store: Any, tmp_path: Path
) -> None:
    for version in ("1", "2"):
        put(store, {f"in-use/{version}.csv": "x,y\n5,6\n"})
        files = Dataset.File.from_files((store, "in-use/*.csv"))
        files.register(ws, "in-use", create_new_version=True)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    one = Dataset.get_by_name(ws, "in-use", version=1)
    run = started(ws, f"open({str(gate)!r}).read()", one.as_named_input("t").as_mount())

    with pytest.raises(UserErrorException, match=f"'in-use' cannot be deleted.* run {run.id}"):
        one.unregister_all_versions()
    ws.client.datasets.remove(ws.name, "in-use", "2")
    gate.write_text("go on")
    run.wait_for_completion()
    one.unregister_all_versions()

    assert "in-use" not in ws.datasets


def test_a_run_that_fails_registers_and_uploads_nothing(ws: Workspace, store: Any) -> None:
    upload = OutputFileDatasetConfig("up", (store, "failed")).as_upload()
    mount = OutputFileDatasetConfig("kept").register_on_complete("never-made")
    run = started(ws, WRITE + "\nraise SystemExit(3)", upload, mount)

    run.wait_for_completion(raise_on_error=False)

    assert [*store._store().walk("failed")] == []
    assert len([*store._store().walk(f"dataset/{run.id}/kept")]) == 2
    with pytest.raises(UserErrorException, match="never-made"):
        Dataset.get_by_name(ws, "never-made")


def test_a_mounted_input_needs_nothing_in_the_environment(ws: Workspace, store: Any) -> None:
    bare = Environment("bare")
    bare.python.conda_dependencies.remove_pip_package("azureml-defaults")
    files = Dataset.File.from_files((store, "iris/*.csv"))

    said = ran(ws, LIST + "\nimport importlib.util\nprint(importlib.util.find_spec('pandas'))",
               files.as_named_input("data").as_mount(), environment=bare)  # fmt: skip

    assert said.split()[0] == "a.csv"
    assert said.split()[-1] == "None"


def test_the_code_of_a_run_sends_it_again_with_its_data(ws: Workspace, store: Any) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-code")
    raw = Dataset.File.from_files((store, "iris/*.csv"))
    inputs = [
        table.as_named_input("t"), raw.as_named_input("raw").as_download("here"),
        store.path("iris", data_reference_name="ref").as_mount(),
    ]  # fmt: skip
    output = (
        OutputFileDatasetConfig("out", (store, "code/{run-id}"), "made").as_upload(
            overwrite=True, source_globs=["*.csv"]
        ).register_on_complete("code-made", tags={"a": "b"})
        .read_delimited_files(path_glob="*.csv")
    )  # fmt: skip
    script = "import os\nos.makedirs('made')\nopen('made/a.csv', 'w').write('a\\n1\\n')\n"
    first = started(ws, script, "--t", *inputs, output)
    first.wait_for_completion()

    code = ws.client.runs.cell(first.id)["text"]
    names: dict[str, Any] = {}
    exec(code, names)
    again = names["run"]

    again.wait_for_completion()
    told, there = (ws.client.runs.data(run.id) for run in (again, first))
    assert told["inputs"] == [
        {**each, "place": each["place"] and each["place"].replace(first.id, again.id)}
        for each in there["inputs"]
    ]
    assert told["outputs"][0]["register"] == there["outputs"][0]["register"]
    assert told["outputs"][0]["dataset"] == {"name": "code-made", "version": "2"}


def test_details_tell_of_data_as_sdk_v1_did(ws: Workspace, store: Any) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-det")
    run = started(ws, "", table.as_named_input("t"), OutputFileDatasetConfig("o"))

    told = run.get_details()

    assert told["inputDatasets"][0]["dataset"]["id"] == table.id
    assert told["inputDatasets"][0]["consumptionDetails"]["inputName"] == "t"
    assert told["outputDatasets"][0]["outputDetails"] == {"outputName": "o"}
    assert told["runDefinition"]["data"]["t"]["mechanism"] == "Direct"
    assert told["runDefinition"]["outputData"]["o"]["mechanism"] == "Mount"


def test_nothing_is_run_again_where_its_data_is_the_same(ws: Workspace, store: Any) -> None:
    files = Dataset.File.from_files((store, "iris/*.csv"))
    other = Dataset.File.from_files((store, "iris/**"))
    Path("src").mkdir()
    Path("src", "s.py").write_text("")

    def sent(data: Any) -> Run:
        config = ScriptRunConfig("src", "s.py", [data.as_named_input("d").as_mount()])
        run = Experiment(ws, "unchanged").submit(config, if_changed=True)
        run.wait_for_completion()
        return run

    assert sent(files).id == sent(files).id
    assert sent(other).id != sent(files).id


def test_a_run_is_repeated_with_data_that_nobody_has_registered_any_more(
    ws: Workspace, store: Any
) -> None:
    files = Dataset.File.from_files((store, "iris/*.csv")).register(ws, "iris-gone")
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-lost")
    script = LIST + "print(run.input_datasets['t'].to_pandas_dataframe()['x'].sum())"
    first = started(ws, script, files.as_named_input("data").as_mount(), table.as_named_input("t"))
    first.wait_for_completion()

    files.unregister_all_versions()
    table.unregister_all_versions()
    again = first.retry()
    again.wait_for_completion()

    assert printed(again).split()[0] == "a.csv"
    assert printed(again).split()[-1] == "1"


def test_two_runs_differ_in_their_data(ws: Workspace, store: Any) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv")).register(ws, "iris-diff")
    other = Dataset.Tabular.from_delimited_files((store, "iris/deep/*.csv")).register(
        ws, "iris-diff", create_new_version=True
    )
    one, two = (started(ws, "", each.as_named_input("t")) for each in (table, other))
    for run in (one, two):
        run.wait_for_completion()

    told = ws.client.runs.difference(one.id, two.id)["facts"]

    assert {"name": "input t", "left": "iris-diff:1", "right": "iris-diff:2"} in told


def test_the_configuration_of_old_samples_downloads_a_folder(ws: Workspace, store: Any) -> None:
    config = RunConfiguration()
    config.data_references = {
        store.name: DataReferenceConfiguration(
            datastore_name=store.name, path_on_datastore="iris", mode="download",
            path_on_compute="/tmp/azureml_runs", overwrite=False,
        ),
        "other": store.path("iris/deep", data_reference_name="other").to_config(),
    }  # fmt: skip

    script = "import os, sys; print(*[sorted(os.listdir(each)) for each in sys.argv[1:]])"
    words = (str(store.as_download()), "$AZUREML_DATAREFERENCE_other")

    said = ran(ws, script, *words, run_config=config)

    assert said.split("\n")[0] == "['a.csv', 'deep', 'notes.txt'] ['b.csv']"
