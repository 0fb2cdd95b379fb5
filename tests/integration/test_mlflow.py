"""A stock MLflow logs into a workspace, from notebooks and from scripts, over a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import ActivityFailedException

LOOP = """
import json, sys
from azureml.core import Workspace
import mlflow
from mlflow import MlflowClient
ws = Workspace.from_config()
mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
names = globals()
for line in sys.stdin:
    names["answer"] = None
    try:
        exec(json.loads(line), names)
        told = {"answer": answer}
    except Exception as error:
        code = getattr(error, "error_code", None)
        told = {"error": type(error).__name__, "text": str(error), "code": code}
    print(json.dumps(told), flush=True)
"""

SCRIPT = """
import sys
import mlflow

with mlflow.start_run() as run:
    mlflow.log_metric("observations", 10000)
    mlflow.log_param("alpha", 0.25)
    mlflow.log_text("kept", "outputs/notes.txt")
    with mlflow.start_run(nested=True, run_name="fold"):
        mlflow.log_metric("rmse", 2.5)
print("within:", mlflow.get_run(run.info.run_id).info.status)
with mlflow.start_run(run_name="second"):
    mlflow.log_metric("rmse", 1.5)
found = mlflow.search_runs(output_format="list", order_by=["metrics.rmse"])
print("found:", [each.info.run_name for each in found if "rmse" in each.data.metrics])
sys.exit(int(sys.argv[1]))
"""


class Notebook:
    """A process as a kernel is: the old names are there, and MLflow finds us by its path."""

    def __init__(self, root: Path, python: str = sys.executable) -> None:
        alias = ensure_runtime(root).pythonpath[1]
        self.process = subprocess.Popen(
            [python, "-W", "ignore", "-c", LOOP],
            env={**os.environ, "PYTHONPATH": str(alias), "MLFLOW_LOGGING_LEVEL": "ERROR"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, code: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def run(self, code: str) -> Any:
        """Run a cell; returns what it puts into `answer`."""
        told = self.ask(code)
        assert "error" not in told, told
        return told["answer"]

    def end(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace in a root of its own, whose engine serves all tests of this file."""
    from jupyter_aml.testing.engines import end_engine
    from tests.conftest import a_folder, a_root, jupyter_folders

    before = dict(os.environ)
    with a_folder() as scratch, a_root() as root:
        os.environ.update(jupyter_folders(scratch, root))
        for name in ("AML_RUN_DIR", "AML_RUN_ID", "AML_SOCKET", "MLFLOW_TRACKING_URI"):
            os.environ.pop(name, None)
        os.chdir(scratch)
        try:
            yield Workspace.from_config()
        finally:
            end_engine(root)
            os.chdir("/")
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture(scope="module")
def notebook(ws: Workspace) -> Iterator[Notebook]:
    started = Notebook(Path(os.environ["AML_ROOT"]))
    yield started
    started.end()


def newest(ws: Workspace, experiment: str) -> Run:
    return next(Experiment(ws, experiment).get_runs())


def test_a_run_of_mlflow_is_one_of_ours(ws: Workspace, notebook: Notebook) -> None:
    notebook.run("""
mlflow.set_experiment("diabetes")
with mlflow.start_run(run_name="first", description="a try") as run:
    mlflow.log_metric("observations", 10000)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_param("alpha", 0.5)
    mlflow.set_tag("team", "blue")
""")

    run = newest(ws, "diabetes")
    assert (run.status, run.type, run.name) == ("Completed", "azureml.interactive", "first")
    assert run.get_metrics() == {"observations": 10000.0, "loss": [1.0, 0.5, 1 / 3]}
    assert run.parameters == {"alpha": "0.5"}
    assert run.tags["team"] == "blue"
    assert run.description == "a try"
    wire = ws.client.runs.metrics(run.id, points=0)
    assert list(wire["series"]["loss"]["x"]) == [0, 1, 2]
    found = ws.client.runs.page(workspace=ws.name, filter='param.alpha:"0.5"')
    assert [each["runId"] for each in found["runs"]] == [run.id]


def test_a_block_that_is_left_by_an_error_fails_the_run_with_it(
    ws: Workspace, notebook: Notebook
) -> None:
    notebook.run("""
mlflow.set_experiment("errors")
try:
    with mlflow.start_run():
        raise ValueError("no such fold")
except ValueError:
    pass
""")

    run = newest(ws, "errors")
    assert run.status == "Failed"
    assert run.get_details()["error"]["error"]["message"] == "ValueError: no such fold"


def test_a_run_that_is_killed_by_its_word_is_cancelled(ws: Workspace, notebook: Notebook) -> None:
    status = notebook.run("""
mlflow.set_experiment("killed")
run = mlflow.start_run()
mlflow.end_run("KILLED")
answer = mlflow.get_run(run.info.run_id).info.status
""")

    run = newest(ws, "killed")
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"
    assert status in ("RUNNING", "KILLED")


def test_nested_runs_are_children_and_are_found_at_once(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.run("""
mlflow.set_experiment("nested")
with mlflow.start_run() as parent:
    for fold in range(3):
        with mlflow.start_run(nested=True, run_name=f"fold {fold}"):
            mlflow.log_metric("rmse", 10 * fold)
            mlflow.log_param("fold", fold)
    line = f"tags.mlflow.parentRunId = '{parent.info.run_id}' and metrics.rmse > 5"
    found = mlflow.search_runs(filter_string=line, order_by=["metrics.rmse DESC"],
                               output_format="list")
answer = [(each.info.run_name, each.info.status, each.data.params) for each in found]
""")

    assert told == [
        ["fold 2", "FINISHED", {"fold": "2"}], ["fold 1", "FINISHED", {"fold": "1"}],
    ]  # fmt: skip
    children = {child.name: child for child in newest(ws, "nested").get_children()}
    assert children.keys() == {"fold 0", "fold 1", "fold 2"}
    assert children["fold 2"].get_metrics() == {"rmse": 20.0}
    assert children["fold 2"].status == "Completed"


def test_what_was_logged_is_read_back_while_the_run_goes_on(
    ws: Workspace, notebook: Notebook
) -> None:
    told = notebook.run("""
mlflow.set_experiment("going")
with mlflow.start_run() as run:
    mlflow.log_metrics({"a": 1.5, "b": 2}, step=7)
    mlflow.log_metric("a", 0.5, step=3)
    mlflow.log_params({"x": 1, "y": [1, 2]})
    mlflow.set_tags({"colour": "red", "gone": "soon"})
    mlflow.delete_tag("gone")
    seen = mlflow.get_run(run.info.run_id)
    history = MlflowClient().get_metric_history(run.info.run_id, "a")
answer = [seen.info.status, seen.data.metrics, seen.data.params, seen.data.tags["colour"],
          "gone" in seen.data.tags, [(each.step, each.value) for each in history]]
""")

    assert told == [
        "RUNNING", {"a": 1.5, "b": 2.0}, {"x": "1", "y": "[1, 2]"}, "red", False,
        [[7, 1.5], [3, 0.5]],
    ]  # fmt: skip


def test_what_is_logged_without_a_step_goes_on_in_the_chart(
    ws: Workspace, notebook: Notebook
) -> None:
    told = notebook.run("""
mlflow.set_experiment("stepless")
with mlflow.start_run() as run:
    for value in (3, 2, 1):
        mlflow.log_metric("loss", value)
    mlflow.log_metric("loss", 0.5, step=7)
    mlflow.log_metric("loss", 0.25, step=0)
history = MlflowClient().get_metric_history(run.info.run_id, "loss")
answer = [[(each.step, each.value) for each in history],
          mlflow.get_run(run.info.run_id).data.metrics]
""")

    assert told == [[[0, 3], [0, 2], [0, 1], [7, 0.5], [0, 0.25]], {"loss": 0.5}]
    series = ws.client.runs.metrics(newest(ws, "stepless").id, points=0)["series"]["loss"]
    assert sorted(series["x"]) == [0, 0, 1, 2, 7]


def test_numbers_that_json_has_none_for_come_back(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.run("""
mlflow.set_experiment("odd")
with mlflow.start_run() as run:
    mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "least": float("-inf")})
    going = mlflow.get_run(run.info.run_id).data.metrics
ended = mlflow.get_run(run.info.run_id).data.metrics
found = mlflow.search_runs(output_format="list")[0].data.metrics
answer = [[repr(each[name]) for name in ("nan", "inf", "least")] for each in (going, ended, found)]
""")

    assert told == [["nan", "inf", "-inf"]] * 3


def test_a_parameter_is_not_changed(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.ask("""
mlflow.set_experiment("twice")
with mlflow.start_run() as run:
    mlflow.log_param("alpha", 1)
    mlflow.log_param("alpha", 1)
    mlflow.log_params({"beta": 2, "alpha": 3})
""")

    assert told["error"] == "MlflowException" and told["code"] == "INVALID_PARAMETER_VALUE"
    assert "'alpha'" in told["text"] and "'1'" in told["text"]
    assert newest(ws, "twice").parameters == {"alpha": "1"}


def test_runs_are_found_by_what_mlflow_asks_for_and_page_by_page(
    ws: Workspace, notebook: Notebook
) -> None:
    told = notebook.run("""
mlflow.set_experiment("many")
for n in range(5):
    with mlflow.start_run(tags={"kind": "even" if n % 2 == 0 else "odd"}):
        mlflow.log_metric("m", n)
client = MlflowClient()
def values(runs): return [int(each.data.metrics["m"]) for each in runs]
first = client.search_runs(["many"], max_results=2)
second = client.search_runs(["many"], max_results=2, page_token=first.token)
answer = {
    "newest": values(first), "next": values(second),
    "even": values(client.search_runs(["many"], "tags.kind = 'even' and metrics.m > 0",
                                      order_by=["metrics.m ASC"])),
    "none": values(client.search_runs(["many"], "attributes.status = 'FAILED'")),
    "by name": [each.name for each in client.search_experiments(filter_string="name LIKE 'man%'")],
}
""")

    assert told == {
        "newest": [4, 3], "next": [2, 1], "even": [2, 4], "none": [], "by name": ["many"],
    }  # fmt: skip


def test_files_are_those_of_the_run(ws: Workspace, notebook: Notebook, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavor: none")
    (folder / "data" / "a\\b\n.bin").write_bytes(b"\0\1")
    (tmp_path / "got").mkdir()

    told = notebook.run(f"""
mlflow.set_experiment("files")
with mlflow.start_run() as run:
    mlflow.log_artifacts({str(folder)!r}, "model")
    mlflow.log_text("words", "outputs/notes.txt")
    mlflow.log_dict({{"a": 1}}, "facts.json")
run_id = run.info.run_id
def listed(path=None):
    found = MlflowClient().list_artifacts(run_id, path)
    return [(each.path, each.is_dir, each.file_size) for each in found]
import os
place = {str(tmp_path / "got")!r}
got = mlflow.artifacts.download_artifacts(f"runs:/{{run_id}}/model", dst_path=place)
answer = [listed(), listed("model"), listed("model/MLmodel"),
          mlflow.artifacts.load_text(f"runs:/{{run_id}}/outputs/notes.txt"),
          sorted(os.listdir(got)), os.listdir(f"{{got}}/data")]
""")

    root, model, none, text, names, odd = told
    assert root == [["facts.json", False, 12], ["model", True, None], ["outputs", True, None]]
    assert model == [["model/MLmodel", False, 12], ["model/data", True, None]]
    assert none == []
    assert text == "words"
    assert names == ["MLmodel", "data"]
    assert odd == [r"a\x5cb\x0a.bin"]
    run = newest(ws, "files")
    assert {"facts.json", "model/MLmodel", "outputs/notes.txt"} <= set(run.get_file_names())


@pytest.mark.parametrize("way", ["/../../other", "/%2e%2e/%2e%2e/other"])
def test_an_address_that_leads_out_is_refused(ws: Workspace, notebook: Notebook, way: str) -> None:
    told = notebook.ask(f"""
mlflow.set_experiment("out")
with mlflow.start_run() as run:
    uri = run.info.artifact_uri
mlflow.artifacts.list_artifacts(uri + {way!r})
""")

    assert told["error"] == "MlflowException"


def test_experiments_are_archived_and_keep_their_names(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.run("""
client = MlflowClient()
client.create_experiment("old", tags={"k": "v"})
client.set_experiment_tag("old", "more", "1")
client.delete_experiment("old")
gone = client.get_experiment("old").lifecycle_stage
active = "old" in [each.name for each in client.search_experiments()]
client.restore_experiment("old")
back = client.get_experiment_by_name("old")
answer = [gone, active, back.lifecycle_stage, back.tags]
""")

    assert told == ["deleted", False, "active", {"k": "v", "more": "1"}]
    assert Experiment(ws, "old").archived_time is None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("client.create_experiment('a b')", "cannot be the name of an experiment"),
        ("client.create_experiment('diabetes2', artifact_location='/tmp')", "leave it out"),
        ("client.rename_experiment('diabetes', 'other')", "keeps its name"),
        ("client.get_experiment('nobody')", "no experiment 'nobody'"),
        ("client.get_run('nobody_1')", "nobody_1"),
        ("client.create_run('diabetes', start_time=1000)", "now and not at 1000"),
        ("mlflow.register_model('runs:/x/model', 'mine')", "run.register_model"),
        ("client.search_runs(['diabetes'], max_results=0)", "max_results=0"),
        ("client.search_runs(['diabetes'], 'metrics.a >')", "Invalid"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    ws: Workspace, notebook: Notebook, code: str, text: str
) -> None:
    told = notebook.ask(f"client = MlflowClient()\n{code}")

    assert text in told["text"]


def test_an_ended_run_takes_tags_and_files_and_nothing_else(
    ws: Workspace, notebook: Notebook
) -> None:
    notebook.run("""
mlflow.set_experiment("late")
with mlflow.start_run() as run: pass
client = MlflowClient()
client.set_tag(run.info.run_id, "late", "yes")
client.log_text(run.info.run_id, "words", "late.txt")
client.set_terminated(run.info.run_id, "FAILED")
""")
    metric = notebook.ask("client.log_metric(run.info.run_id, 'm', 1)")
    again = notebook.ask("mlflow.start_run(run_id=run.info.run_id)")

    run = newest(ws, "late")
    assert (run.status, run.tags["late"], run.get_file_names()) == (
        "Completed",
        "yes",
        ["late.txt"],
    )
    assert metric["code"] == again["code"] == "INVALID_STATE"
    assert "has ended" in metric["text"] and "start a new one" in again["text"]


def test_who_names_no_experiment_logs_to_the_default_one(ws: Workspace, notebook: Notebook) -> None:
    notebook.run(
        "run = MlflowClient().create_run('0'); MlflowClient().set_terminated(run.info.run_id)"
    )

    assert newest(ws, "Default").status == "Completed"


def test_a_run_whose_kernel_is_killed_fails_and_keeps_what_it_logged(ws: Workspace) -> None:
    started = Notebook(Path(os.environ["AML_ROOT"]))
    run_id = started.run("""
mlflow.set_experiment("lost")
run = mlflow.start_run()
mlflow.log_metric("m", 1)
mlflow.log_param("p", "kept")
answer = run.info.run_id
""")

    started.process.kill()
    started.end()

    run = Run.get(ws, run_id)
    with pytest.raises(ActivityFailedException, match="kernel ended"):
        run.wait_for_completion()
    assert run.get_metrics() == {"m": 1.0}
    assert run.parameters == {"p": "kept"}


@pytest.mark.parametrize(("code", "status"), [(0, "Completed"), (3, "Failed")])
def test_in_a_script_the_run_of_mlflow_is_the_run(
    ws: Workspace, tmp_path: Path, code: int, status: str
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    config = ScriptRunConfig(str(tmp_path), script="train.py", arguments=[code])

    run = Experiment(ws, f"script{code}").submit(config)
    run.wait_for_completion(raise_on_error=False)

    said = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert "within: RUNNING" in said
    assert "found: ['second', 'fold']" in said
    assert run.status == status
    assert run.get_metrics() == {"observations": 10000.0}
    assert run.parameters == {"alpha": "0.25"}
    assert "outputs/notes.txt" in run.get_file_names()
    children = {child.name: child.get_metrics() for child in run.get_children()}
    assert children == {"fold": {"rmse": 2.5}, "second": {"rmse": 1.5}}


ALONE = """
import os
# Whoever asked for the engine now would find none, and could start none.
os.environ.update(AML_ROOT="/proc/none", AML_SOCKET="/proc/none/engine.sock")
import mlflow
from mlflow import MlflowClient

with mlflow.start_run() as run:
    mlflow.log_metric("m", 1)
    mlflow.log_param("p", 2)
    mlflow.set_tag("t", "x")
    mlflow.log_text("words", "notes.txt")
    with mlflow.start_run(nested=True, run_name="fold"):
        mlflow.log_metric("m", 2)
    assert mlflow.artifacts.load_text(run.info.artifact_uri + "/notes.txt") == "words"
    assert MlflowClient().get_metric_history(run.info.run_id, "m")[0].value == 1
"""


def test_a_script_logs_to_its_run_where_no_engine_answers(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ALONE)

    run = Experiment(ws, "alone").submit(ScriptRunConfig(str(tmp_path), script="train.py"))
    run.wait_for_completion()

    assert run.get_metrics() == {"m": 1.0}
    assert (run.look()["parameters"], run.tags["t"]) == ({"p": "2"}, "x")
    assert [child.get_metrics() for child in run.get_children()] == [{"m": 2.0}]


def test_a_retry_is_sent_with_what_was_sent_and_logs_anew(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import mlflow, sys\nmlflow.log_param('found', sys.argv[2])\n"
    )
    config = ScriptRunConfig(str(tmp_path), script="train.py", arguments=["--depth", 3])
    first = Experiment(ws, "retried").submit(config)
    first.wait_for_completion()

    again = first.retry({"depth": 4})
    again.wait_for_completion()

    assert (first.look()["parameters"], again.look()["parameters"]) == (
        {"found": "3"}, {"found": "4"},
    )  # fmt: skip


CLOUD = "def store(store_uri, artifact_uri=None):\n    raise RuntimeError('the cloud')\n"
BESIDE = """
{first}
import mlflow
mlflow.set_tracking_uri({uri!r})
print(mlflow.set_experiment("beside").name)
with mlflow.start_run() as run:
    mlflow.log_text("words", "notes.txt")
print(mlflow.artifacts.load_text(run.info.artifact_uri + "/notes.txt"))
mlflow.set_tracking_uri("azureml://eastus.api.azureml.ms/mlflow/v1.0/x/workspaces/team")
try:
    mlflow.set_experiment("beside")
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize("first", ["", "import azureml"])
@pytest.mark.parametrize("is_first", [True, False])
def test_another_package_for_the_scheme_keeps_the_addresses_of_the_cloud(
    ws: Workspace, tmp_path: Path, is_first: bool, first: str
) -> None:
    package, told = tmp_path / "azureml" / "mlflow", tmp_path / "azureml_mlflow-1.62.0.dist-info"
    for place in (package, told):
        place.mkdir(parents=True)
    (package / "loaders.py").write_text(CLOUD)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: azureml-mlflow\nVersion: 1.62.0\n")
    (told / "entry_points.txt").write_text(
        "[mlflow.tracking_store]\nazureml = azureml.mlflow.loaders:store\n"
    )
    lib, alias = ensure_runtime(Path(os.environ["AML_ROOT"])).pythonpath
    path = [lib, alias, tmp_path] if is_first else [tmp_path, lib, alias]

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c",
         BESIDE.format(first=first, uri=ws.get_mlflow_tracking_uri())],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.split("\n")[:3] == ["beside", "words", "the cloud"], done.stderr


def test_a_model_lies_among_the_files_of_its_run_and_is_loaded_from_there(
    ws: Workspace, notebook: Notebook, tmp_path: Path
) -> None:
    told = notebook.run("""
class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * each for each in model_input]

mlflow.set_experiment("models")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.5, step=1)
    first = mlflow.pyfunc.log_model(name="model", python_model=Twice(), pip_requirements=[], step=1)
    second = mlflow.pyfunc.log_model(name="model", python_model=Twice(), pip_requirements=[])
    mlflow.log_metric("rmse", 0.25, model_id=second.model_id)
    going = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict([1, 2])
client = MlflowClient()
client.set_logged_model_tags(second.model_id, {"stage": "test"})
ended = mlflow.pyfunc.load_model(second.model_uri).predict([3])
found = mlflow.search_logged_models(["models"], filter_string="tags.stage = 'test'",
                                    output_format="list")
kept = client.get_logged_model(second.model_id)
answer = [going, ended, [each.model_id == second.model_id for each in found], kept.tags["stage"],
          [(each.key, each.value) for each in kept.metrics], str(kept.status),
          [each.step for each in mlflow.get_run(run.info.run_id).outputs.model_outputs]]
""")

    assert told[:4] == [[2, 4], [6], [True], "test"]
    assert told[4:6] == [[["rmse", 0.25]], "READY"]
    assert sorted(told[6]) == [0, 1]
    run = newest(ws, "models")
    assert {"model/MLmodel", "model-2/MLmodel"} <= set(run.get_file_names())
    assert run.get_metrics() == {"rmse": [0.5, 0.25]}
    registered = run.register_model("twice", model_path="model")
    assert Path(registered.download(str(tmp_path)), "MLmodel").is_file()


def test_a_model_without_a_run_is_refused(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.ask("MlflowClient().create_logged_model('models', name='alone')")

    assert "log it within" in told["text"]


def test_what_a_run_has_read_is_kept(ws: Workspace, notebook: Notebook) -> None:
    told = notebook.run("""
import numpy
data = mlflow.data.from_numpy(numpy.arange(4), name="numbers")
mlflow.set_experiment("inputs")
with mlflow.start_run() as run:
    mlflow.log_input(data, context="training")
    mlflow.log_input(data, context="training")
read = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
answer = [[each.dataset.name, [tag.value for tag in each.tags]] for each in read]
""")

    assert told == [["numbers", ["training"]]]


def test_autolog_logs_parameters_metrics_and_the_model(ws: Workspace, notebook: Notebook) -> None:
    notebook.run("""
from sklearn.linear_model import Ridge
mlflow.set_experiment("autolog")
mlflow.sklearn.autolog(log_input_examples=False, extra_tags={"auto": "yes"}, silent=True)
try:
    Ridge(alpha=0.3).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
finally:
    mlflow.sklearn.autolog(disable=True)
""")

    run = newest(ws, "autolog")
    assert run.status == "Completed"
    assert run.parameters["alpha"] == "0.3"
    assert run.get_metrics()["training_r2_score"] > 0.5
    assert run.tags["auto"] == "yes"
    assert "model/MLmodel" in run.get_file_names()


def test_a_run_of_another_workspace_is_not_found(ws: Workspace, notebook: Notebook) -> None:
    other = Workspace.create("other")
    with Experiment(other, "elsewhere").start_logging() as run:
        pass

    told = notebook.ask(f"mlflow.get_run({run.id!r})")

    assert told["code"] == "RESOURCE_DOES_NOT_EXIST"
    assert "workspace 'other'" in told["text"]


def test_an_old_mlflow_logs_as_well(ws: Workspace, tmp_path: Path) -> None:
    uv = [sys.executable, "-m", "uv", "--quiet"]
    python = str(tmp_path / "env" / "bin" / "python")
    subprocess.run([*uv, "venv", "--python", sys.executable, str(tmp_path / "env")], check=True)
    subprocess.run([*uv, "pip", "install", "--python", python, "mlflow-skinny<3"], check=True)
    ws.client.status()  # This Python cannot start an engine: there must be one.
    old = Notebook(Path(os.environ["AML_ROOT"]), python)

    try:
        told = old.run("""
mlflow.set_experiment("old-client")
with mlflow.start_run(run_name="two") as run:
    mlflow.log_metric("m", 1, step=2)
    mlflow.log_param("p", "x")
    with mlflow.start_run(nested=True):
        mlflow.log_text("words", "notes.txt")
seen = mlflow.get_run(run.info.run_id)
found = MlflowClient().search_runs(["old-client"], "params.p = 'x'")
answer = [mlflow.__version__.split(".")[0], seen.info.run_uuid == run.info.run_id,
          seen.info.status, seen.data.metrics, len(found)]
""")
    finally:
        old.end()

    assert told == ["2", True, "FINISHED", {"m": 1.0}, 1]
    run = newest(ws, "old-client")
    assert [child.get_file_names() for child in run.get_children()] == [["notes.txt"]]
