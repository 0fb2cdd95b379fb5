"""The kernels on compute targets of a root: asked for, shown, taken over, ended."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from jupyter_aml.compute import proc
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.kernel import KernelSession, KernelState, TargetKernel
from jupyter_aml.engine.compute.stations import Stations
from jupyter_aml.engine.feed.pieces import LogPiece, read_piece
from jupyter_aml.engine.kernels.care import Care
from jupyter_aml.engine.kernels.jobs import KernelJobs
from jupyter_aml.engine.kernels.shelf import KernelShelf, read_connection
from jupyter_aml.engine.ledger import now
from jupyter_aml.runfolder.plain import plain
from jupyter_aml.wire.kernels import NewTargetKernel, WireTargetKernel, encode_kernel

_LONGEST, _ENDING = 30.0, 30.0
"""Seconds of one look that waits, and that a kernel's end is waited for before it begins anew."""
_SETTLING = 5.0
_BEGINS = (KernelState.PREPARING, KernelState.QUEUED, KernelState.STARTING)


class Kernels:
    """Brings kernels to their targets and looks after them. Lives on the event loop alone."""

    def __init__(
        self,
        shelf: KernelShelf,
        jobs: KernelJobs,
        *,
        stations: Stations,
        changed: Callable[[WorkspaceName, str], None],
        log: logging.Logger,
    ) -> None:
        """`changed` is told of each target whose kernels stand elsewhere than before."""
        self._shelf, self._stations, self._changed = shelf, stations, changed
        self._jobs, self._log = jobs, log
        self._cared: dict[str, Care] = {}

    @property
    def active(self) -> int:
        """Kernels that have not ended."""
        return sum(not care.kernel.is_over for care in self._cared.values())

    async def begin(self) -> None:
        """Take up the kernels that an earlier engine left."""
        for kernel in await asyncio.to_thread(lambda: [*self._shelf.all()]):
            self._care(kernel)
        await self._sweep()

    async def close(self) -> None:
        """Look after them no more; the kernels go on."""
        for care in self._cared.values():
            await care.close()

    async def add(self, asked: NewTargetKernel) -> WireTargetKernel:
        """Have a kernel on a target, or take over one of that id which lives.

        Raises NotFound and Invalid for what cannot be, and IllegalMove for a kernel whose own
        Jupyter server is there.
        """
        station = self._stations.find(asked.workspace, asked.compute)
        if station is None:
            raise NotFound(f"there is no compute target {asked.compute!r}")
        station.target.need_kernels()
        known = self._cared.get(asked.id)
        if known is not None and known.is_ending:
            await known.over(_ENDING)
        if known is not None and not known.kernel.is_over:
            await self._taken_over(known, asked)
            return self._shown(known.kernel)
        connection = await asyncio.to_thread(read_connection, asked.connection_file)
        before = 0 if known is None else known.kernel.attempt
        kernel = await self._jobs.settled(_of(asked, before))
        await self._jobs.prepare(kernel, station.target, connection)
        await asyncio.to_thread(self._shelf.write, kernel)
        self._care(kernel)
        self._told(kernel)
        await self._sweep()
        return self._shown(kernel)

    async def list(self, workspace: WorkspaceName | None) -> builtins.list[WireTargetKernel]:
        """Those that wait or run, the oldest first."""
        return [self._shown(kernel) for kernel in self._going(workspace)]

    def on(self, workspace: WorkspaceName, target: str) -> builtins.list[WireTargetKernel]:
        """Those that wait for a target or are on it."""
        return [self._shown(each) for each in self._going(workspace) if each.compute == target]

    async def look(self, kernel: str, *, wait: float = 0.0) -> WireTargetKernel:
        """Where a kernel stands; waits at most so long while it begins."""
        care = self._known(kernel)
        if care.kernel.state in _BEGINS and wait > 0:
            await care.moved(min(wait, _LONGEST))
        return self._shown(care.kernel)

    async def belongs(self, kernel: str, session: KernelSession) -> WireTargetKernel:
        """Note which notebook a kernel belongs to."""
        care = self._known(kernel)
        await care.note(session=session)
        return self._shown(care.kernel)

    async def end(self, kernel: str) -> None:
        """End a kernel, or give one up that has not begun; twice is once."""
        self._known(kernel).end("it was ended before it began")

    async def settle(self) -> None:
        """Return when those have ended that are told to, or after a while."""
        ending = [care for care in self._cared.values() if care.is_ending]
        with contextlib.suppress(IllegalMove):
            for care in ending:
                await care.over(_SETTLING)

    async def leave(self, workspace: WorkspaceName) -> None:
        """End the kernels of a workspace that is deleted."""
        for kernel in self._going(workspace):
            self._cared[kernel.id].end("its workspace was deleted")

    async def log(self, kernel: str, *, offset: int, limit: int) -> LogPiece:
        """Bytes of what a kernel and its keeper wrote; NotFound where that is nothing yet."""
        self._known(kernel)
        path = self._shelf.of(kernel).console
        return await asyncio.to_thread(read_piece, path, offset, limit, opener=plain)

    # ---- inside -----------------------------------------------------------------------------

    def _going(self, workspace: WorkspaceName | None) -> builtins.list[TargetKernel]:
        some = [care.kernel for care in self._cared.values()]
        wanted = [each for each in some if not each.is_over and workspace in (None, each.workspace)]
        return sorted(wanted, key=lambda each: (each.created_at, each.id))

    def _known(self, kernel: str) -> Care:
        if kernel not in self._cared:
            raise NotFound(f"there is no kernel {kernel!r:.80} on a compute target")
        return self._cared[kernel]

    def _care(self, kernel: TargetKernel) -> None:
        self._cared[kernel.id] = Care(
            kernel, shelf=self._shelf, jobs=self._jobs, stations=self._stations, told=self._told,
            log=self._log,
        )  # fmt: skip
        self._cared[kernel.id].begin()

    async def _taken_over(self, care: Care, asked: NewTargetKernel) -> None:
        own = care.kernel.server
        if own != asked.server and proc.is_alive(own.pid, own.start):
            raise IllegalMove(
                f"kernel {asked.id} belongs to another Jupyter server, which lives (process "
                f"{own.pid})"
            )
        await care.note(server=asked.server)

    async def _sweep(self) -> None:
        for gone in await asyncio.to_thread(self._shelf.sweep, now()):
            self._cared.pop(gone, None)

    def _told(self, kernel: TargetKernel) -> None:
        self._changed(kernel.workspace, kernel.compute)

    def _shown(self, kernel: TargetKernel) -> WireTargetKernel:
        return encode_kernel(
            kernel,
            reason=self._cared[kernel.id].reason,
            place=str(self._shelf.of(kernel.id).path),
            has_server=proc.is_alive(kernel.server.pid, kernel.server.start),
        )


def _of(asked: NewTargetKernel, attempt: int) -> TargetKernel:
    kernel = TargetKernel(
        id=asked.id,
        workspace=asked.workspace,
        compute=asked.compute,
        environment=asked.environment,
        version=asked.version,
        spec=asked.spec,
        display_name=asked.display_name,
        cwd=asked.cwd,
        server=asked.server,
        created_at=now(),
        notebook=asked.notebook,
    )
    return replace(kernel, attempt=attempt)
