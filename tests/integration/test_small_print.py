"""What notebooks of SDK v1 read of runs and experiments, beside what they ask for."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import ActivityFailedException, UserErrorException
from jupyter_aml.widgets import RunDetails


def finished(ws: Workspace, cell: str) -> Run:
    run = Experiment(ws, "small").submit(ScriptRunConfig.from_cell(cell))
    run.wait_for_completion(raise_on_error=False)
    return run


# ---- start_logging --------------------------------------------------------------------------


def test_an_interactive_run_keeps_what_is_written_into_outputs_and_its_source(
    ws: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "code.py").write_text("1")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "of an earlier run.txt").write_text("old")
    (tmp_path / "outputs" / "model.txt").write_text("old")

    run = Experiment(ws, "small").start_logging()
    (tmp_path / "outputs" / "model.txt").write_text("newer")
    (tmp_path / "outputs" / "deep").mkdir()
    (tmp_path / "outputs" / "deep" / "plot.txt").write_text("new")
    run.complete()

    assert run.get_file_names() == ["outputs/deep/plot.txt", "outputs/model.txt"]
    sent = ws.client.runs.snapshot(run.id)["files"]
    assert "code.py" in [file["path"] for file in sent]
    assert str(uuid.UUID(run.get_snapshot_id())) == run.get_snapshot_id()
    assert run.properties["ContentSnapshotId"] == run.get_snapshot_id()
    assert not (run._folder.work / "code.py").exists()


def test_outputs_are_made_for_an_interactive_run_unless_it_wants_none(
    ws: Workspace, tmp_path: Path
) -> None:
    with Experiment(ws, "small").start_logging(outputs=False, snapshot_directory=None) as run:
        assert not (tmp_path / "outputs").exists()
    assert run.get_snapshot_id() is None

    with Experiment(ws, "small").start_logging() as run:
        (tmp_path / "outputs" / "a.txt").write_text("a")
    assert run.get_file_names() == ["outputs/a.txt"]


def test_a_current_folder_that_is_too_large_is_left_out_with_a_warning(
    ws: Workspace, tmp_path: Path
) -> None:
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(400 * 1024 * 1024)

    with pytest.warns(UserWarning, match=r"(?s)no source is kept with run .*large\.bin"):
        run = Experiment(ws, "small").start_logging()

    run.complete()
    assert run.get_snapshot_id() is None
    with pytest.raises(Exception, match=r"large\.bin"):
        Experiment(ws, "small").start_logging(snapshot_directory=tmp_path)
    assert [each.id for each in Experiment(ws, "small").get_runs()] == [run.id]


# ---- details --------------------------------------------------------------------------------


def test_details_have_the_keys_of_sdk_v1(ws: Workspace) -> None:
    details = finished(ws, "print(1)").get_details()

    definition = details["runDefinition"]
    assert details["properties"]["_azureml.ComputeTargetType"] == "local"
    assert "error" not in details
    assert definition["environment"]["python"]["condaDependencies"]["dependencies"]
    assert definition["environment"]["docker"]["shmSize"] == "2g"
    assert definition["maxRunDurationSeconds"] is None
    assert definition["history"]["outputCollection"] is True
    assert json.loads(json.dumps(details)) == details


def test_details_of_a_run_that_goes_on_have_no_end(ws: Workspace) -> None:
    with Experiment(ws, "small").start_logging() as run:
        details = run.get_details()

        assert "startTimeUtc" in details
        assert not {"endTimeUtc", "runDefinition", "error", "warnings"} & details.keys()
    assert "endTimeUtc" in run.get_details()


def test_a_retry_tells_its_kind_of_target_as_well(ws: Workspace) -> None:
    again = finished(ws, "print(1)").retry()
    again.wait_for_completion()

    assert again.properties["_azureml.ComputeTargetType"] == "local"


# ---- waiting --------------------------------------------------------------------------------


def test_what_is_printed_while_a_run_is_waited_for_is_as_in_sdk_v1(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Experiment(ws, "small").submit(ScriptRunConfig.from_cell("print('from the script')"))

    run.wait_for_completion(show_output=True)

    page = f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n"
    head = "Streaming user_logs/std_log.txt\n===============================\n"
    summary = f"Execution Summary\n=================\n{page}"
    assert capsys.readouterr().out == f"{page}\n{head}\nfrom the script\n\n{summary}\n"


def test_an_error_is_printed_where_it_is_not_raised(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished(ws, "raise ValueError('odd')")

    run.wait_for_completion(show_output=True, raise_on_error=False)
    printed = capsys.readouterr().out
    with pytest.raises(ActivityFailedException, match="odd"):
        run.wait_for_completion(show_output=True)

    error = json.loads(printed.partition("\nError:\n")[2])
    assert error["error"]["message"] == "ValueError: odd"
    assert "Error:\n" not in capsys.readouterr().out.partition("Execution Summary")[2]


# ---- tags and the faces of things -----------------------------------------------------------


def test_a_tag_needs_no_value(ws: Workspace) -> None:
    experiment = Experiment(ws, "small")
    with experiment.start_logging() as run:
        run.tag("only")
        run.tag("both", "yes")
        experiment.tag("mine")

    assert run.get_tags() == run.tags == {"only": None, "both": "yes"}
    assert [each.id for each in experiment.get_runs(tags="only")] == [run.id]
    assert Experiment(ws, "small").tags == {"mine": None}


def test_things_are_shown_as_in_sdk_v1(ws: Workspace) -> None:
    run = finished(ws, "1")
    experiment = run.experiment

    assert repr(experiment) == "Experiment(Name: small,\nWorkspace: default)"
    assert str(run) == (
        f"Run(Experiment: small,\nId: {run.id},\nType: azureml.scriptrun,\nStatus: Completed)"
    )
    for shown, words in (
        (experiment._repr_html_(), ["small", "default", experiment.get_portal_url()]),
        (run._repr_html_(), [run.id, "Completed", run.get_portal_url()]),
    ):
        assert all(word in shown for word in words)
        assert "<script" not in shown
    assert repr(ws).startswith("Workspace.create(name='default', subscription_id=")


def test_an_environment_is_shown_as_its_json(ws: Workspace) -> None:
    run = finished(ws, "1")

    shown = json.loads(repr(Environment("mine")))

    assert (shown["docker"]["sharedVolumes"], shown["docker"]["shmSize"]) == (True, "2g")
    assert json.loads(repr(run.get_environment()))["python"]["userManagedDependencies"] is True


def test_a_definition_of_sdk_v1_comes_back_as_it_went_in(ws: Workspace, tmp_path: Path) -> None:
    given = {
        "name": "lab", "version": None,
        "python": {"interpreterPath": "python", "userManagedDependencies": False,
                   "condaDependencies": {"channels": [], "dependencies": ["python=3.6.2"],
                                         "name": "project_environment"},
                   "baseCondaEnvironment": None},
        "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
        "docker": {"baseImage": "mcr.microsoft.com/azureml/base:1", "baseDockerfile": None,
                   "platform": {"os": "Linux", "architecture": "amd64"}, "enabled": False,
                   "baseImageRegistry": {"address": None, "username": None, "password": None},
                   "arguments": [], "sharedVolumes": True, "shmSize": None},
        "spark": {"repositories": ["https://example.org/maven"], "precachePackages": False,
                  "packages": [{"group": "com.example", "artifact": "tool", "version": "1.2"}]},
        "inferencingStackVersion": "latest",
    }  # fmt: skip
    os.makedirs(tmp_path / "lab")
    (tmp_path / "lab" / "azureml_environment.json").write_text(json.dumps(given))

    loaded = Environment.load_from_directory(tmp_path / "lab")
    loaded.register(ws)
    found = Environment.get(ws, "lab")

    assert json.loads(repr(loaded)) == {**given, "version": "1"}
    assert json.loads(repr(found)) == {**given, "version": "1"}
    assert found.spark.packages[0].artifact == "tool"
    assert found.inferencing_stack_version == "latest"


def test_what_says_nothing_else_of_its_container_is_the_same_definition(ws: Workspace) -> None:
    old = {"name": "kept", "docker": {"enabled": False}}
    ws.client.environments.add({"workspace": ws.name, "definition": old})

    again = Environment.get(ws, "kept").register(ws)

    assert again.version == "1"


# ---- the rest of the surface ----------------------------------------------------------------


def test_a_widget_is_given_what_sdk_v1_gave_it(ws: Workspace) -> None:
    cell = (
        "from azureml.core import Run\nrun = Run.get_context()\n"
        "[run.log('loss', loss) for loss in (3, 2, 1)]\nprint('said')"
    )
    run = finished(ws, cell)

    data = RunDetails(run).get_widget_data({"debug": True})

    assert (data["status"], data["run_id"]) == ("Completed", run.id)
    assert data["run_metrics"] == [
        {
            "name": "loss", "run_id": run.id, "categories": [0, 1, 2],
            "series": [{"data": [3, 2, 1]}],
        }
    ]  # fmt: skip
    assert "said" in data["run_logs"]
    assert list(data["run_properties"]["log_files"]) == ["user_logs/std_log.txt"]
    assert data["workbench_run_details_uri"] == run.get_portal_url()
    assert data["widget_settings"] == {"debug": True}
    assert json.loads(json.dumps(data)) == data


def test_runs_of_a_compute_target_are_listed_over_all_experiments(ws: Workspace) -> None:
    first = finished(ws, "1")
    second = Experiment(ws, "other").submit(ScriptRunConfig.from_cell("2"), tags={"a": "b"})
    second.wait_for_completion()
    target = ws.compute_targets["local"]

    assert [run.id for run in Run.list_by_compute(target)] == [second.id, first.id]
    assert [run.id for run in Run.list_by_compute(target, tags={"a": "b"})] == [second.id]
    assert list(Run.list_by_compute(target, status="Failed")) == []


def test_a_type_of_runs_may_have_a_class_of_its_own(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mine(Run):
        """A class of somebody's own."""

    run = finished(ws, "1")
    monkeypatch.setattr("jupyter_aml.sdk.core.run._factories", {})
    Run.add_type_provider("azureml.scriptrun", lambda group, seen: Mine(group, seen["runId"]))

    assert type(ws.get_run(run.id)) is Mine
    assert [type(each) for each in Experiment(ws, "small").get_runs()] == [Mine]
    with pytest.raises(UserErrorException, match="give a function"):
        Run.add_type_provider("x", None)  # type: ignore[arg-type]


def test_a_wheel_of_ones_own_is_told_where_it_belongs(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match=r'add_pip_package\("mine @ file:///.*mine-1'):
        Environment.add_private_pip_wheel(ws, tmp_path / "mine-1.0-py3-none-any.whl")
