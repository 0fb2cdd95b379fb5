"""Runs within runs that have no job: found in their parent's records, entered, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from jupyter_aml.domain import ids, limits
from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Failure, Run, RunStatus
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.runs import inside
from jupyter_aml.engine.runs.records import Follower, short
from jupyter_aml.runfolder.packed import pack

S = RunStatus

_PORTION = 250
"""Children that are entered in one transaction, and that are looked at in one round."""
_WORTH_PACKING = 64 * 1024
"""Bytes of records below which reading them is as fast as reading what was packed."""
_GREATEST = 2**31 - 1
"""The greatest number of a run that an index takes."""
_PARENT_FAILED = Failure(message="its parent failed", code="ParentFailed")


@dataclass(slots=True)
class _Child:
    run: Run
    follower: Follower
    size: int = -1
    """Bytes of its records when they were read last."""
    changes: dict[str, Any] = field(default_factory=dict)
    """What it said, and what is not entered yet."""


class Children:
    """The children of one run that goes on, and their children.

    However many there are: they are read and written in portions, and only where there is news.
    """

    def __init__(self, ledger: Ledger, root: Root, log: logging.Logger) -> None:
        self._ledger, self._root, self._log = ledger, root, log
        self._open: dict[RunId, _Child] = {}
        self._announced: dict[RunId, Run] = {}
        self._asked: set[RunId] = set()
        self._over: dict[RunId, RunStatus] = {}
        """Those that have ended already, which a child of theirs that is found later ends with."""

    def __contains__(self, run_id: RunId) -> bool:
        return run_id in self._open

    def announce(self, parent: Run, records: Iterable[list[Any]]) -> None:
        """Hear of children that a run has made."""
        for record in records:
            try:
                child = _announced(parent, record)
            except (AmlError, ValueError, TypeError, OverflowError) as error:
                self._log.warning("run %s: a child is no child: %s", parent.id, error)
                continue
            self._announced[child.id] = child

    def join(self, run: Run) -> None:
        """Take in a child that the index has already."""
        if run.id not in self._open:
            self._open[run.id] = _Child(run, self._follower(run))
        self._asked.add(run.id)

    def ask(self, run_id: RunId) -> None:
        """Look at this child with the next round: something about it has changed."""
        self._asked.add(run_id)

    async def tend(self) -> None:
        """Enter those that are new, and take in what others have said since."""
        while self._announced:
            await self._enter(dict(islice(self._announced.items(), _PORTION)))
        await self._look(self._next_round())

    async def end(self, to: RunStatus) -> None:
        """End all that still goes on, as their parent does; all that they said is taken in."""
        await self.tend()
        while some := list(islice(self._open.values(), _PORTION)):
            await self._take_in(some, None)
            await self._end([(each, *self._how(each, to)) for each in some])

    # ---- entering ---------------------------------------------------------------------------

    async def _enter(self, some: dict[RunId, Run]) -> None:
        there = await self._ledger.do(self._ledger.runs.among, list(some))
        for run_id in there.keys() & some.keys():
            run = there[run_id]
            if run.parent == some[run_id].parent and not run.is_final:
                self.join(run)
        new = [run for run_id, run in some.items() if run_id not in there]
        made = await asyncio.to_thread(self._made, new)
        by_id = {child.run.id: child for child in made}
        for run in await self._ledger.add_many([child.run for child in made]):
            child = by_id[run.id]
            child.run = run
            if run.is_final:
                self._over[run.id] = run.status
            else:
                self._open[run.id] = child
        for run_id in some:
            self._announced.pop(run_id, None)

    def _made(self, new: Iterable[Run]) -> list[_Child]:
        """Read what new children have said until now. Blocks."""
        made = []
        for run in new:
            if not inside.is_there(run, self._root):
                self._log.warning("run %s: its folder is not there", run.id)
                continue
            child = _Child(run, self._follower(run))
            child.size = _size(self._root, run)
            child.run = replace(run, **child.follower.read(run))
            to, failure = self._how(child, self._over.get(run.parent or run.id))
            if to is not None:
                child.run = replace(
                    child.run, status=to, failure=failure, ended_at=_end_of(child, to)
                )
            made.append(child)
        return made

    def _follower(self, run: Run) -> Follower:
        folder = self._root.folder(run)
        return Follower(self._ledger, folder, announce=self.announce)

    # ---- following --------------------------------------------------------------------------

    def _next_round(self) -> list[_Child]:
        """Those that were asked for, and the next of the others in turn."""
        asked = [self._open[run_id] for run_id in self._asked if run_id in self._open]
        turn = list(islice(self._open.values(), _PORTION))
        for child in turn:
            self._open[child.run.id] = self._open.pop(child.run.id)
        return list({child.run.id: child for child in (*asked, *turn)}.values())

    async def _look(self, some: list[_Child]) -> None:
        if not some:
            return
        asked, self._asked = self._asked, set()
        await self._take_in(some, asked)
        over = [(child, *self._how(child, None)) for child in some]
        ending = [(child, to, why) for child, to, why in over if to is not None]
        going = [child for child, to, _ in over if to is None and child.changes]
        await self._end(ending)
        for run in await self._ledger.write_many(
            [(each.run, None, each.changes) for each in going]
        ):
            self._open[run.id].run = run
            self._open[run.id].changes = {}

    async def _take_in(self, some: list[_Child], asked: Collection[RunId] | None) -> None:
        """Read of those that have news, or that are asked for, which None means of all."""
        sizes = await asyncio.to_thread(lambda: [_size(self._root, each.run) for each in some])
        news = [
            (child, size)
            for child, size in zip(some, sizes, strict=True)
            if size != child.size or child.changes or asked is None or child.run.id in asked
        ]
        fresh = await self._ledger.do(self._ledger.runs.among, [child.run.id for child, _ in news])
        await asyncio.to_thread(self._read, news, fresh)
        for child, _ in news:
            if child.run.id not in fresh:  # Deleted by somebody meanwhile.
                self._open.pop(child.run.id, None)
        while self._announced:
            await self._enter(dict(islice(self._announced.items(), _PORTION)))

    def _read(self, news: list[tuple[_Child, int]], fresh: Mapping[RunId, Run]) -> None:
        for child, size in news:
            child.run = fresh.get(child.run.id, child.run)
            if size != child.size:
                child.changes |= child.follower.read(child.run)
                child.size = size

    # ---- ending -----------------------------------------------------------------------------

    def _how(self, child: _Child, parent: RunStatus | None) -> tuple[Any, Failure | None]:
        """How a child ends: by its own word, by being cancelled, or as its parent does."""
        said = child.follower.said
        if said.failed is not None:
            message, code = said.failed
            return S.FAILED, Failure(message=message, code=str(code or "UserError"))
        if said.completed:
            return S.COMPLETED, None
        if child.run.cancel_requested:
            return S.CANCELED, None
        return parent, _PARENT_FAILED if parent is S.FAILED else None

    async def _end(self, over: list[tuple[_Child, RunStatus, Failure | None]]) -> None:
        if not over:
            return
        # What a child leaves open ends with it.
        told = {child.run.id: (to, why) for child, to, why in over}
        for child in self._below(set(told)):
            await self._take_in([child], None)
            assert child.run.parent is not None
            told[child.run.id] = self._how(child, told[child.run.parent][0])
        ending = [self._open[run_id] for run_id in told if run_id in self._open]
        await asyncio.to_thread(self._pack, ending)
        ended = await self._ledger.write_many([
            (child.run, to, {**child.changes, "failure": why, "ended_at": _end_of(child, to)})
            for child in ending if not child.run.is_final
            for to, why in [told[child.run.id]]
        ])  # fmt: skip
        gone = {child.run.id for child in ending if child.run.is_final} | {run.id for run in ended}
        for run_id in gone:
            self._over[run_id] = told[run_id][0]
            self._open.pop(run_id, None)

    def _below(self, parents: set[RunId]) -> Iterator[_Child]:
        """Open children of these, each after its parent."""
        found = True
        while found:
            found = False
            for run_id, child in list(self._open.items()):
                if run_id not in parents and child.run.parent in parents:
                    parents.add(run_id)
                    found = True
                    yield child

    def _pack(self, ending: Iterable[_Child]) -> None:
        for child in ending:
            if child.size > _WORTH_PACKING:
                pack(self._root.folder(child.run))


class Families:
    """The children of all runs that go on, by the run at their head."""

    def __init__(self, ledger: Ledger, root: Root, log: logging.Logger) -> None:
        self._ledger, self._root, self._log = ledger, root, log
        self._by_head: dict[RunId, Children] = {}

    def of(self, head: RunId) -> Children:
        """The children of a run that goes on."""
        if head not in self._by_head:
            self._by_head[head] = Children(self._ledger, self._root, self._log)
        return self._by_head[head]

    def around(self, run_id: RunId, *, heads: Collection[RunId]) -> Children | None:
        """The family of a run: its own where it is one of the heads, else the one it is in."""
        if run_id in heads:
            return self.of(run_id)
        return next((each for each in self._by_head.values() if run_id in each), None)

    def ask(self, run_id: RunId) -> RunId | None:
        """Have a child looked at with the next round; returns the head of its family."""
        for head, family in self._by_head.items():
            if run_id in family:
                family.ask(run_id)
                return head
        return None

    def forget(self, head: RunId) -> None:
        """Let go of the children of a run that has ended."""
        self._by_head.pop(head, None)


def _end_of(child: _Child, to: RunStatus) -> datetime:
    """When a child ended: at its own word, else now. Its clock may be wrong."""
    said, at = child.follower.said.ended_at, now()
    if to in (S.COMPLETED, S.FAILED) and said is not None:
        with contextlib.suppress(ValueError, OverflowError, OSError):
            at = min(at, datetime.fromtimestamp(said, UTC))
    return max(at, child.run.created_at)


def _announced(parent: Run, record: list[Any]) -> Run:
    """The child that a record tells of; raises Invalid, ValueError or TypeError for none."""
    _, run_id, facts, time, *_ = record
    if not isinstance(facts, Mapping):
        raise Invalid(f"{run_id!r} has no facts")
    name, number = facts.get("displayName"), facts.get("number") or 0
    # Its clock may be wrong: no child is older than its parent, or made after now.
    at = max(parent.created_at, min(now(), datetime.fromtimestamp(float(time), UTC)))
    return Run(
        id=ids.run_id(str(run_id)),
        workspace=parent.workspace,
        experiment=parent.experiment,
        number=number if type(number) is int and 0 < number <= _GREATEST else 0,
        status=S.RUNNING,
        created_at=at,
        changed_at=at,
        started_at=at,
        type=parent.type,
        display_name=None if name is None else short(name),
        tags=_texts(facts.get("tags")),
        properties=_texts(facts.get("properties")),
        parent=parent.id,
        origin=parent.origin,
        submitted_by=parent.submitted_by,
    )


def _texts(given: Any) -> dict[str, str]:
    texts = {short(key): short(value) for key, value in dict(given or {}).items()}
    return limits.fitting({}, texts)[0]


def _size(root: Root, run: Run) -> int:
    try:
        return sum(path.stat().st_size for path in root.folder(run).metrics.iterdir())
    except OSError:
        return 0
