"""Models by SDK v1's names over a real engine: registered, found, fetched, changed, traced."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Dataset, Experiment, Model, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.resource_configuration import ResourceConfiguration
from jupyter_aml.sdk.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    WebserviceException,
)

TRAIN = """
import os
from azureml.core import Model, Run

run = Run.get_context()
os.makedirs("outputs/model/deep", exist_ok=True)
for name in ("model/a.txt", "model/deep/b.txt", "alone.pkl"):
    with open(f"outputs/{name}", "w") as file:
        file.write(name)
model = run.register_model("inside", "outputs/alone.pkl", tags={"by": "script"})
print("registered", model.id, "of", model.run_id == run.id)
whole = run.register_model(model_name="folder", model_path="./outputs/model/")
print("fetched", Model.get_model_path("base"))
child = run.child_run("child")
child.upload_file("outputs/own.pkl", "outputs/alone.pkl")
print("child", child.register_model("of-child", "outputs/own.pkl").run_id == child.id)
own = Model.register(run.experiment.workspace, "outputs/alone.pkl", "by-path")
print("by path", own.run_id == run.id)
"""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"weights")
    return path


def blob_of(ws: Workspace, model: Model) -> Path:
    """Where the first file of a model lies in the root."""
    hash = ws.client.models.files(ws.name, model.name, str(model.version))["files"][0]["hash"]
    return Path(os.environ["AML_ROOT"], "blobs", hash[:2], hash[2:])


def test_a_file_is_registered_found_and_fetched(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    made = Model.register(
        workspace=ws,
        model_path="model.pkl",
        model_name="diabetes",
        tags={"area": "health", "count": 3},
        properties={"AUC": 0.84},
        description="A model.",
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.5",
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
    )
    # The file may change or go: what was registered stays.
    weights.write_bytes(b"other")

    model = Model(ws, "diabetes")

    assert (model.id, model.version, model.name) == ("diabetes:1", 1, "diabetes")
    assert made.serialize() == model.serialize()
    assert model.tags == {"area": "health", "count": "3"}
    assert model.properties == {"AUC": "0.84"}
    assert (model.description, model.unpack, model.run, model.run_id) == (
        "A model.",
        True,
        None,
        None,
    )
    assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.5")
    resources = model.resource_configuration
    assert resources is not None
    assert resources.serialize() == {"cpu": 1, "memoryInGB": 0.5, "gpu": None}
    assert ws.models["diabetes"].id == "diabetes:1"
    assert model.download("there") == "there/model.pkl"
    assert (tmp_path / "there" / "model.pkl").read_bytes() == b"weights"
    with pytest.raises(WebserviceException, match=r"model.pkl is there already; pass exist_ok"):
        model.download("there")
    model.download("there", exist_ok=True)
    assert os.listdir("there") == ["model.pkl"]


def test_equal_files_are_a_new_version_and_a_request_sent_twice_is_not(
    ws: Workspace, weights: Path
) -> None:
    for number in (1, 2, 3):
        assert Model.register(ws, str(weights), "same").version == number
    body = {"name": "twice", "source": {"path": str(weights)}, "key": "once"}

    assert [ws.client.models.add(body)["version"] for _ in range(2)] == ["1", "1"]
    assert [model.id for model in Model.list(ws, name="same")] == ["same:3", "same:2", "same:1"]


def test_a_folder_keeps_its_tree_and_may_be_taken_in_parts(ws: Workspace, tmp_path: Path) -> None:
    for name in ("big/weights.bin", "big/parts/one", "big/parts/two", "big/notes"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)

    whole = Model.register(ws, "big/", "whole")
    part = Model.register(ws, "big", "part", child_paths=["weights.bin", "parts/one"])

    assert whole.download("w") == "w/big"
    assert part.download("p") == "p/part"
    below = sorted(str(path) for path in Path("w", "big").rglob("*") if path.is_file())
    assert below == [f"w/{each}" for each in (
        "big/notes", "big/parts/one", "big/parts/two", "big/weights.bin",
    )]  # fmt: skip
    parts = sorted(str(path) for path in Path("p").rglob("*") if path.is_file())
    assert parts == ["p/part/parts/one", "p/part/weights.bin"]


def test_a_run_registers_its_files_from_within_and_after_its_end(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    Model.register(ws, str(weights), "base")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN)
    run = Experiment(ws, "training").submit(ScriptRunConfig("src", script="train.py"))
    run.wait_for_completion()

    later = run.register_model("later", "outputs/model", properties={"x": 1})

    console = run._folder.console.read_text()
    for line in (
        "registered inside:1 of True", "fetched azureml-models/base/1/model.pkl", "child True",
        "by path True",
    ):  # fmt: skip
        assert line in console
    inside = Model(ws, "inside")
    assert (inside.run, inside.experiment_name, inside.unpack) == (run, "training", False)
    assert sorted(str(path) for path in Path(later.download("l")).rglob("*.txt")) == [
        "l/model/a.txt", "l/model/deep/b.txt",
    ]  # fmt: skip
    told = ws.client.models.of_run(run.id)
    assert {each["id"] for each in told["registered"]} == {
        "inside:1", "folder:1", "later:1", "by-path:1",
    }  # fmt: skip
    assert told["used"] == ["base:1"]
    used = Model(ws, "base").lineage()["usedBy"]
    assert [(each["kind"], each["id"]) for each in used] == [("run", run.id)]
    maker = inside.lineage()["maker"]
    assert maker is not None and maker["runId"] == run.id and maker["isThere"]
    with pytest.raises(ModelPathNotFoundException, match=r"did you mean 'outputs/alone.pkl'\?"):
        run.register_model("wrong", "outputs/alon.pkl")
    ws.client.runs.delete(run.id)
    assert Model(ws, "inside").run is None
    assert Path(Model(ws, "inside").download("kept")).read_text() == "alone.pkl"


def test_an_interactive_run_registers_what_it_uploaded(ws: Workspace, weights: Path) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    run.upload_file("outputs/model.pkl", str(weights))

    model = run.register_model("hand", model_path="outputs/model.pkl")
    run.complete()

    assert (model.run_id, model.version) == (run.id, 1)


def test_an_interactive_run_registers_what_stands_in_its_outputs(ws: Workspace) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    Path("outputs").mkdir(exist_ok=True)
    Path("outputs", "model.pkl").write_text("weights")

    model = run.register_model("hand", model_path="outputs/model.pkl")
    with pytest.raises(ModelPathNotFoundException, match=r"it has 'outputs/model.pkl'"):
        run.register_model("hand", model_path="outputs/other")
    run.complete()

    assert Path(model.download("got")).read_text() == "weights"
    Path("file").write_text("")
    with pytest.raises(WebserviceException, match="cannot write model hand:1 to file"):
        model.download("file")


def test_models_are_listed_by_all_that_is_said_of_them(ws: Workspace, weights: Path) -> None:
    for name, tags, properties, framework in (
        ("a", {"area": "x"}, {"p": 1}, None),
        ("a", {"area": "y"}, None, "Onnx"),
        ("b", {"area": "x", "more": "z"}, {"p": 2}, "PyTorch"),
    ):
        Model.register(
            ws, str(weights), name, tags=tags, properties=properties, model_framework=framework
        )

    def ids(**choice: object) -> list[str]:
        return [model.id for model in Model.list(ws, **choice)]  # type: ignore[arg-type]

    assert ids() == ["b:1", "a:2", "a:1"]
    assert ids(page_count=1) == ["b:1", "a:2", "a:1"]
    assert ids(name="a") == ["a:2", "a:1"]
    assert ids(tags=["area"]) == ["b:1", "a:2", "a:1"]
    assert ids(tags=[["area", "x"]]) == ["b:1", "a:1"]
    assert ids(tags=[["area", "x"], "more"]) == ["b:1"]
    assert ids(properties=[["p", "1"]]) == ["a:1"]
    assert ids(model_framework="onnx") == ["a:2"]
    assert ids(latest=True) == ["b:1", "a:2"]
    assert ids(name="nobody") == []
    assert Model(ws, "a", tags=[["area", "x"]]).version == 1
    assert Model(ws, id="a:1").version == Model(ws, "a", version=1).version == 1


def test_what_is_said_of_a_model_changes_by_sdk_v1s_rules(ws: Workspace, weights: Path) -> None:
    model = Model.register(ws, str(weights), "m", tags={"a": "1"}, properties={"p": "1"})

    model.add_tags({"b": 2})
    model.remove_tags(["a"])
    model.add_properties({"q": 1})
    model.update(description="Better.")
    with pytest.raises(WebserviceException, match="properties can be added and stay what they are"):
        model.add_properties({"p": "2"})

    again = Model(ws, "m")
    assert (again.tags, again.properties) == ({"b": "2"}, {"p": "1", "q": "1"})
    assert again.description == "Better."
    again.update(tags={"only": "this"})
    assert Model(ws, "m").tags == {"only": "this"}
    again.update_tags_properties({"x": "y"}, ["only"], {"r": "1"})
    assert (again.tags, again.properties["r"]) == ({"x": "y"}, "1")


def test_an_alias_follows_the_version_that_is_given_it(ws: Workspace, weights: Path) -> None:
    first = Model.register(ws, str(weights), "m")
    second = Model.register(ws, str(weights), "m")
    first.set_alias("champion")
    assert Model(ws, "m@champion").version == 1

    second.set_alias("champion")

    assert Model(ws, "m@champion").version == 2
    assert (Model(ws, "m", version=1).aliases, second.aliases) == ([], ["champion"])
    with pytest.raises(WebserviceException, match="used by alias 'champion'"):
        second.delete()
    with pytest.raises(WebserviceException, match="no alias 'champio'; did you mean 'champion'"):
        Model(ws, "m@champio")
    for wrong in ("7", "latest", "a b"):
        with pytest.raises(WebserviceException, match="cannot be"):
            first.set_alias(wrong)
    second.remove_alias("champion")
    second.delete()
    assert [model.id for model in Model.list(ws)] == ["m:1"]


def test_a_model_knows_the_data_that_it_was_made_with(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    store = ws.get_default_datastore()
    store.upload_files([str(tmp_path / "rows.csv")], target_path="rows", show_progress=False)
    plain = Dataset.Tabular.from_delimited_files(path=(store, "rows/rows.csv"))
    rows = plain.register(ws, "my rows")
    files = Dataset.File.from_files(path=(store, "rows/*.csv"))

    made = Model.register(
        ws, str(weights), "m", datasets=[("training", rows)], sample_input_dataset=plain
    )
    made.add_dataset_references([("files", files), ("training", rows)])

    model = Model(ws, "m")
    found = model.datasets
    assert [each.name for each in found["training"]] == ["my rows"]
    assert found["files"][0].to_path() == ["/rows.csv"]
    assert model.sample_input_dataset.to_pandas_dataframe().shape == (2, 2)
    assert model.sample_output_dataset is None
    assert Model(ws, "m", expand=False).datasets == {}
    assert [each.id for each in Model.list(ws, dataset_id=rows.id)] == ["m:1"]
    assert Model.list(ws, dataset_id="0") == []
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "run.upload_file('outputs/m', __file__)\n"
        "run.register_model('of-data', 'outputs/m')\n"
    )
    config = ScriptRunConfig("src", script="train.py", arguments=[files.as_named_input("train")])
    config.arguments.append(rows.as_named_input("rows"))
    Experiment(ws, "training").submit(config).wait_for_completion()
    uses = Model(ws, "of-data").lineage()["datasets"]
    assert {(use["scenario"], use["name"], use["version"]) for use in uses} == {
        ("train", None, None), ("rows", "my rows", "1"),
    }  # fmt: skip
    rows.unregister_all_versions()
    assert "training" not in Model(ws, "m").datasets


def test_a_model_that_a_run_at_work_has_fetched_is_not_deleted(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    model = Model.register(ws, str(weights), "m")
    (tmp_path / "src").mkdir()
    go_on = tmp_path / "go-on"
    os.mkfifo(go_on)
    (tmp_path / "src" / "use.py").write_text(
        f"from azureml.core import Model\nModel.get_model_path('m')\nopen({str(go_on)!r}).read()\n"
    )
    run = Experiment(ws, "using").submit(ScriptRunConfig("src", script="use.py"))
    deadline = time.monotonic() + 60
    while not model.lineage()["usedBy"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    with pytest.raises(WebserviceException, match=f"it is used by run {run.id}"):
        model.delete()

    go_on.open("w").close()
    run.wait_for_completion()
    model.delete()
    assert Model.list(ws) == []
    # Its number is not given to another one: the run has named it.
    assert Model.register(ws, str(weights), "m").version == 2


def test_bad_input_says_what_is_the_case_and_enters_nothing(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for path, name, more, said in (
        ("modell.pkl", "m", {}, "cannot be found"),
        (str(weights), "näme", {}, "cannot be the name of a model"),
        (str(weights), "a/b", {}, "cannot be the name of a model"),
        (str(weights), "../a", {}, "cannot be the name of a model"),
        (str(weights), "", {}, "cannot be the name of a model"),
        ("empty", "m", {}, "holds no file"),
        (str(tmp_path), "m", {"child_paths": ["../x"]}, "is not a name of a file"),
        (str(tmp_path), "m", {"child_paths": ["missing"]}, "no file or folder 'missing'"),
        (str(weights), "m", {"tags": ["a"]}, "tags must be a dictionary"),
        (str(weights), "m", {"model_framework_version": "1"}, "without model_framework"),
        (str(weights), "m", {"datasets": ["x"]}, "each is a pair"),
        (str(weights), "m", {"tags": {"k": "v" * 30_000}}, "may have 20,000"),
        (str(weights), "m", {"resource_configuration": ResourceConfiguration(cpu=-1)}, "above 0"),
    ):
        with pytest.raises(WebserviceException, match=said):
            Model.register(ws, path, name, **more)  # type: ignore[arg-type]

    assert Model.list(ws) == []
    Model.register(ws, str(weights), "weather")
    with pytest.raises(WebserviceException, match=r"ModelNotFound.*did you mean 'weather'"):
        Model(ws, "wether")
    with pytest.raises(WebserviceException, match=r"no version '7'.*there is 1"):
        Model(ws, "weather", version=7)
    with pytest.raises(WebserviceException, match="give its name"):
        Model(ws)
    with pytest.raises(NotImplementedError, match="deploy is not part"):
        Model.deploy(ws, "service", [])


def test_a_file_that_changed_on_the_disk_is_not_handed_out(ws: Workspace, weights: Path) -> None:
    model = Model.register(ws, str(weights), "m")
    place = blob_of(ws, model)
    place.chmod(0o600)
    place.write_bytes(b"WEIGHTS")

    with pytest.raises(
        WebserviceException, match="has changed on the disk since it was registered"
    ):
        model.download("there")
    assert not Path("there", "model.pkl").exists() and os.listdir("there") == []

    # Who registers the file again has brought it back for all versions.
    Model.register(ws, str(weights), "m")
    assert Path(model.download("there")).read_bytes() == b"weights"
    place.unlink()
    with pytest.raises(WebserviceException, match="is gone from the disk"):
        model.download("there", exist_ok=True)


def test_a_model_path_is_that_of_the_registry_the_cache_or_a_service(
    ws: Workspace, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Model.register(ws, str(weights), "m")
    with pytest.raises(ModelNotFoundException, match="not on this machine"):
        Model.get_model_path("m")

    assert Model.get_model_path("m", _workspace=ws) == "azureml-models/m/1/model.pkl"
    assert Model.get_model_path("m") == "azureml-models/m/1/model.pkl"
    with pytest.raises(ModelNotFoundException, match="no version '4'"):
        Model.get_model_path("m", version=4, _workspace=ws)
    with pytest.raises(WebserviceException, match="should be an int"):
        Model.get_model_path("m", version="1")  # type: ignore[arg-type]

    monkeypatch.chdir("/")
    of_one = tmp_path / "azureml-models" / "m" / "1"
    for given in (of_one, tmp_path / "azureml-models"):
        monkeypatch.setenv("AZUREML_MODEL_DIR", str(given))
        assert Model.get_model_path("m") == str(of_one / "model.pkl")


def test_processes_that_register_at_once_have_a_version_each(
    ws: Workspace, weights: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from jupyter_aml.sdk.core import Model, Workspace\n"
        "ws = Workspace.from_config()\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"print(*(Model.register(ws, {str(weights)!r}, 'm').version for _ in range(3)))\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    versions = [
        int(word)
        for process in started
        for word in process.communicate("go\n")[0].splitlines()[-1].split()
    ]

    assert sorted(versions) == list(range(1, 25))
