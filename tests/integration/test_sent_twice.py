"""Any command may be sent twice, at any distance: the second finds what the first has done."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import AlreadyExists, NotFound
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.testing.jupyter import until
from tests.integration.test_engine import asked

T = TypeVar("T")
TRIES = int(os.environ.get("AML_TWICE_TRIES", "8"))


@pytest.fixture
def client(aml_root: Path, jupyter_env: Mapping[str, str]) -> Iterator[Client]:
    client = find(aml_root)
    yield client
    client.close()
    end_engine(aml_root)


def the_end(client: Client, run_id: str) -> Any:
    """The run, once it has ended."""

    def ended() -> Any:
        run = client.runs.get(run_id)
        return run if run["endedAt"] is not None else None

    return until(ended, seconds=60, what=f"the end of {run_id}")


def at_once(*calls: Callable[[], T]) -> list[T | Exception]:
    """What each call answered or raised; all begin at the same moment, each in its thread."""
    ready = threading.Barrier(len(calls))

    def told(call: Callable[[], T]) -> T | Exception:
        ready.wait(30)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(told, calls))


def test_a_run_that_is_sent_twice_at_once_is_one_run_and_runs(client: Client) -> None:
    client.status()
    for number in range(TRIES):
        body = asked("print('once')", runId=f"twice_{number}")

        answers: list[Any] = at_once(*[partial(client.runs.submit, body)] * 2)

        assert [answer["runId"] for answer in answers] == [f"twice_{number}"] * 2, answers
        end = the_end(client, f"twice_{number}")
        assert (end["status"], end["number"]) == ("Completed", number + 1)
        assert client.runs.log(f"twice_{number}", "user_logs/std_log.txt").data == b"once\n"


def test_a_run_that_is_sent_by_many_at_once_is_one_run(client: Client) -> None:
    body = asked("print(1)", runId="crowd_1")

    answers: list[Any] = at_once(*[partial(client.runs.submit, body)] * 6)

    assert {answer["runId"] for answer in answers} == {"crowd_1"}, answers
    assert the_end(client, "crowd_1")["status"] == "Completed"
    assert client.runs.page(workspace="default")["total"] == 1


def test_a_run_that_cannot_be_made_is_refused_to_both_and_can_be_sent_again(client: Client) -> None:
    wrong = {**asked("print(1)", runId="mended_1"), "script": "other.py"}

    answers = at_once(*[partial(client.runs.submit, wrong)] * 2)

    assert [type(answer) for answer in answers] == [NotFound, NotFound]
    client.runs.submit(asked("print(1)", runId="mended_1"))
    assert the_end(client, "mended_1")["status"] == "Completed"


def test_a_retry_that_is_sent_twice_at_once_is_one_run(client: Client) -> None:
    first = client.runs.submit(asked("print('once')"))["runId"]
    the_end(client, first)
    for number in range(TRIES):
        wanted = {"runId": f"again_{number}"}

        answers: list[Any] = at_once(*[partial(client.runs.retry, first, wanted)] * 2)

        assert [answer["runId"] for answer in answers] == [f"again_{number}"] * 2, answers
        assert the_end(client, f"again_{number}")["status"] == "Completed"


def test_a_run_that_is_known_answers_whatever_else_the_second_body_says(client: Client) -> None:
    known = client.runs.submit(asked("print(1)", runId="known_1"))["runId"]
    the_end(client, known)
    client.runs.retry(known, {"runId": "known_2"})
    wrong: list[dict[str, Any]] = [
        {"runId": known},
        {"runId": known, "experiment": "no name!", "tags": 5, "job": []},
        {**asked("print(1)", runId=known), "description": "\ud800", "process": "none"},
        {**asked("print(1)", runId=known), "source": {"directory": "/no/such/folder"}},
    ]

    answers = [client.runs.submit(body)["runId"] for body in wrong]
    again: dict[str, Any] = {"runId": "known_2", "tags": {}, "parameters": 5}
    repeated = [client.runs.retry(run_id, again) for run_id in (known, "never_there")]

    assert answers == [known] * len(wrong)
    assert [answer["runId"] for answer in repeated] == ["known_2"] * 2
    assert client.runs.page(workspace="default")["total"] == 2


def test_a_run_may_be_cancelled_and_deleted_twice_at_once(client: Client) -> None:
    for number in range(TRIES):
        run_id = f"gone_{number}"
        client.runs.submit(asked("import time; time.sleep(600)", runId=run_id))

        cancelled: list[Any] = at_once(*[partial(client.runs.cancel, run_id)] * 3)
        assert {answer["runId"] for answer in cancelled} == {run_id}, cancelled
        assert the_end(client, run_id)["status"] == "Canceled"
        deleted = at_once(*[partial(client.runs.delete, run_id)] * 3)

        assert deleted == [None] * 3
        with pytest.raises(NotFound):
            client.runs.get(run_id)
    with pytest.raises(NotFound):
        client.runs.delete("never_there")


def test_a_run_is_deleted_though_the_folder_of_an_earlier_one_of_its_name_was_left(
    client: Client, aml_root: Path
) -> None:
    left = aml_root / "workspaces" / "default" / "runs" / ".gone-same_1"
    (left / "snapshot").mkdir(parents=True)
    client.runs.submit(asked("print(1)", runId="same_1"))
    the_end(client, "same_1")

    client.runs.delete("same_1")

    assert not list(aml_root.glob("workspaces/default/runs/*same_1"))


def test_a_workspace_that_is_made_twice_at_once_is_one(client: Client) -> None:
    for number in range(TRIES):
        body = {"name": f"team-{number}", "existOk": True}

        answers: list[Any] = at_once(*[partial(client.workspaces.add, body)] * 3)

        assert {answer["name"] for answer in answers} == {f"team-{number}"}, answers
        assert len({answer["createdAt"] for answer in answers}) == 1
        refused = at_once(*[partial(client.workspaces.add, {"name": f"team-{number}"})] * 2)
        assert [type(each) for each in refused] == [AlreadyExists] * 2


def test_tags_that_are_set_at_once_are_all_kept(client: Client, aml_root: Path) -> None:
    keys = [f"key-{number}" for number in range(TRIES)]

    at_once(*[partial(client.experiments.tag, "default", "trial", {key: "1"}) for key in keys])

    told = {one["name"]: one["tags"] for one in client.experiments.list("default")}
    written = json.loads((aml_root / "workspaces/default/experiments/trial.json").read_text())
    assert told["trial"] == written["tags"] == dict.fromkeys(keys, "1")


def test_patches_that_are_sent_at_once_are_all_kept(client: Client) -> None:
    run_id = client.runs.submit(asked("print(1)"))["runId"]
    the_end(client, run_id)
    keys = [f"key-{number}" for number in range(TRIES)]

    at_once(*[partial(client.runs.patch, run_id, {"tags": {key: "1"}}) for key in keys])

    assert client.runs.get(run_id)["tags"] == dict.fromkeys(keys, "1")


def test_an_environment_that_is_registered_twice_at_once_has_one_version(client: Client) -> None:
    body = {"definition": {"name": "mine", "python": {"userManagedDependencies": True}}}

    answers: list[Any] = at_once(*[partial(client.environments.add, body)] * 4)

    assert {answer["version"] for answer in answers} == {"1"}, answers
    asks = [partial(client.environments.label, "default", "mine", "1", [f"l{n}"]) for n in range(4)]
    at_once(*asks)
    labels = client.environments.labels("default", "mine")
    assert labels == {**dict.fromkeys(["l0", "l1", "l2", "l3"], "1"), "Latest": "1"}


def test_a_kernel_that_is_made_twice_at_once_is_one_and_goes_twice(client: Client) -> None:
    for _ in range(TRIES):
        made: list[Any] = at_once(
            *[partial(client.kernels.add, {"environment": "AzureML-Minimal"})] * 3
        )
        assert len({answer["spec"] for answer in made}) == 1, made
        gone = at_once(*[partial(client.kernels.remove, made[0]["spec"])] * 3)
        assert all(each is None or isinstance(each, NotFound) for each in gone), gone
        assert client.kernels.list()["specs"] == []


def test_a_child_that_is_announced_twice_is_one_child(client: Client) -> None:
    script = """
import os
from azureml.core import Run
run = Run.get_context()
child = run.child_run("only")
folder = os.environ["AML_RUN_DIR"] + "/metrics"
lines = [line for name in os.listdir(folder) for line in open(f"{folder}/{name}")]
told = "".join(line for line in lines if child.id in line)
with open(f"{folder}/again.jsonl", "w") as file:
    file.write(told * 3)
child.complete()
"""
    run_id = client.runs.submit(asked(script))["runId"]

    end = the_end(client, run_id)

    assert end["status"] == "Completed", end["error"]
    page = client.runs.page(workspace="default", filter=f"parent:{run_id}")
    assert [child["displayName"] for child in page["runs"]] == ["only"]
