"""What this server asks the engine of kernels on compute targets, wherever the engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_aml.server import forward
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.seat import AnySeat, Deadline
from jupyter_aml.wire.kernels import decode_kernel_session

if TYPE_CHECKING:
    import builtins

    from jupyter_aml.wire.kernels import WireKernelSession, WireTargetKernel

_PATIENCE = 120.0
"""Seconds until an engine must be there: one that opens a large root takes its time."""


class TargetKernelCalls:
    """Calls about kernels on targets."""

    def __init__(self, seat: AnySeat) -> None:
        self._seat = seat

    async def list(self) -> builtins.list[WireTargetKernel]:
        """The kernels that wait or run."""
        found = await self._seat.settled(Deadline(_PATIENCE))
        if not isinstance(found, Holder):
            return await found.kernels.list(None)
        answer: builtins.list[WireTargetKernel] = await forward.find(found, "/aml/compute-kernels")
        return answer

    async def belongs(self, kernel: str, session: WireKernelSession) -> None:
        """Note which notebook a kernel belongs to."""
        found = await self._seat.settled(Deadline(_PATIENCE))
        body = {"session": session}
        if isinstance(found, Holder):
            await forward.ask(found, "PATCH", f"/aml/compute-kernels/{kernel}", body)
        else:
            await found.kernels.belongs(kernel, decode_kernel_session(body))
