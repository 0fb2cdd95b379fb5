"""The nodes of one cluster, and the jobs that wait for one: started, given work, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jupyter_aml.compute.cluster import nodes
from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.held import TAKEN, Held, note_lost
from jupyter_aml.compute.cluster.nodes import LiveNode, Order
from jupyter_aml.compute.cluster.scaling import Plan, Present, plan
from jupyter_aml.compute.target import Node, NodeState
from jupyter_aml.domain.compute import LOW_PRIORITY, ComputeDefinition
from jupyter_aml.domain.errors import AmlError, StorageFailed
from jupyter_aml.domain.kernel import kernel_of

_LOG = logging.getLogger("jupyter_aml.compute")
_LOOK = 0.5
"""Seconds between two looks at nodes that are there."""
_RETRY = 2.0
_LONELY = 60.0
"""Seconds that a node waits at least for an engine before it ends by itself."""


class Pool:
    """Lives on the event loop alone; what an earlier engine started is found by `begin`."""

    def __init__(
        self,
        definition: ComputeDefinition,
        folder: Path,
        budget: Budget,
        *,
        per_node: int,
        moved: Callable[[], None],
        program: Sequence[str] = nodes.PROGRAM,
        variables: Mapping[str, str] | None = None,
        patience: float = 20.0,
        look: Callable[[], bool] | None = None,
    ) -> None:
        """`program` is what a node is, and `patience` the seconds within which it is up.

        It has `variables`, by default those that any program needs. `look` is called in a thread
        at each look at the nodes; it says whether what it saw is other than before.
        """
        self._look = look
        self._program, self._variables, self._patience = program, variables, patience
        self.definition, self._folder, self._budget = definition, folder, budget
        self._per_node, self._moved = per_node, moved
        self._nodes: dict[str, LiveNode] = {}
        self._held: dict[str, Held] = {}
        self._lent: set[str] = set()
        """Runs whose places others may have."""
        self._starting = 0
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._starts: set[asyncio.Task[None]] = set()
        self._ending: list[asyncio.Task[None]] = []
        self._why: str | None = None
        self._full: str | None = None

    # ---- what the target asks -----------------------------------------------------------------

    async def begin(self) -> None:
        """Take up the nodes that are there, and keep as many as are wanted; twice is once."""
        if self._task is not None and not self._task.done():
            return
        self._task = asyncio.create_task(self._keep(), name=f"nodes of {self.definition.name}")
        self._budget.join(self)

    def change(self, definition: ComputeDefinition) -> None:
        """Be as large as that definition says; jobs that run go on."""
        self.definition = definition
        self.stir()

    async def end(self) -> None:
        """End all nodes, and return when they are gone."""
        self.close()
        if self._starts:
            await asyncio.wait(self._starts)
        await nodes.end(self._nodes.values())
        self._nodes.clear()
        self._held.clear()

    def close(self) -> None:
        """Look after the nodes no more; those that idle go, those that work end when they do."""
        for task in (self._task, *self._starts):
            if task is not None:
                task.cancel()
                self._ending.append(task)
        self._task = None
        self._budget.leave(self)
        for node in self._nodes.values():
            if not node.jobs:
                node.tell(signal.SIGTERM)

    async def settle(self) -> None:
        """Return when nothing of it is at work any more that `close` has ended."""
        ending, self._ending = self._ending, []
        await asyncio.gather(*ending, return_exceptions=True)

    def shown(self) -> list[Node]:
        """The nodes as they are told; those that are just being started have no name yet."""
        there = [
            Node(
                id=node.id,
                state=node.state,
                runs=tuple(sorted(run for run in map(_run, node.jobs) if kernel_of(run) is None)),
                kernels=tuple(sorted(filter(None, (kernel_of(_run(job)) for job in node.jobs)))),
                since=node.since,
                address=f"process {node.pid}",
                note=node.note,
            )
            for node in self._nodes.values()
        ]
        coming = [Node(id="", state=NodeState.STARTING) for _ in range(self._starting)]
        return there + coming

    def lend(self, runs: Collection[str]) -> None:
        """Let others have the places of these runs, where no more nodes can be started."""
        if self._lent != {*runs}:
            self._lent = {*runs}
            self.stir()

    # ---- what the backend asks ----------------------------------------------------------------

    def enqueue(self, job: str, orders: Sequence[Order]) -> None:
        """Have a job started as soon as there is a node for each order; twice is once."""
        held = self._held.setdefault(job, Held())
        if not held.orders:
            held.orders = orders
            self.stir()

    @property
    def trouble(self) -> str | None:
        """Why it cannot have the nodes that it wants; None where it can."""
        return self._full or self._why

    def waits(self, job: str) -> bool:
        """Whether a job waits for a node, or is just being started on one that lives."""
        held = self._held.get(job)
        if held is None or held.is_broken:
            return False
        first = held.nodes.get(0)
        return first is None or (first.lives and first.job_file(job).exists())

    def reason(self, job: str) -> str | None:
        """Why a job has not been started yet."""
        held = self._held.get(job)
        if held is None or not held.missing:
            return None
        name = self.definition.name
        if self.definition.is_stopped:
            return f"'{name}' is stopped: start it"
        wanted = len(held.orders)
        if wanted == 1:
            return self.trouble or f"a node of '{name}' is starting"
        lacking = max(1, len(held.missing) - len(self._free_nodes(job)))
        why = "" if self.trouble is None else f": {self.trouble}"
        return f"waits for {lacking} of {wanted} nodes of '{name}'{why}"

    def node_of(self, job: str, part: int = 0) -> LiveNode | None:
        """A node that has a job; None where it has none, or the node is forgotten already."""
        held = self._held.get(job)
        return None if held is None else held.nodes.get(part)

    def has_lost_one(self, job: str) -> bool:
        """Whether a node of a job is gone that it had."""
        held = self._held.get(job)
        return held is not None and held.is_broken

    async def moved(self, job: str) -> None:
        """Return when a job that waits has got a node, or waits no more."""
        held = self._held.get(job)
        if held is not None:
            await held.moved.wait()

    def forget(self, job: str) -> None:
        """Free the place of a job that has ended, or shall not be started; twice is once."""
        held = self._held.pop(job, None)
        if held is None:
            return
        held.moved.set()
        for node in held.nodes.values():
            nodes.take_back(node, job)
        self.stir()
        self._moved()

    # ---- what other clusters ask --------------------------------------------------------------

    @property
    def count(self) -> int:
        """Nodes that are there or starting."""
        return len(self._nodes) + self._starting

    @property
    def leaving(self) -> int:
        """Nodes that are told to go."""
        return sum(node.state is NodeState.LEAVING for node in self._nodes.values())

    @property
    def gives_way(self) -> bool:
        """Whether its nodes may be taken back."""
        return self.definition.priority == LOW_PRIORITY

    def yield_idle(self, *, wanted: bool = False) -> bool:
        """Let a node go that idles, beyond those that there are at least.

        With `wanted` also where a job waits for more nodes than there are.
        """
        there = [node for node in self._nodes.values() if node.state is not NodeState.LEAVING]
        idle = [node for node in there if not node.jobs]
        is_wanted = any(held.missing for held in self._held.values())
        if (is_wanted and not wanted) or not idle or len(there) <= self.definition.scale.min_nodes:
            return False
        self._let_go(min(idle, key=lambda node: node.since))
        return True

    def yield_one(self) -> bool:
        """Let a node go, an idle one first, else the one that has worked for the shortest time.

        Before others go those of jobs that lose a node anyway.
        """
        there = [node for node in self._nodes.values() if node.state is not NodeState.LEAVING]
        if not there:
            return False
        leaving = [node for node in self._nodes.values() if node.state is NodeState.LEAVING]
        hit = {job for node in leaving for job in node.jobs}

        def cost(node: LiveNode) -> tuple[bool, bool, float]:
            return bool(node.jobs), not node.jobs.keys() <= hit, -node.since.timestamp()

        self._let_go(min(there, key=cost))
        return True

    def stir(self) -> None:
        """Look again at what is wanted and what is there."""
        self._stirred.set()

    # ---- inside -------------------------------------------------------------------------------

    async def _keep(self) -> None:
        has_found = False
        while True:
            self._stirred.clear()
            again: float | None = _RETRY
            try:
                if not has_found:
                    await self._find()
                    has_found = True
                await self._bury()
                await self._release()
                await self._allow()
                self._assign()
                again = self._scale()
                if self._look is not None and await asyncio.to_thread(self._look):
                    self._moved()
            except AmlError as error:
                self._why = str(error)
                _LOG.warning("compute target %s: %s", self.definition.name, error)
            except Exception as error:  # Else runs would wait for nodes that nobody looks after.
                self._why = f"jupyter_aml failed: {error!r}"
                _LOG.exception("compute target %s", self.definition.name)
            if self._nodes:
                again = min(again or _LOOK, _LOOK)
            # Not wait_for: being stirred, it would not hear that it is to end.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(again):
                    await self._stirred.wait()

    async def _find(self) -> None:
        """Take up the nodes that an earlier engine left."""
        for node in await asyncio.to_thread(nodes.found, self._folder):
            self._nodes[node.id] = node
            for job, seat in node.jobs.items():
                held = self._held.setdefault(job, Held())
                held.nodes[seat.part] = node
                held.moved.set()

    async def _bury(self) -> None:
        """Forget the nodes that are gone; their jobs find out by themselves."""
        gone = [node for node in self._nodes.values() if not node.lives]
        for node in gone:
            del self._nodes[node.id]
            for job, seat in node.jobs.items():
                self._break(job, seat.part)
            await asyncio.to_thread(nodes.clear, node)
        if gone:
            self._budget.stir()
            self._moved()

    def _break(self, job: str, part: int) -> None:
        """Note that a node of a job is gone; one that has no other is forgotten."""
        held = self._held.get(job)
        if held is None:
            return
        held.nodes.pop(part, None)
        held.is_broken = True
        held.moved.set()
        if not held.nodes:
            del self._held[job]

    async def _release(self) -> None:
        """Have the places of jobs that have ended, or never began, also where nobody forgets."""
        for node in list(self._nodes.values()):
            before = set(node.jobs)
            over = before - await asyncio.to_thread(nodes.kept, node) if before else before
            for job in over:
                nodes.release(node, job)
            if over:
                self._moved()

    async def _allow(self) -> None:
        """Let nodes that were started before the idle time was changed know for how long to wait.

        Those of an earlier engine are told as well, and hear that there is one again.
        """
        for node in list(self._nodes.values()):
            if node.idle != self._lonely and node.state is not NodeState.LEAVING:
                with contextlib.suppress(StorageFailed):
                    await asyncio.to_thread(nodes.allow, node, self._lonely)

    @property
    def _lonely(self) -> float:
        """For how many seconds a node waits for an engine before it ends by itself."""
        return max(_LONELY, 2 * self.definition.scale.idle.total_seconds())

    def _assign(self) -> None:
        """Hand the jobs that wait to nodes that have room, the oldest first, each at once.

        Nobody passes a job that waits for several nodes, or it would wait for ever.
        """
        for job, held in list(self._held.items()):
            missing = held.missing
            free = self._free_nodes(job) if missing else []
            if len(free) < len(missing):
                return
            for part, node in zip(missing, free, strict=False):
                nodes.hand_over(node, job, held.orders[part], part=part)
                held.nodes[part] = node
            if missing:
                held.moved.set()
                self._moved()

    def _free_nodes(self, job: str) -> list[LiveNode]:
        """The nodes that have room for a job; full ones first, so that others come to idle."""
        if self.definition.is_stopped:
            return []
        free = [
            node for node in self._nodes.values() if self._has_room(node) and job not in node.jobs
        ]
        return sorted(free, key=lambda node: -len(node.jobs))

    def _has_room(self, node: LiveNode) -> bool:
        is_up = node.state in (NodeState.IDLE, NodeState.BUSY)
        return is_up and self._taken(node) < self._per_node

    def _taken(self, node: LiveNode) -> int:
        """How many places of a node are taken."""
        is_full = self._full is not None or self.count >= self.definition.scale.max_nodes
        if not (is_full and self._lent):
            return len(node.jobs)
        return sum(job.rpartition(".")[0] not in self._lent for job in node.jobs)

    def _scale(self) -> float | None:
        """Start and stop nodes; returns the seconds after which to look again, if at all."""
        planned = self._plan()
        for name in planned.stop:
            self._let_go(self._nodes[name])
        granted = self._budget.grants(planned.start, self)
        taken = f"{_all(self._budget.most)} taken that this machine may have (AmlConfig.max_nodes)"
        self._full = taken if granted < planned.start else None
        for _ in range(granted):
            self._starting += 1
            task = asyncio.create_task(self._start())
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)
        if granted:
            self._moved()
        self._renew()
        return None if planned.again_in is None else max(0.01, planned.again_in.total_seconds())

    def _plan(self) -> Plan:
        now = datetime.now(UTC)
        staying = [node for node in self._nodes.values() if node.state is not NodeState.LEAVING]
        present = [Present(node.id, bool(node.jobs), now - node.since) for node in staying]
        present += [Present(f"starting {each}", True) for each in range(self._starting)]
        return plan(
            present,
            waiting=self._nodes_wanted(staying),
            scale=self.definition.scale,
            is_stopped=self.definition.is_stopped,
        )

    def _nodes_wanted(self, staying: Sequence[LiveNode]) -> int:
        """How many nodes jobs wait for, besides those that work.

        Nodes that are just starting take what waits, and count as busy until they do.
        """
        missing = [len(held.missing) for held in self._held.values()]
        by_places = max(0, sum(missing) - self._starting * self._per_node)
        # One job is on a node once, however much room it has.
        have_room = sum(bool(node.jobs) and self._has_room(node) for node in staying)
        by_nodes = max(missing, default=0) - have_room - self._starting
        return max(-(-by_places // self._per_node), by_nodes)

    async def _start(self) -> None:
        try:
            node = await nodes.start(
                self._folder,
                idle=self._lonely,
                program=self._program,
                variables=self._variables,
                patience=self._patience,
            )
            self._nodes[node.id] = node
            self._why = None
        except AmlError as error:
            self._why = str(error)
            _LOG.warning("compute target %s: %s", self.definition.name, error)
            await asyncio.sleep(_RETRY)
        finally:
            self._starting -= 1
            self.stir()
            self._moved()

    def _let_go(self, node: LiveNode) -> None:
        """End a node, whatever it does; its jobs are told why."""
        for seat in node.jobs.values():
            note_lost(seat.lost, TAKEN)
        node.turn(NodeState.LEAVING)
        node.tell(signal.SIGTERM)
        self._moved()

    def _renew(self) -> None:
        """Let idle nodes that stay know that there is an engine."""
        half = timedelta(seconds=_LONELY / 2)
        now = datetime.now(UTC)
        for node in self._nodes.values():
            if node.state is NodeState.IDLE and now - node.heard > half:
                node.heard = now
                node.tell(signal.SIGUSR1)


def _run(job: str) -> str:
    return job.rpartition(".")[0]


def _all(count: int) -> str:
    return "the one node is" if count == 1 else f"all {count} nodes are"
