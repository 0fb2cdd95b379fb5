"""SDK v1's names over a real engine that the SDK starts by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jupyter_aml.cli.following import sentence
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.magics.run.waiting import RunFailed, relevant
from jupyter_aml.sdk._run.log import Log
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import (
    ActivityFailedException,
    ComputeTargetException,
    UserErrorException,
    WorkspaceException,
)
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.widgets.card import card
from jupyter_aml.widgets.html import html

SCRIPT = """
import argparse
import os
from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.1)
args = parser.parse_args()
run = Run.get_context()
run.log("rate", args.rate)
for step in range(20):
    run.log("loss", 1 / (1 + step), step=step)
    run.log("turn", step)
    run.log("share", float(step))
run.tag("stage", "test")
os.makedirs("outputs/deep", exist_ok=True)
with open("outputs/deep/model.txt", "w") as file:
    file.write("model")
print("experiment", run.experiment.name, "of", run.experiment.workspace.name)
run.complete()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(SCRIPT)
    return source


def test_a_script_of_a_folder_is_sent_followed_and_read_back(
    ws: Workspace, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ScriptRunConfig(str(folder), script="train.py", arguments=["--rate", 0.3])

    run = Experiment(workspace=ws, name="trial").submit(config, tags={"by": "test"})
    details = run.wait_for_completion(show_output=True)

    said = capsys.readouterr().out
    assert "experiment trial of default" in said
    assert "Execution Summary" in said
    metrics = run.get_metrics()
    assert (metrics["rate"], len(metrics["loss"])) == (0.3, 20)
    assert repr(metrics["turn"][:2] + metrics["share"][:2]) == "[0, 1, 0.0, 1.0]"
    assert run.get_tags() == {"by": "test", "stage": "test"}
    assert run.get_file_names() == ["outputs/deep/model.txt", "user_logs/std_log.txt"]
    run.download_files(prefix="outputs", output_directory=str(tmp_path / "got"))
    assert (tmp_path / "got" / "outputs" / "deep" / "model.txt").read_text() == "model"
    assert (details["runId"], details["status"]) == (run.id, "Completed")
    assert {"target", "startTimeUtc", "endTimeUtc", "properties", "runDefinition",
            "logFiles"} <= details.keys()  # fmt: skip
    assert details["runDefinition"]["arguments"] == ["--rate", "0.3"]
    logs = run.get_details_with_logs()["logFiles"]
    assert "experiment trial" in logs["user_logs/std_log.txt"]
    assert [Path(path).is_file() for path in run.get_all_logs(str(tmp_path / "logs"))] == [True]


def test_the_newest_run_comes_first_and_can_be_found_again(ws: Workspace, folder: Path) -> None:
    experiment = Experiment(ws, "trial")
    runs = [experiment.submit(ScriptRunConfig(str(folder), "train.py")) for _ in range(3)]
    for run in runs:
        run.wait_for_completion()

    assert [run.number for run in experiment.get_runs()] == [3, 2, 1]
    assert ws.experiments["trial"].name == "trial"
    assert Run(experiment, runs[0].id).get_status() == "Completed"
    with pytest.raises(UserErrorException, match="not of 'another'"):
        Run(Experiment(experiment.workspace, "another"), runs[0].id)
    assert ws.get_run(runs[1].id) == runs[1]
    with pytest.raises(UserErrorException, match="no_such"):
        Run.get(ws, "no_such")


def test_a_failed_run_raises_when_it_is_waited_for(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise ValueError('n/a')\n")
    run = Experiment(ws, "trial").submit(ScriptRunConfig(str(tmp_path), "bad.py"))

    with pytest.raises(ActivityFailedException, match="ValueError: n/a"):
        run.wait_for_completion()

    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert run.get_details()["error"]["error"]["message"] == "ValueError: n/a"


def test_a_cell_has_its_parameters_and_may_await(ws: Workspace) -> None:
    cell = "import asyncio\nawait asyncio.sleep(0)\nprint(alpha * 2, kind)\n1 / 0\n"
    config = ScriptRunConfig.from_cell(cell, parameters={"alpha": 0.25, "kind": "a"})

    run = Experiment(ws, "cells").submit(config)
    run.wait_for_completion(raise_on_error=False)

    error = run.get_details()["error"]
    assert run.parameters == {"alpha": 0.25, "kind": "a"}
    assert (error["file"], error["line"]) == ("cell.py", 5)
    logs = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert logs.startswith("0.5 a\n")
    assert "cell_runner" not in logs


def test_an_error_has_one_line_and_that_is_the_editors_wherever_it_is_told(ws: Workspace) -> None:
    cell = (
        "import warnings\nwarnings.warn('careful')\n"
        "def fit():\n    raise ValueError('n/a')\nfit()\n"
    )
    config = ScriptRunConfig.from_cell(cell, line_offset=4)

    run = Experiment(ws, "cells").submit(config)
    with pytest.raises(ActivityFailedException) as raised:
        run.wait_for_completion()

    seen = run.look()
    assert seen["error"] is not None
    assert (seen["error"]["file"], seen["error"]["line"]) == ("cell.py", 8)
    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    for told in (log, seen["error"]["traceback"] or ""):
        assert 'cell.py", line 9, in <module>\n    fit()\n' in told
        assert "cell.py\", line 8, in fit\n    raise ValueError('n/a')\n" in told
    assert "cell.py:6: UserWarning: careful\n  warnings.warn('careful')\n" in log
    error = run.get_details()["error"]
    assert error["line"] == 8
    assert "line 8, in fit" in error["error"]["details"][0]["message"]
    for told in (str(raised.value), sentence(seen), html(card(run)), str(RunFailed(run, seen))):
        assert "(cell line 8)" in told
    assert "File cell, line 8, in fit" in relevant(seen)


def test_a_cell_that_is_no_python_names_the_line_of_the_editor(ws: Workspace) -> None:
    config = ScriptRunConfig.from_cell("x = 1\ny = = 2\n", line_offset=3)

    run = Experiment(ws, "cells").submit(config)
    run.wait_for_completion(raise_on_error=False)

    assert run.get_details()["error"]["line"] == 5
    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert 'cell.py", line 5\n    y = = 2\n' in log


def test_what_cannot_be_sent_is_said_in_one_sentence(ws: Workspace, folder: Path) -> None:
    with pytest.raises(UserErrorException, match=r"no script 'tran\.py'.*'train\.py'"):
        ScriptRunConfig(str(folder), "tran.py")
    with pytest.raises(UserErrorException, match="does not exist"):
        ScriptRunConfig(str(folder / "no"), "train.py")
    with pytest.raises(Invalid, match="name of an experiment"):
        Experiment(ws, "a/b")
    config = ScriptRunConfig(str(folder), "train.py", compute_target="cpu-cluster")
    with pytest.raises(ComputeTargetException, match=r"no compute target 'cpu-cluster'.*local"):
        Experiment(ws, "trial").submit(config)

    assert list(Experiment(ws, "trial").get_runs()) == []


def test_an_interactive_run_logs_from_here(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text("a\n1\n")
    with Experiment(ws, "live").start_logging() as run:
        run.log("observations", 10)
        run.log_list("features", ["a", "b"])
        run.upload_file(name="outputs/sample.csv", path_or_stream="./sample.csv")

    assert run.get_status() == "Completed"
    assert run.get_metrics() == {"observations": 10, "features": ["a", "b"]}
    assert run.get_file_names() == ["outputs/sample.csv"]
    with pytest.raises(UserErrorException, match="has ended"):
        run.log("late", 1)
    run.upload_file("report.csv", "./sample.csv")
    assert run.get_file_names() == ["outputs/sample.csv", "report.csv"]


def test_an_engine_that_had_nothing_to_do_and_left_is_started_again(
    ws: Workspace, folder: Path, aml_root: Path
) -> None:
    run = Experiment(ws, "trial").submit(ScriptRunConfig(str(folder), "train.py"))
    run.wait_for_completion()
    end_engine(aml_root)

    assert run.get_status() == "Completed"
    again = Experiment(ws, "trial").submit(ScriptRunConfig(str(folder), "train.py"))
    assert again.wait_for_completion()["status"] == "Completed"


def test_a_command_has_the_python_of_the_kernel(ws: Workspace, folder: Path) -> None:
    words = ["python", "-c", "import sys; print(sys.executable)"]

    run = Experiment(ws, "trial").submit(ScriptRunConfig(str(folder), command=words))
    run.wait_for_completion()

    said = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert Path(said.strip()).parent == Path(sys.executable).parent


def test_a_run_left_by_an_error_has_failed_with_it(ws: Workspace) -> None:
    with pytest.raises(KeyError), Experiment(ws, "live").start_logging() as run:
        raise KeyError("gone")

    assert run.get_status() == "Failed"
    assert "KeyError" in run.get_details()["error"]["error"]["message"]


def test_a_cancelled_run_is_canceled(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("import time\ntime.sleep(600)\n")
    run = Experiment(ws, "trial").submit(ScriptRunConfig(str(tmp_path), "long.py"))

    run.cancel()

    assert run.wait_for_completion()["status"] == "Canceled"


def test_workspaces_are_made_listed_and_written_down(ws: Workspace, tmp_path: Path) -> None:
    made = Workspace.create(
        name="aml-workspace",
        subscription_id="123456-abc",
        resource_group="aml-resources",
        create_resource_group=True,
        location="eastus",
    )
    made.write_config(path=str(tmp_path))

    assert (made.name, made.resource_group, made.location) == (
        "aml-workspace", "aml-resources", "eastus",
    )  # fmt: skip
    assert Workspace.from_config().name == "aml-workspace"
    assert sorted(Workspace.list("any")) == ["aml-workspace", "default"]
    with pytest.raises(WorkspaceException, match="exist_ok"):
        Workspace.create(name="aml-workspace")
    with pytest.raises(WorkspaceException, match="did you mean 'aml-workspace'"):
        Workspace.get("aml-workspce")


def test_a_config_that_v1_wrote_adopts_its_name(ws: Workspace, tmp_path: Path) -> None:
    told = {"subscription_id": "s", "resource_group": "g", "workspace_name": "old-one"}
    (tmp_path / "config.json").write_text(json.dumps(told))

    adopted = Workspace.from_config()

    assert (adopted.name, adopted.subscription_id, adopted.resource_group) == ("old-one", "s", "g")


def test_two_processes_that_find_no_engine_end_up_with_one(
    aml_root: Path, jupyter_env: Mapping[str, str]
) -> None:
    code = "from jupyter_aml.client import find; print(find().status()['pid'])"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    answers = [process.communicate(timeout=60)[0].strip() for process in both]

    told = json.loads((aml_root / "engine.json").read_text())
    assert answers == [str(told["pid"])] * 2


def test_a_run_that_is_completed_twice_was_completed_once(ws: Workspace) -> None:
    run = Experiment(ws, "live").start_logging()

    run.complete()
    run.complete()

    assert run.get_status() == "Completed"


def test_a_run_id_that_is_none_is_refused_as_such(ws: Workspace) -> None:
    with pytest.raises(Invalid, match="is not a run id"):
        ws.get_run("../../x")


def test_a_mistake_shows_a_sentence_and_no_frames_in_a_notebook(ws: Workspace) -> None:
    with pytest.raises(Invalid) as mistake:
        Experiment(ws, "a/b")

    # IPython shows what this gives in place of the frames.
    assert mistake.value._render_traceback_() == [f"Invalid: {mistake.value}"]


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        (lambda run: run.fail("not converging", error_code="Diverged"), "Failed", "not converging"),
        (lambda run: run.complete(), "Completed", None),
    ],
)
def test_a_run_that_is_ended_from_outside_has_ended_at_once(
    ws: Workspace, tmp_path: Path, end: Callable[[Run], None], status: str, message: str | None
) -> None:
    (tmp_path / "slow.py").write_text("import time\nprint('on', flush=True)\ntime.sleep(300)\n")
    run = Experiment(ws, "trial").submit(ScriptRunConfig(str(tmp_path), "slow.py"))
    next(piece for piece in Log(run).coming_pieces() if "on" in piece)

    end(run)

    assert run.get_status() == status
    error = run.look()["error"]
    assert (error and error["message"]) == message
    assert run.look()["endedAt"] is not None


def test_a_run_that_waits_can_be_ended_from_outside(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(300)\n")
    runs = [
        Experiment(ws, "trial").submit(ScriptRunConfig(str(tmp_path), "slow.py"))
        for _ in range((os.cpu_count() or 1) + 1)
    ]

    runs[-1].fail("not needed")
    for run in runs[:-1]:
        run.complete()

    assert [run.get_status() for run in runs] == ["Completed"] * (len(runs) - 1) + ["Failed"]
