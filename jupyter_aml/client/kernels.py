"""What can be asked of kernels on compute targets."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door, LogPiece
from jupyter_aml.client.transport import BLOCK, quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.kernels import WireKernelSession, WireTargetKernel


class TargetKernels:
    """Calls about kernels on compute targets."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str | None = None) -> builtins.list[WireTargetKernel]:
        """The kernels that wait or run, of a workspace or of all; the oldest first."""
        answer: builtins.list[WireTargetKernel] = self._door.get(
            "compute-kernels", workspace=workspace
        )
        return answer

    def get(self, kernel: str, wait: float = 0.0) -> WireTargetKernel:
        """Where a kernel stands; waits up to `wait` seconds (at most 30) while it begins."""
        answer: WireTargetKernel = self._door.get(
            f"compute-kernels/{quoted(kernel)}", wait=round(wait)
        )
        return answer

    def add(self, body: Mapping[str, Any]) -> WireTargetKernel:
        """Have a kernel on a target, or take one over; returns at once."""
        answer: WireTargetKernel = self._door.post("compute-kernels", body, again=True)
        return answer

    def belongs(self, kernel: str, session: WireKernelSession) -> WireTargetKernel:
        """Note which notebook a kernel belongs to."""
        answer: WireTargetKernel = self._door.patch(
            f"compute-kernels/{quoted(kernel)}", {"session": session}
        )
        return answer

    def end(self, kernel: str) -> None:
        """End a kernel, or give one up that has not begun; returns at once."""
        self._door.delete(f"compute-kernels/{quoted(kernel)}")

    def log(self, kernel: str, offset: int = 0) -> LogPiece:
        """What a kernel and its keeper wrote, from byte `offset` on."""
        query = {"offset": offset, "limit": BLOCK}
        return self._door.piece(f"compute-kernels/{quoted(kernel)}/log", query)
