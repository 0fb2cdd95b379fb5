"""A run that waits for others gives them its place, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.server import holder
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

LONG = 30.0

PARENT = """
import os, sys, time
from azureml.core import Run, ScriptRunConfig
run = Run.get_context()
open("child.py", "w").write({child!r})
child = run.submit_child(ScriptRunConfig(".", script="child.py"))
run.log("sent", 1)
{wait}
run.log("over", 1)
{then}
"""
CHILD = "from azureml.core import Run\nRun.get_context().log('x', 1)\n"
WAIT = "child.wait_for_completion(raise_on_error=False)"
WAITS = [
    WAIT,
    "child.wait_for_completion(show_output=True)",
    """
while child.get_status() not in ("Completed", "Failed", "Canceled"):
    time.sleep(0.1)
""",
    """
while child.get_detailed_status()["status"] not in ("Completed", "Failed", "Canceled"):
    time.sleep(0.1)
""",
    """
while child.get_details()["status"] not in ("Completed", "Failed", "Canceled"):
    time.sleep(0.1)
""",
    """
while any(each.status not in ("Completed", "Failed") for each in run.get_children()):
    time.sleep(0.1)
""",
]
NAMES = ["wait", "show", "status", "detailed", "details", "children"]
LASTING = "import os, time\nwhile not os.path.exists({path!r}):\n    time.sleep(0.02)\n"
"""A script that goes on until the test makes a file."""


def parent(*, child: str = CHILD, wait: str = WAIT, then: str = "") -> str:
    return PARENT.format(child=child, wait=wait, then=then)


@pytest.fixture
def root() -> Iterator[Path]:
    with a_root() as root:
        yield root
        end_engine(root)


Open = Callable[[int], Client]


@pytest.fixture
def an_engine(root: Path, tmp_path: Path) -> Iterator[Open]:
    """Starts engines with so many places."""
    started: list[subprocess.Popen[bytes]] = []

    def start(places: int) -> Client:
        command = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root), "serve"]
        command.append(f"--set=max_runs={places}")
        with (tmp_path / "serve.log").open("ab") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log))
        deadline = time.monotonic() + LONG
        while (told := holder.read(root)) is None or told.pid != started[-1].pid:
            assert time.monotonic() < deadline, (tmp_path / "serve.log").read_text()
            time.sleep(0.02)
        return find(root)

    yield start
    for process in started:
        process.kill()
        process.wait()


def send(client: Client, script: str, **fields: Any) -> str:
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local", "grace": 0.5}
    source = {"files": {"main.py": script}}
    body = {"experiment": "family", "script": "main.py", "source": source, "job": job, **fields}
    return str(client.runs.submit(body)["runId"])


def until(client: Client, run_id: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    run: dict[str, Any] = {}
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            client.runs.look(run_id)
            run = dict(client.runs.get(run_id))
        except AmlError:
            pass  # An engine is being restarted.
        if run and is_so(run):
            return run
        time.sleep(0.02)
    raise AssertionError(f"{run}\n{client.runs.log(run_id, 'user_logs/std_log.txt').data.decode()}")


def one_that_runs(client: Client, run_ids: list[str]) -> str:
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        for each in run_ids:
            if runs(dict(client.runs.get(each))):
                return each
        time.sleep(0.02)
    raise AssertionError("none of them runs")


def ended(run: dict[str, Any]) -> bool:
    return run["endedAt"] is not None


def runs(run: dict[str, Any]) -> bool:
    return bool(run["status"] == "Running")


def has_sent(run: dict[str, Any]) -> bool:
    return "sent" in run["metrics"]


def child_of(client: Client, run_id: str) -> str:
    until(client, run_id, has_sent)
    (child,) = client.runs.page(workspace="default", filter=f"parent:{run_id}")["runs"]
    return str(child["runId"])


def places(client: Client) -> tuple[int, int]:
    (target,) = client.compute.list()
    return target["busy"], target["waiting"]


@pytest.mark.parametrize("wait", WAITS, ids=NAMES)
def test_parents_on_all_places_give_them_to_their_children(an_engine: Open, wait: str) -> None:
    client = an_engine(2)

    parents = [send(client, parent(wait=wait)) for _ in range(2)]

    for each in parents:
        end = until(client, each, ended)
        assert (end["status"], end["error"]) == ("Completed", None)
        assert end["metrics"]["over"] == 1.0
        assert client.runs.get(child_of(client, each))["status"] == "Completed"
    assert places(client) == (0, 0)


def test_a_parent_on_the_only_node_of_a_cluster_gives_it_to_its_child(an_engine: Open) -> None:
    client = an_engine(2)
    client.compute.add({"name": "lone", "kind": "cluster", "maxNodes": 1})
    there = PARENT.replace('script="child.py"', 'script="child.py", compute_target="lone"')
    script = there.format(child=CHILD, wait=WAIT, then="")
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "lone", "grace": 0.5}

    one = send(client, script, job=job)

    assert until(client, one, ended)["status"] == "Completed"
    child = client.runs.get(child_of(client, one))
    assert (child["status"], child["job"]["target"]) == ("Completed", "lone")


def test_children_that_are_parents_end_on_one_place(an_engine: Open) -> None:
    client = an_engine(1)

    top = send(client, parent(child=parent(child=parent())))

    assert until(client, top, ended)["status"] == "Completed"
    middle = child_of(client, top)
    assert client.runs.get(child_of(client, middle))["status"] == "Completed"


def test_a_run_that_is_waited_for_and_is_no_child_has_the_place_as_well(an_engine: Open) -> None:
    client = an_engine(1)

    sender = send(client, """
from azureml.core import Run, ScriptRunConfig
run = Run.get_context()
open("other.py", "w").write("print(1)")
run.experiment.submit(ScriptRunConfig(".", script="other.py")).wait_for_completion()
""")  # fmt: skip

    assert until(client, sender, ended)["status"] == "Completed"


def test_many_parents_begin_no_faster_than_their_children_end(
    an_engine: Open, tmp_path: Path
) -> None:
    client = an_engine(1)
    held = str(tmp_path / "go")
    parents = [send(client, parent(child=LASTING.format(path=held))) for _ in range(4)]
    # Those sent together prepare side by side: the first to be ready has the place.
    head = one_that_runs(client, parents)
    first = child_of(client, head)

    until(client, first, runs)

    # The child went before the parents that had been sent before it.
    for each in parents:
        until(client, each, lambda run: run["status"] == "Queued" or run["runId"] == head)
    assert client.runs.get(head)["status"] == "Running"
    Path(held).touch()
    for each in parents:
        assert until(client, each, ended)["status"] == "Completed"


def test_who_comes_back_is_let_in_and_the_next_waits_for_its_end(
    an_engine: Open, tmp_path: Path
) -> None:
    client = an_engine(1)
    child_ends, all_end = str(tmp_path / "child"), str(tmp_path / "all")
    head = send(
        client,
        parent(child=LASTING.format(path=child_ends), then=LASTING.format(path=all_end)),
    )
    until(client, child_of(client, head), runs)
    behind = send(client, "print(1)\n")
    until(client, behind, lambda run: run["status"] == "Queued")

    Path(child_ends).touch()
    until(client, head, lambda run: "over" in run["metrics"])

    assert client.runs.get(behind)["status"] == "Queued"
    assert places(client) == (1, 1)
    Path(all_end).touch()
    assert until(client, behind, ended)["status"] == "Completed"


def test_a_parent_that_only_looked_does_not_wait_and_its_child_runs_beside_it(
    an_engine: Open, tmp_path: Path
) -> None:
    client = an_engine(1)
    held = str(tmp_path / "go")
    looks = f"run.log('seen', child.get_status())\n{LASTING.format(path=held)}"
    head = send(client, parent(wait=looks))

    # It looks once and goes on: its child runs beside it.
    end = until(client, child_of(client, head), ended)

    assert end["status"] == "Completed"
    assert client.runs.get(head)["status"] == "Running"
    Path(held).touch()
    assert until(client, head, ended)["status"] == "Completed"


@pytest.mark.parametrize("who", ["engine", "parent", "child"])
@pytest.mark.parametrize("when", ["child waits", "child runs"])
def test_the_death_of_one_leaves_nobody_waiting(
    an_engine: Open, tmp_path: Path, who: str, when: str, root: Path
) -> None:
    client = an_engine(1)
    held, busy = str(tmp_path / "go"), str(tmp_path / "busy")
    blocker = LASTING.format(path=busy)
    # A script that keeps the place until the parent is killed while its child is in the line.
    head = send(client, parent(child=LASTING.format(path=held), wait=(
        WAIT if when == "child runs" else f"{blocker}\n{WAIT}"
    )))  # fmt: skip
    child = child_of(client, head)
    until(client, child, runs if when == "child runs" else lambda r: r["status"] == "Queued")

    if who == "engine":
        end_engine(root, signal.SIGKILL)
        client = an_engine(1)
    elif who == "parent":
        kill(root, head)
    else:
        # The script may end by itself before its signal comes, and has completed then.
        client.runs.cancel(child)
        until(client, child, ended)
    Path(busy).touch()
    Path(held).touch()

    assert until(client, head, ended)["status"] == ("Failed" if who == "parent" else "Completed")
    assert until(client, child, ended)["status"] == ("Canceled" if who == "child" else "Completed")
    assert until(client, send(client, "print(1)\n"), ended)["status"] == "Completed"
    assert places(client) == (0, 0)


def test_a_parent_that_is_cancelled_while_it_waits_frees_all_places(
    an_engine: Open, tmp_path: Path
) -> None:
    client = an_engine(1)
    head = send(client, parent(child=LASTING.format(path=str(tmp_path / "never"))))
    child = child_of(client, head)
    until(client, child, runs)

    client.runs.cancel(head)

    assert until(client, head, ended)["status"] == "Canceled"
    assert until(client, child, ended)["status"] == "Canceled"
    assert until(client, send(client, "print(1)\n"), ended)["status"] == "Completed"
    assert places(client) == (0, 0)


def test_to_cancel_a_parent_that_has_ended_leaves_its_child_alone(
    an_engine: Open, tmp_path: Path
) -> None:
    client = an_engine(2)
    lasting = LASTING.format(path=str(tmp_path / "end"))
    head = send(client, parent(child=lasting, wait=""))
    child = child_of(client, head)
    until(client, child, runs)
    until(client, head, ended)

    client.runs.cancel(head)
    (tmp_path / "end").touch()

    assert until(client, head, ended)["status"] == "Completed"
    assert until(client, child, ended)["status"] == "Completed"


def kill(root: Path, run_id: str) -> None:
    """Kill the script of a run, and not its shim."""
    (pids,) = root.glob(f"workspaces/*/runs/{run_id}/status/pids.*")
    os.kill(json.loads(pids.read_text())["child"], signal.SIGKILL)
