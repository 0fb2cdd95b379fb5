"""What listeners hear: changes of runs, pieces of logs, new points. They pull, nothing is pushed.

A listener that is slow reads less often and then gets more at once: logs continue from
their byte, metrics come thinned out, of a run only the newest state is kept. So the memory
for a listener is bounded and nothing needs to be dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, cast

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.run import MOST_METRICS, Run
from jupyter_aml.domain.topics import (
    ListOfEnvironments,
    ListOfRuns,
    OneRun,
    RegisteredThings,
    Topic,
)
from jupyter_aml.engine.feed.reasons import Reasons
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.wire.events import (
    Shared,
    WireEnvironmentEvent,
    WireEnvironmentGoneEvent,
    WireEvent,
    WireRegisteredEvent,
)
from jupyter_aml.wire.protocol import WireProblem
from jupyter_aml.wire.runs import WireRun

_log = logging.getLogger("jupyter_aml.engine")
_MOST_PENDING = 1000
_MOST_ASKED = 8


Why = Callable[[], str | None]


_Question = tuple[WorkspaceName, int, RunId | None]
_Changes = tuple[list[Run], list[tuple[RunId, int]]]


class Source(Protocol):
    """What the feed needs of the engine."""

    async def find(self, run_id: RunId) -> Run:
        """The run, or NotFound."""

    def told(self, run: Run, *, metrics: int = 0) -> WireRun:
        """The run as it is told now, with so many of its metrics."""

    def waiting(self) -> Iterable[tuple[Run, Why]]:
        """The runs that wait, and who says why."""

    async def changed(
        self, workspace: WorkspaceName, seq: int, parent: RunId | None = None
    ) -> _Changes:
        """Runs changed and runs deleted after `seq`; with a parent its children alone changed."""

    def subscription(self, run: Run, stir: Callable[[], None]) -> Subscription:
        """Begin to follow the folder of a run."""


class Feed:
    """Knows the listeners and tells them of each change of a run."""

    source: Source
    """What is asked for runs; an engine sets it once it has them."""

    def __init__(self, source: Source | None = None) -> None:
        if source is not None:
            self.source = source
        self._listeners: set[Listener] = set()
        self._asked: dict[_Question, asyncio.Task[_Changes]] = {}
        """What has changed since then, asked of the index once for all who ask the same."""
        self._events: OrderedDict[tuple[RunId, int], WireEvent] = OrderedDict()

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def listen(self) -> Listener:
        """A new listener that hears nothing until it subscribes."""
        listener = Listener(self)
        self._listeners.add(listener)
        return listener

    def publish(self, run: Run) -> None:
        """Tell everybody who follows this run or its workspace."""
        self._asked.clear()
        for listener in self._listeners:
            listener.offer(run)

    def deleted(self, run: Run, seq: int) -> None:
        """Tell everybody that the run is gone."""
        self._asked.clear()
        for listener in self._listeners:
            listener.lost(run, seq)

    async def changed(self, workspace: WorkspaceName, seq: int, parent: RunId | None) -> _Changes:
        """What has changed after `seq`. Hundreds of pages that ask at once read it once."""
        question = (workspace, seq, parent)
        task = self._asked.get(question)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            if len(self._asked) >= _MOST_ASKED:
                self._asked.clear()
            task = asyncio.create_task(self.source.changed(workspace, seq, parent))
            self._asked[question] = task
        return await asyncio.shield(task)

    def event(self, run: Run) -> WireEvent:
        """What is told of a run: made once, however many pages hear it."""
        known = self._events.get((run.id, run.seq))
        if known is not None:
            return known
        told = self.source.told(run, metrics=MOST_METRICS)
        event = cast("WireEvent", Shared(type="run", run=told))
        # The reason of one that waits becomes another one without a change of the run.
        if told["reason"] is None:
            self._events[run.id, run.seq] = event
            if len(self._events) > _MOST_PENDING:
                self._events.popitem(last=False)
        return event

    def stir(self) -> None:
        """Reasons for which runs wait may have changed."""
        for listener in self._listeners:
            listener.reasons.stir()

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._events.clear()

    def tell(self, event: WireEnvironmentEvent | WireEnvironmentGoneEvent) -> None:
        """Tell those who follow the environments of the workspace."""
        for listener in self._listeners:
            listener.environment(event)

    def registered(self, event: WireRegisteredEvent) -> None:
        """Tell those who follow what is registered in the workspace."""
        for listener in self._listeners:
            listener.registered(event)

    def close(self) -> None:
        """End all listeners."""
        for listener in list(self._listeners):
            listener.close()


class Listener:
    """One browser page or client. Not for use by two tasks at once."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._subscriptions: dict[RunId, Subscription] = {}
        self._workspaces: set[WorkspaceName] = set()
        self._parents: set[RunId] = set()
        self._environments: set[str] = set()
        self._changed: dict[
            tuple[str, str, str], WireEnvironmentEvent | WireEnvironmentGoneEvent
        ] = {}
        self._registered: set[str] = set()
        self._renewed: dict[tuple[str, str, str], WireRegisteredEvent] = {}
        self._runs: OrderedDict[RunId, Run] = OrderedDict()
        self._stirred: OrderedDict[RunId, None] = OrderedDict()
        self._out: deque[WireEvent] = deque()
        self._ready = asyncio.Event()
        self.reasons = Reasons(self._ready.set)

    async def subscribe(self, topic: Topic) -> None:
        """Begin to follow it; what cannot be followed is said among the events."""
        try:
            await self._follow(topic)
        except AmlError as error:
            problem: WireProblem = {"error": type(error).__name__, "message": str(error)}
            run_id = topic.run_id if isinstance(topic, OneRun) else None
            self._say({"type": "problem", "runId": run_id, "problem": problem})

    def unsubscribe(self, topic: Topic) -> None:
        """Stop following; what is not followed is ignored."""
        if isinstance(topic, OneRun):
            self._leave_run(topic.run_id)
        elif isinstance(topic, ListOfEnvironments):
            self._environments.discard(topic.workspace)
        elif isinstance(topic, RegisteredThings):
            self._registered.discard(topic.workspace)
        elif topic.parent is not None:
            self._parents.discard(topic.parent)
        else:
            self._workspaces.discard(topic.workspace)

    async def next(self) -> WireEvent:
        """Wait for the next event."""
        while True:
            if self._out:
                return self._out.popleft()
            if self._runs:
                _, run = self._runs.popitem(last=False)
                return self._feed.event(run)
            if (reasons := self.reasons.news(self._waiting())) is not None:
                return reasons
            if self._changed:
                return self._changed.pop(next(iter(self._changed)))
            if self._renewed:
                return self._renewed.pop(next(iter(self._renewed)))
            if self._stirred:
                run_id, _ = self._stirred.popitem(last=False)
                subscription = self._subscriptions.get(run_id)
                if subscription is not None:
                    news = await self._news(run_id, subscription)
                    # Another subscription to the run may have taken its place meanwhile.
                    if self._subscriptions.get(run_id) is subscription:
                        self._out.extend(news)
                continue
            self._ready.clear()
            await self._ready.wait()

    async def _news(self, run_id: RunId, subscription: Subscription) -> list[WireEvent]:
        try:
            return await subscription.pump()
        except Exception as error:
            # What one run has written must not take from the page what others say.
            _log.exception("run %s cannot be followed", run_id)
            subscription.close()
            message = f"run {run_id} cannot be followed: {error!r}"
            problem: WireProblem = {"error": type(error).__name__, "message": message}
            return [{"type": "problem", "runId": run_id, "problem": problem}]

    def offer(self, run: Run) -> None:
        """Take the newest state of a run, if this listener follows it."""
        if self._follows(run):
            known = self._runs.get(run.id)
            if known is None or known.seq <= run.seq:
                self._runs[run.id] = run
                # In the order of the changes: who is cut off asks again from the last one heard.
                self._runs.move_to_end(run.id)
            while len(self._runs) > _MOST_PENDING:
                dropped, _ = self._runs.popitem(last=False)
                self._say({"type": "gap", "runId": dropped})
            self._ready.set()

    def environment(self, event: WireEnvironmentEvent | WireEnvironmentGoneEvent) -> None:
        """Take what became of an environment, if this listener follows its workspace."""
        if event["type"] == "environment":
            shown = event["environment"]
            place, key = shown["workspace"], (shown["name"], shown["version"])
        else:
            place, key = event["workspace"], (event["name"], event["version"])
        if place in self._environments:
            self._changed[place, *key] = event
            self._ready.set()

    def registered(self, event: WireRegisteredEvent) -> None:
        """Take what became of a registered thing, once however often it changes meanwhile."""
        if event["workspace"] in self._registered:
            self._renewed[event["workspace"], event["noun"], event["name"]] = event
            self._ready.set()

    def lost(self, run: Run, seq: int) -> None:
        """Take the end of a run, if this listener follows it."""
        if self._follows(run):
            self._runs.pop(run.id, None)
            self._say({"type": "deleted", "runId": run.id, "seq": seq})

    def close(self) -> None:
        """Stop following anything; twice is once."""
        for subscription in self._subscriptions.values():
            subscription.close()
        self._subscriptions.clear()
        self._workspaces.clear()
        self._parents.clear()
        self._environments.clear()
        self._registered.clear()
        self.reasons.close()
        self._feed.leave(self)

    def _follows(self, run: Run) -> bool:
        return (
            run.id in self._subscriptions
            or run.workspace in self._workspaces
            or run.parent in self._parents
        )

    def _waiting(self) -> Iterator[tuple[RunId, str]]:
        for run, why in self._feed.source.waiting():
            if self._follows(run) and (reason := why()) is not None:
                yield run.id, reason

    def _say(self, event: WireEvent) -> None:
        self._out.append(event)
        self._ready.set()

    def _stir(self, run_id: RunId) -> None:
        self._stirred[run_id] = None
        self._ready.set()

    async def _follow(self, topic: Topic) -> None:
        if isinstance(topic, OneRun):
            await self._follow_run(topic)
        elif isinstance(topic, ListOfEnvironments):
            self._environments.add(topic.workspace)
        elif isinstance(topic, RegisteredThings):
            self._registered.add(topic.workspace)
        else:
            await self._follow_runs(topic)

    async def _follow_run(self, topic: OneRun) -> None:
        run_id = topic.run_id
        run = await self._feed.source.find(run_id)
        self._leave_run(run_id)
        subscription = self._feed.source.subscription(run, lambda: self._stir(run_id))
        subscription.begin(logs=topic.logs, cursor=topic.cursor, turn=topic.turn)
        self._subscriptions[run_id] = subscription
        # Asked again: the run may have moved while nobody was there to hear it.
        self.offer(await self._feed.source.find(run_id))
        self._stir(run_id)

    def _leave_run(self, run_id: RunId) -> None:
        self._stirred.pop(run_id, None)
        subscription = self._subscriptions.pop(run_id, None)
        if subscription is not None:
            subscription.close()

    async def _follow_runs(self, topic: ListOfRuns) -> None:
        if topic.parent is None:
            self._workspaces.add(topic.workspace)
        else:
            self._parents.add(topic.parent)
        runs, deleted = await self._feed.changed(topic.workspace, topic.seq, topic.parent)
        for run_id, at in deleted:
            self._say({"type": "deleted", "runId": run_id, "seq": at})
        for run in sorted(runs, key=lambda run: run.seq):
            self.offer(run)
