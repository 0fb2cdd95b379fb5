"""The feed: what its listeners hear, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.feed.feed import Feed, Why
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.testing.store_contracts import a_run
from jupyter_aml.wire.coding import encode_run
from jupyter_aml.wire.runs import WireRun
from tests import asking

pytestmark = pytest.mark.anyio


class Changed:
    """A source that has only its changed runs to tell, newest first, as the index gives them."""

    def __init__(self, *runs: Run) -> None:
        self.runs = list(runs)
        self.asked = 0
        self.queue: list[tuple[Run, Why]] = []

    async def find(self, run_id: RunId) -> Run:
        raise NotImplementedError

    def told(self, run: Run, *, metrics: int = 0) -> WireRun:
        return encode_run(run)

    def waiting(self) -> list[tuple[Run, Why]]:
        return self.queue

    async def changed(
        self, workspace: WorkspaceName, seq: int, parent: RunId | None = None
    ) -> tuple[list[Run], list[tuple[RunId, int]]]:
        self.asked += 1
        return [run for run in self.runs if parent in (None, run.parent)], []

    def subscription(self, run: Run, stir: Callable[[], None]) -> Subscription:
        raise NotImplementedError


async def test_a_listener_hears_changes_in_their_order_whatever_it_asked_again() -> None:
    """Who is cut off asks from the last change that was heard: none may be left behind it."""
    old, new = a_run("old", seq=5), a_run("new", seq=8)
    feed = Feed(Changed(new, old))
    listener = feed.listen()
    await asking.follow(listener, {"topic": "runs", "workspace": "default", "seq": 0})

    feed.publish(replace(old, seq=9))

    heard = [await listener.next() for _ in range(2)]
    assert [event["run"]["seq"] for event in heard if event["type"] == "run"] == [8, 9]


async def test_a_listener_to_a_parent_hears_of_its_children_alone() -> None:
    parent = RunId("parent")
    child = a_run("parent_1", seq=5, parent=parent)
    feed = Feed(Changed(child, a_run("other", seq=4)))
    listener = feed.listen()
    wish = {"topic": "runs", "workspace": "default", "parentId": "parent"}
    await asking.follow(listener, {**wish, "seq": 0})

    feed.publish(a_run("parent", seq=6))
    feed.publish(a_run("other", seq=7))
    feed.publish(replace(child, seq=8))
    feed.deleted(child, 9)

    assert await listener.next() == {"type": "deleted", "runId": "parent_1", "seq": 9}
    asking.leave(listener, wish)
    feed.publish(replace(child, seq=10))
    await asking.follow(listener, {"topic": "runs", "workspace": "default", "seq": 0})
    heard = [await listener.next() for _ in range(2)]
    assert [event["run"]["runId"] for event in heard if event["type"] == "run"] == [
        "other", "parent_1",
    ]  # fmt: skip
    assert [event["run"]["seq"] for event in heard if event["type"] == "run"] == [4, 5]


async def test_a_queue_that_moves_is_told_in_one_message_of_what_is_followed() -> None:
    source = Changed()
    queue = [a_run(f"run_{number}") for number in range(100)]
    source.queue = [(run, lambda at=at: f"{at} ahead") for at, run in enumerate(queue)]  # type: ignore[misc]
    source.queue.append((a_run("elsewhere", workspace=WorkspaceName("other")), lambda: "far"))
    feed = Feed(source)
    listener = feed.listen()
    await asking.follow(listener, {"topic": "runs", "workspace": "default", "seq": 0})

    for _ in range(100):
        feed.stir()
    heard = await listener.next()
    feed.deleted(queue[0], 7)

    assert heard["type"] == "reasons"
    assert heard["reasons"] == {run.id: f"{at} ahead" for at, run in enumerate(queue)}
    assert (await listener.next())["type"] == "deleted"


async def test_of_a_queue_only_what_has_changed_is_told_again() -> None:
    source, reason = Changed(), ["2 runs ahead"]
    source.queue = [(a_run("one"), lambda: "next"), (a_run("two"), lambda: reason[0])]
    feed = Feed(source)
    listener = feed.listen()
    await asking.follow(listener, {"topic": "runs", "workspace": "default", "seq": 0})
    feed.stir()
    await listener.next()

    reason[0] = "1 run ahead"
    feed.stir()

    assert await listener.next() == {"type": "reasons", "reasons": {"two": "1 run ahead"}}


async def test_hundreds_of_pages_that_ask_the_same_read_the_index_once() -> None:
    source = Changed(a_run("one", seq=5))
    feed = Feed(source)
    pages = [feed.listen() for _ in range(400)]
    wish = {"topic": "runs", "workspace": "default", "seq": 0}

    await asyncio.gather(*(asking.follow(page, wish) for page in pages))

    assert source.asked == 1
    heard = [await page.next() for page in pages]
    assert {event["run"]["runId"] for event in heard if event["type"] == "run"} == {"one"}
    # Once something has changed, who comes asks anew.
    source.runs = [a_run("two", seq=6)]
    feed.publish(source.runs[0])
    late = feed.listen()
    await asking.follow(late, wish)
    event = await late.next()
    assert event["type"] == "run" and event["run"]["runId"] == "two"
    assert source.asked == 2


async def test_of_registered_things_each_name_is_told_once_however_often_it_changes() -> None:
    feed = Feed(Changed())
    listener, stranger = feed.listen(), feed.listen()
    wish = {"topic": "registered", "workspace": "default"}
    await asking.follow(listener, wish)
    await asking.follow(stranger, {**wish, "workspace": "other"})

    for name in ("ridge", "ridge", "lasso", "ridge"):
        feed.registered(
            {"type": "registered", "noun": "model", "workspace": "default", "name": name}
        )
    feed.registered({"type": "registered", "noun": "model", "workspace": "other", "name": "net"})

    names = [[(await one.next())["name"]] for one in (listener, listener, stranger)]  # type: ignore[typeddict-item]
    assert names == [["ridge"], ["lasso"], ["net"]]
    asking.leave(listener, wish)
    feed.registered({"type": "registered", "noun": "model", "workspace": "default", "name": "x"})
    await asking.follow(listener, {"topic": "runs", "workspace": "default", "seq": 0})
    feed.publish(a_run("next", seq=1))
    assert (await listener.next())["type"] == "run"
