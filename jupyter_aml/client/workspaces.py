"""What can be asked of workspaces and experiments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.runs import WireExperiment, WireWorkspace


class Workspaces:
    """Calls about workspaces."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> list[WireWorkspace]:
        """All workspaces of the root."""
        answer: list[WireWorkspace] = self._door.get("workspaces")
        return answer

    def get(self, name: str) -> WireWorkspace:
        """One workspace, or NotFound."""
        answer: WireWorkspace = self._door.get(f"workspaces/{quoted(name)}")
        return answer

    def add(self, body: Mapping[str, Any]) -> WireWorkspace:
        """Make a workspace; AlreadyExists unless `existOk`."""
        answer: WireWorkspace = self._door.post("workspaces", body)
        return answer

    def change(self, name: str, body: Mapping[str, Any]) -> WireWorkspace:
        """Change tags (one of None goes away) and labels of a workspace; or NotFound."""
        answer: WireWorkspace = self._door.patch(f"workspaces/{quoted(name)}", body)
        return answer

    def remove(self, name: str) -> None:
        """Delete a workspace that has no runs; IllegalMove otherwise."""
        self._door.delete(f"workspaces/{quoted(name)}")


class Experiments:
    """Calls about experiments."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str) -> list[WireExperiment]:
        """The experiments of a workspace."""
        answer: list[WireExperiment] = self._door.get("experiments", workspace=workspace)
        return answer

    def add(
        self, workspace: str, name: str, tags: Mapping[str, str] | None = None
    ) -> WireExperiment:
        """Make an experiment, or find it."""
        body = {"workspace": workspace, "name": name, "tags": dict(tags or {})}
        answer: WireExperiment = self._door.post("experiments", body, again=True)
        return answer

    def tag(self, workspace: str, name: str, tags: Mapping[str, str | None]) -> WireExperiment:
        """Set tags of an experiment; a tag of None goes away. NotFound where there is none."""
        body = {"workspace": workspace, "tags": dict(tags)}
        answer: WireExperiment = self._door.patch(f"experiments/{quoted(name)}", body)
        return answer

    def remove(self, workspace: str, name: str) -> None:
        """Delete an experiment that has no runs; IllegalMove otherwise."""
        query = {"workspace": workspace}
        self._door.delete(f"experiments/{quoted(name)}", **query)
