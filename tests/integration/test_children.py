"""Children that a script makes: entered, followed and ended by the engine, whatever dies."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.server import holder
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

LONG = 60.0


@pytest.fixture
def root() -> Iterator[Path]:
    with a_root() as root:
        yield root
        end_engine(root)


@pytest.fixture
def client(root: Path) -> Client:
    return find(root)


def send(client: Client, script: str, **fields: Any) -> str:
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local", "grace": 0.5}
    source = {
        "files": {"main.py": "from azureml.core import Run\nrun = Run.get_context()\n" + script}
    }
    body = {"experiment": "family", "script": "main.py", "source": source, "job": job, **fields}
    return str(client.runs.submit(body)["runId"])


def children(client: Client, run_id: str, words: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = client.runs.page(
            workspace="default", filter=f"parent:{run_id} {words}", limit=500, after=after,
            sort="number",
        )  # fmt: skip
        found += [dict(run) for run in page["runs"]]
        after = page["next"]
        if after is None:
            return found


def until(client: Client, run_id: str, is_so: Any) -> dict[str, Any]:
    deadline = time.monotonic() + LONG
    while True:
        client.runs.look(run_id)
        run = dict(client.runs.get(run_id))
        if is_so(run):
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.02)


def ended(run: dict[str, Any]) -> bool:
    return run["endedAt"] is not None


def test_a_child_ends_by_its_own_word_or_with_its_parent(client: Client) -> None:
    run_id = send(client, """
with run.child_run("good") as child:
    child.log("rmse", 1.5)
    child.tag("fold", "1")
try:
    with run.child_run("bad") as child:
        grand = child.child_run("below")
        grand.log("depth", 2)
        raise ValueError("no such fold")
except ValueError:
    pass
run.child_run("open").log("rmse", 2.5)
""")  # fmt: skip

    assert until(client, run_id, ended)["status"] == "Completed"

    good, bad, left = children(client, run_id)
    assert (good["status"], good["metrics"], good["tags"]) == (
        "Completed", {"rmse": 1.5}, {"fold": "1"},
    )  # fmt: skip
    assert (bad["status"], bad["error"]["message"]) == ("Failed", "ValueError: no such fold")
    assert (left["status"], left["metrics"]) == ("Completed", {"rmse": 2.5})
    (below,) = children(client, bad["runId"])
    assert (below["status"], below["metrics"]) == ("Failed", {"depth": 2.0})
    assert [each["number"] for each in (good, bad, left)] == [1, 2, 3]
    assert client.runs.get(run_id)["number"] == 1
    assert client.runs.page(workspace="default", filter="parent:none")["children"] == {run_id: 3}


def test_a_child_lasted_as_long_as_it_says_whenever_the_engine_reads_of_it(client: Client) -> None:
    run_id = send(client, """
import time
for number in range(20):
    child = run.child_run()
    child.log("number", number)
    child.fail("no") if number % 2 else child.complete()
    run.log("over", time.time())
""")  # fmt: skip
    until(client, run_id, ended)

    over = client.runs.metrics(run_id, points=0)["series"]["over"]["y"]

    for child, latest in zip(children(client, run_id), over, strict=True):
        begun, end = (datetime.fromisoformat(child[key]) for key in ("startedAt", "endedAt"))
        assert begun <= end
        assert end.timestamp() <= latest


def test_children_of_a_run_that_fails_or_is_cancelled_end_as_it_does(client: Client) -> None:
    failing = send(client, "child = run.child_run()\nraise SystemExit(3)\n")
    going = send(
        client, "child = run.child_run()\nchild.log('x', 1)\nimport time\ntime.sleep(600)\n"
    )
    until(client, going, lambda run: children(client, going))
    submitted = send(client, "import time\ntime.sleep(600)\n", parentId=going)

    client.runs.cancel(going)

    assert until(client, going, ended)["status"] == "Canceled"
    assert until(client, submitted, ended)["status"] == "Canceled"
    assert children(client, going)[0]["status"] == "Canceled"
    until(client, failing, ended)
    (child,) = children(client, failing)
    assert (child["status"], child["error"]["message"]) == ("Failed", "its parent failed")


def test_a_child_that_is_made_from_afar_runs_at_once_and_ends_with_its_parent(
    client: Client,
) -> None:
    run_id = send(client, "import time\ntime.sleep(600)\n")
    until(client, run_id, lambda run: run["status"] == "Running")
    asked = {"experiment": "family", "type": "azureml.interactive", "parentId": run_id}

    child = client.runs.submit(asked)

    assert (child["status"], child["number"], child["startedAt"]) == (
        "Running", 1, child["createdAt"],
    )  # fmt: skip
    with pytest.raises(NotFound):
        client.runs.submit({**asked, "parentId": "nobody"})
    client.runs.cancel(run_id)
    assert until(client, child["runId"], ended)["status"] == "Canceled"
    until(client, run_id, ended)


def test_a_child_alone_can_be_cancelled_and_its_parent_goes_on(client: Client) -> None:
    run_id = send(client, "child = run.child_run()\nimport time\ntime.sleep(600)\n")
    until(client, run_id, lambda run: children(client, run_id))
    (child,) = children(client, run_id)

    client.runs.cancel(child["runId"])

    assert until(client, child["runId"], ended)["status"] == "Canceled"
    assert client.runs.get(run_id)["status"] == "Running"
    client.runs.cancel(run_id)
    until(client, run_id, ended)


def test_children_go_with_the_parent_that_is_deleted_and_not_before_it_has_ended(
    client: Client, root: Path
) -> None:
    run_id = send(client, "for n in range(3):\n    run.child_run().complete()\n")
    until(client, run_id, ended)
    found = [each["runId"] for each in children(client, run_id)]
    going = send(client, "import time\ntime.sleep(600)\n", parentId=run_id)
    with pytest.raises(IllegalMove, match=going):
        client.runs.delete(run_id)
    assert len(children(client, run_id)) == 4
    client.runs.cancel(going)
    until(client, going, ended)

    client.runs.delete(run_id)

    for each in (run_id, *found, going):
        with pytest.raises(NotFound):
            client.runs.get(each)
    assert list((root / "workspaces/default/runs").iterdir()) == []


def test_a_server_that_is_killed_loses_no_child_and_makes_none_twice(root: Path) -> None:
    client = find(root)
    run_id = send(client, """
import os, time
for n in range(5):
    run.child_run(f"before {n}").log("n", n)
open("waits", "w").close()
while not os.path.exists("go"):
    time.sleep(0.01)
for n in range(5):
    run.child_run(f"after {n}").log("n", n + 5)
""")  # fmt: skip
    folder = root / "workspaces/default/runs" / run_id
    until(client, run_id, lambda run: (folder / "work/waits").exists())
    until(client, run_id, lambda run: len(children(client, run_id)) == 5)
    engine = holder.read(root)
    assert engine is not None
    os.kill(engine.pid, signal.SIGKILL)
    (folder / "work" / "go").touch()

    again = find(root)

    assert until(again, run_id, ended)["status"] == "Completed"
    found = children(again, run_id)
    assert [each["metrics"] for each in found] == [{"n": float(n)} for n in range(10)]
    assert {each["status"] for each in found} == {"Completed"}


def test_thousands_of_children_are_entered_and_ended_in_portions(client: Client) -> None:
    run_id = send(client, """
for child in run.create_children(count=2_000):
    child.log("loss", child.number * 0.5)
""")  # fmt: skip

    until(client, run_id, ended)

    page = client.runs.page(workspace="default", filter=f"parent:{run_id} status:completed loss<50")
    assert page["total"] == 99
    assert client.runs.page(workspace="default", filter="parent:none")["children"] == {
        run_id: 2_000
    }


def test_a_run_sees_the_children_that_its_processes_made_each_with_its_own_number(
    client: Client,
) -> None:
    run_id = send(
        client,
        """
import os
pids = []
for _ in range(2):
    pids.append(os.fork())
    if pids[-1] == 0:
        for child in run.create_children(3):
            child.complete()
        os._exit(0)
for pid in pids:
    os.waitpid(pid, 0)
run.log("seen", len(list(run.get_children())))
""",
    )
    seen = until(client, run_id, ended)

    assert (seen["status"], seen["metrics"]) == ("Completed", {"seen": 6.0})
    assert [child["number"] for child in children(client, run_id)] == [1, 2, 3, 4, 5, 6]


def test_what_a_script_says_of_others_is_not_believed(client: Client, root: Path) -> None:
    other = send(client, "pass\n")
    until(client, other, ended)
    run_id = send(client, f"""
import os
for name in ("{other}", "../escape", "", "absent_1", ".gone-x", "a/b"):
    run._records.record("child", name, {{}}, 1.0)
facts = {{"displayName": "\\ud800", "tags": {{"a": "\\udfff"}}, "number": 10**40}}
for place, at in enumerate((4e9, 0, 1e300, "now")):
    name = f"{{run.id}}_odd{{place}}"
    os.makedirs(run._folder.path.parent / name / "metrics")
    run._records.record("child", name, facts, at)
run._records.record("child", "no facts")
run._records.record("child")
run.child_run("real")
""")  # fmt: skip

    assert until(client, run_id, ended)["status"] == "Completed"

    odd = [each for each in children(client, run_id) if each["displayName"] != "real"]
    assert [(each["displayName"], each["tags"]) for each in odd] == [("?", {"a": "?"})] * 2
    parent = client.runs.get(run_id)
    for each in odd:
        assert parent["createdAt"] <= each["createdAt"] <= parent["endedAt"]
    assert len(children(client, run_id)) == 3
    assert client.runs.get(other)["parentId"] is None
