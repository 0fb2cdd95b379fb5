"""`jupyter aml` as scripts use it: real processes, a real engine."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

Call = Callable[..., subprocess.CompletedProcess[str]]
DEADLINE = 60.0
SCRIPT = """
import argparse
import os
from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.1)
rate = parser.parse_args().rate
run = Run.get_context()
for step in range(5):
    run.log("loss", rate / (1 + step), step=step)
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as file:
    file.write("model")
print("grüße", rate)
"""
GATED = """
import os
import time

print("begun", flush=True)
while not os.path.exists({gate!r}):
    time.sleep(0.02)
print("done")
"""


@pytest.fixture
def folder(jupyter_env: Mapping[str, str], tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(folder: Path) -> Call:
    """Runs `jupyter aml` in a process of its own, in the folder of the script."""

    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=DEADLINE,
            input=stdin,
            cwd=folder,
        )

    return run


@pytest.fixture
def other_root() -> Iterator[Path]:
    with a_root() as root:
        yield root


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_aml.cli", *words]


def test_a_script_is_sent_looked_at_exported_and_found_again_in_another_root(
    call: Call, folder: Path, aml_root: Path, other_root: Path
) -> None:
    sent = call("submit", "digits", "-p", "rate=0.3", "-t", "stage=test", "--wait", "train.py")
    assert sent.returncode == 0, sent.stderr
    run_id = sent.stdout.strip()
    assert "digits #1" in sent.stderr and "Completed" in sent.stderr

    failed = call(
        "submit", "--follow", "-p", "x=3", "digits", "-", stdin="print(x); raise ValueError('é')"
    )
    assert failed.returncode == 3
    assert failed.stdout.startswith("3\n") and "ValueError: é (cell line 1)" in failed.stderr

    listed = call("ls", "--json", "loss<1", "--sort", "-number", "tag.stage:test")
    assert [run["runId"] for run in json.loads(listed.stdout)] == [run_id]
    assert call("ls", "-q", "--limit", "1").stdout != f"{run_id}\n"

    assert call("logs", "digits#1").stdout == "grüße 0.3\n"
    points = list(csv.DictReader(call("metrics", run_id[:-2], "loss").stdout.splitlines()))
    assert [float(each["value"]) for each in points] == [0.3 / step for step in range(1, 6)]
    with closing(find(aml_root)) as client:
        assert client.runs.metrics(run_id, points=1)["series"]["loss"]["last"] == 0.06
    assert call("files", "digits#1", "get", "outputs/model.txt", "here.txt").returncode == 0
    assert (folder / "here.txt").read_text() == "model"
    compared = call("compare", "digits#1", "digits#last", "--changed").stdout
    assert "*  status" in compared and "\x1b" not in compared

    assert call("export", "--filter", "status:completed", "out").returncode == 0
    assert_parquet(folder / "out", run_id)
    runs = other_root / "workspaces" / "default" / "runs"
    runs.mkdir(parents=True)
    shutil.copytree(folder / "out" / "runs" / run_id, runs / run_id, symlinks=True)
    assert call("--root", str(other_root), "reindex").stdout.startswith("1 runs")
    again = json.loads(call("--root", str(other_root), "show", "last", "--json").stdout)
    assert (again["runId"], again["parameters"]) == (run_id, {"rate": 0.3})
    assert call("--root", str(other_root), "logs", "last").stdout == "grüße 0.3\n"

    assert call("rm", "digits#1").returncode == 1
    assert call("prune", "--status", "failed,completed", "-y", "--keep", "1").returncode == 0
    assert run_id not in call("ls", "-q").stdout


def assert_parquet(folder: Path, run_id: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    points = parquet.read_table(folder / "metrics.parquet").to_pydict()
    assert points["run"] == [run_id] * 5
    assert points["step"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert parquet.read_table(folder / "runs.parquet").to_pydict()["status"] == ["Completed"]


def test_a_log_is_followed_while_the_engine_is_killed_and_an_interrupt_leaves_the_run_alone(
    call: Call, folder: Path, aml_root: Path
) -> None:
    gate = folder / "gate"
    (folder / "gated.py").write_text(GATED.format(gate=str(gate)), encoding="utf-8")
    run_id = call("submit", "gated.py").stdout.strip()
    with (
        following(folder, "logs", "-f", run_id) as first,
        following(folder, "logs", "-f", "--json", "gated#1") as second,
    ):
        assert first.stdout is not None and second.stdout is not None
        assert first.stdout.readline() == "begun\n"
        assert json.loads(second.stdout.readline())["line"] == "begun"
        first.send_signal(signal.SIGINT)
        assert first.wait(DEADLINE) == 130
        end_engine(aml_root, signal.SIGKILL)
        gate.touch()
        assert json.loads(second.stdout.readline())["line"] == "done"
        assert second.wait(DEADLINE) == 0
    assert call("wait", run_id).returncode == 0


def following(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words),
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def test_exit_codes_tell_what_became_of_it(call: Call, folder: Path, aml_root: Path) -> None:
    (folder / "gated.py").write_text(GATED.format(gate=str(folder / "never")), encoding="utf-8")
    run_id = call("submit", "gated.py").stdout.strip()
    refused = call("rm", "-y", run_id)
    assert refused.returncode == 1 and "cancel it" in refused.stderr
    assert call("cancel", run_id).returncode == 0
    assert call("wait", run_id).returncode == 4

    unknown = call("show", "gatde#1")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("jupyter aml: there is no run #1 in experiment 'gatde'")
    assert call("submit", "--timeout", "soon", "gated.py").returncode == 2
    greedy = call("submit", "--memory", "900t", "gated.py")
    assert (greedy.returncode, greedy.stderr.count("\n")) == (1, 1)
    assert greedy.stderr.startswith("jupyter aml: limits.memory: 900 TB are asked for")

    os.environ["AML_URL"], held = "http://127.0.0.1:9/", os.environ.get("AML_URL")
    try:
        lost = call("ls")
    finally:
        os.environ.pop("AML_URL") if held is None else os.environ.update(AML_URL=held)
    assert lost.returncode == 5 and lost.stderr.count("\n") == 1

    healthy = call("doctor", "--json")
    states = {each["name"]: each["state"] for each in json.loads(healthy.stdout)}
    assert (states["root"], states["engine"], states["database"]) == ("ok", "ok", "ok")
    aml_root.chmod(0o755)
    assert "chmod 700" in call("doctor").stdout


def test_a_list_on_a_running_engine_is_quick_and_stops_when_its_reader_does(
    call: Call, folder: Path
) -> None:
    call("submit", "-n", "first", "train.py", "--rate", "1")
    bare, listed = spent([sys.executable, "-c", "pass"]), spent(command("ls", "--limit", "5"))
    # About 0.2 s of the processor, whatever else this machine does.
    assert listed - bare < 1.0

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(command("ls"), stdout=nobody, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (141, "")


def spent(words: list[str]) -> float:
    """Seconds of the processor that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, capture_output=True, timeout=DEADLINE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
