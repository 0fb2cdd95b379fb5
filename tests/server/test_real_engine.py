"""The handlers on the real engine: a run from its submission to its files."""

from __future__ import annotations

import json
import sys

import pytest

from jupyter_aml.server.base import SEAT
from jupyter_aml.wire.columns import MEDIA_TYPE, unpack
from tests.server.conftest import hung_up, until
from tests.server.test_openapi import BY_PATH, check, described

SCRIPT = """
import os, pathlib
from jupyter_aml.runfolder.records import RecordWriter
records = RecordWriter(pathlib.Path(os.environ["AML_RUN_DIR"]) / "metrics")
for step in range(20):
    records.number("loss", 1 / (step + 1))
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/model.txt").write_text("weights")
print("done", os.environ["AML_SOCKET"])
"""
ASKED = {
    "experiment": "trial",
    "script": "main.py",
    "source": {"files": {"main.py": SCRIPT}},
    "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local"},
}


@pytest.fixture
def fake_engines():
    """None: these tests want the real one."""


@pytest.fixture
def seat(server, jp_asyncio_loop):
    seat = server.web_app.settings[SEAT]
    jp_asyncio_loop.run_until_complete(until(lambda: seat.holds_engine))
    return seat


@pytest.fixture
def completed(ask, seat, jp_ws_fetch, jp_asyncio_loop):
    """A run that was submitted and has completed, and all events of it."""

    async def submit():
        page = await jp_ws_fetch("aml", "events")
        status, run = await ask("POST", "runs", body=ASKED)
        assert status == 201, run
        wish = {"type": "subscribe", "topic": "run", "runId": run["runId"]}
        await page.write_message(json.dumps({**wish, "logs": {"user_logs/std_log.txt": 0}}))
        events = [json.loads(await page.read_message())]
        # The end and the last line come in any order.
        while not (ended(events) and "done" in console(events)):
            events.append(json.loads(await page.read_message()))
        await hung_up(page)
        return run["runId"], events

    return jp_asyncio_loop.run_until_complete(submit())


async def test_a_run_is_watched_to_its_end(completed, seat):
    _, events = completed

    assert events[0]["type"] == "hello"
    assert ended(events)["status"] == "Completed"
    assert console(events).startswith("done /")


async def test_points_say_which_subscription_they_answer(completed, jp_ws_fetch):
    run_id, _ = completed
    page = await jp_ws_fetch("aml", "events")
    turns = []

    for turn in (4, 7):
        wish = {"type": "subscribe", "topic": "run", "runId": run_id, "turn": turn}
        await page.write_message(json.dumps(wish))
        while (event := json.loads(await page.read_message()))["type"] != "metrics":
            pass
        turns.append(event["turn"])
    await page.write_message(json.dumps({**wish, "turn": "eight"}))
    while (event := json.loads(await page.read_message()))["type"] != "problem":
        pass
    await hung_up(page)

    assert turns == [4, 7]
    assert event["problem"]["message"] == "turn must be a whole number, not 'eight'"


async def test_every_answer_about_a_run_is_as_described(ask, completed, jp_fetch):
    run_id, _ = completed

    for path in ("", "/metrics", "/facts", "/files", "/snapshot"):
        status, answer = await ask("GET", *f"runs/{run_id}{path}".split("/"))
        assert status == 200
        check(answer, described(BY_PATH["runs/{id}" + path], "get", 200))
    for path in ("status", "workspaces", "experiments", "compute", "runs"):
        status, answer = await ask("GET", path)
        assert status == 200
        check(answer, described(BY_PATH[path], "get", 200))


async def test_what_a_run_left_can_be_fetched(completed, jp_fetch, ask):
    run_id, _ = completed

    model = await jp_fetch(f"aml/runs/{run_id}/files/outputs/model.txt")
    source = await jp_fetch(f"aml/runs/{run_id}/snapshot/main.py")
    log = await jp_fetch(f"aml/runs/{run_id}/logs/user_logs/std_log.txt", params={"tail": 5})
    _, metrics = await ask("GET", f"runs/{run_id}/metrics", params={"points": 0})

    assert model.body == b"weights"
    assert source.body.decode() == SCRIPT
    assert len(log.body) == 5
    assert metrics["series"]["loss"]["count"] == 20
    asked_for = {"Accept": MEDIA_TYPE}
    answer = await jp_fetch(
        "aml", "runs", run_id, "metrics", params={"points": 0}, headers=asked_for
    )
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert unpack(answer.body) == metrics


async def test_a_run_is_changed_and_deleted(completed, ask):
    run_id, _ = completed

    _, changed = await ask("PATCH", f"runs/{run_id}", body={"tags": {"a": "b"}})
    gone, _ = await ask("DELETE", f"runs/{run_id}")
    missing, _ = await ask("GET", f"runs/{run_id}")

    assert changed["tags"] == {"a": "b"}
    assert (gone, missing) == (204, 404)


async def test_what_cannot_be_is_named(ask, seat):
    for body in ({}, {**ASKED, "experiment": "a/b"}, {**ASKED, "job": {"command": "x"}}):
        status, answer = await ask("POST", "runs", body=body)
        assert (status, answer["error"]) == (422, "Invalid")
    assert (await ask("GET", "runs", params={"sort": "nonsense"}))[0] == 422
    assert (await ask("GET", "runs/missing"))[0] == 404
    assert (await ask("GET", "runs"))[1]["total"] == 0


def ended(events):
    """The run as the event of its end tells it."""
    runs = [event["run"] for event in events if event["type"] == "run"]
    return next((run for run in runs if run["endedAt"]), None)


def console(events):
    return "".join(event["text"] for event in events if event["type"] == "log")
