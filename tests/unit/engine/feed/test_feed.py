"""The feed: what its listeners hear, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.feed.feed import Feed
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.testing.store_contracts import a_run

pytestmark = pytest.mark.anyio


class Changed:
    """A source that has only its changed runs to tell, newest first, as the index gives them."""

    def __init__(self, *runs: Run) -> None:
        self.runs = list(runs)

    async def find(self, run_id: RunId) -> Run:
        raise NotImplementedError

    async def changed(
        self, workspace: WorkspaceName, seq: int, parent: RunId | None = None
    ) -> tuple[list[Run], list[tuple[RunId, int]]]:
        return [run for run in self.runs if parent in (None, run.parent)], []

    def subscription(self, run: Run, stir: Callable[[], None]) -> Subscription:
        raise NotImplementedError


async def test_a_listener_hears_changes_in_their_order_whatever_it_asked_again() -> None:
    """Who is cut off asks from the last change that was heard: none may be left behind it."""
    old, new = a_run("old", seq=5), a_run("new", seq=8)
    feed = Feed(Changed(new, old))
    listener = feed.listen()
    await listener.subscribe({"topic": "runs", "workspace": "default", "seq": 0})

    feed.publish(replace(old, seq=9))

    heard = [await listener.next() for _ in range(2)]
    assert [event["run"]["seq"] for event in heard if event["type"] == "run"] == [8, 9]


async def test_a_listener_to_a_parent_hears_of_its_children_alone() -> None:
    parent = RunId("parent")
    child = a_run("parent_1", seq=5, parent=parent)
    feed = Feed(Changed(child, a_run("other", seq=4)))
    listener = feed.listen()
    wish = {"topic": "runs", "workspace": "default", "parentId": "parent"}
    await listener.subscribe({**wish, "seq": 0})

    feed.publish(a_run("parent", seq=6))
    feed.publish(a_run("other", seq=7))
    feed.publish(replace(child, seq=8))
    feed.deleted(child, 9)

    assert await listener.next() == {"type": "deleted", "runId": "parent_1", "seq": 9}
    await listener.unsubscribe(wish)
    feed.publish(replace(child, seq=10))
    await listener.subscribe({"topic": "runs", "workspace": "default", "seq": 0})
    heard = [await listener.next() for _ in range(2)]
    assert [event["run"]["runId"] for event in heard if event["type"] == "run"] == [
        "other", "parent_1",
    ]  # fmt: skip
    assert [event["run"]["seq"] for event in heard if event["type"] == "run"] == [4, 5]
