"""What can be asked of compute targets."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute, WireComputeKind


class Compute:
    """Calls about compute targets."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str | None = None) -> list[WireCompute]:
        """The compute targets of a workspace, by default of the default one."""
        answer: list[WireCompute] = self._door.get("compute", workspace=workspace)
        return answer

    def get(self, workspace: str, name: str) -> WireCompute:
        """A target with its nodes; NotFound names the nearest."""
        answer: WireCompute = self._door.get(f"compute/{quoted(name)}", workspace=workspace)
        return answer

    def add(self, body: Mapping[str, Any]) -> WireCompute:
        """Create or attach a target; AlreadyExists for another one of that name."""
        answer: WireCompute = self._door.post("compute", body, again=True)
        return answer

    def change(self, name: str, body: Mapping[str, Any]) -> WireCompute:
        """Resize, start, stop or describe a target."""
        answer: WireCompute = self._door.patch(f"compute/{quoted(name)}", body)
        return answer

    def remove(self, workspace: str, name: str) -> None:
        """Delete or detach a target; IllegalMove while runs are on it."""
        self._door.delete(f"compute/{quoted(name)}", workspace=workspace)

    def kinds(self) -> builtins.list[WireComputeKind]:
        """The kinds of targets, with the settings of each."""
        answer: builtins.list[WireComputeKind] = self._door.get("compute-kinds")
        return answer

    def check(self, body: Mapping[str, Any]) -> str:
        """Connect to what a target would stand for, and say what is there."""
        found: str = self._door.post("compute-check", body, again=True)["found"]
        return found
