"""What can be asked of kernels on compute targets."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door, LogPiece
from jupyter_aml.client.transport import BLOCK, quoted
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.near import did_you_mean

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


def meant(kernels: Sequence[WireTargetKernel], word: str) -> WireTargetKernel:
    """The kernel of that id, of which the beginning is enough, or of that notebook; NotFound."""
    found = [each for each in kernels if word in (each["id"], each["notebook"])]
    found = found or [each for each in kernels if word and each["id"].startswith(word)]
    if len(found) != 1:
        some = "no kernel" if not found else f"{len(found)} kernels"
        near = did_you_mean(word, [each["id"] for each in kernels])
        raise NotFound(f"there is {some} {word!r} on a compute target{near}")
    return found[0]


def id_of(kernels: TargetKernels, word: str) -> str:
    """The id that is meant; a word that is none of a kernel which goes on may be that of one
    that has ended."""
    try:
        return meant(kernels.list(), word)["id"]
    except NotFound:
        return kernels.get(word)["id"]


def need_stoppable(kernel: WireTargetKernel) -> None:
    """Raise IllegalMove for a kernel that its Jupyter server would take for dead, and restart."""
    if kernel["state"] == "running" and kernel["hasServer"]:
        raise IllegalMove(
            f"kernel {kernel['id']} belongs to a Jupyter server that lives: shut it down there"
        )


def whole_log(kernels: TargetKernels, kernel: str) -> str:
    """All that a kernel and its keeper wrote."""
    data = b""
    while piece := kernels.log(kernel, len(data)).data:
        data += piece
    return data.decode(errors="replace")
