"""What can be asked of data sets."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.datasets import (
        WireDataset,
        WireDatasetChanges,
        WireDatasetFileList,
        WireDatasetLineage,
        WirePreview,
        WireProfile,
    )


class Datasets:
    """Calls about data sets."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str) -> list[WireDataset]:
        """The newest version of each data set, without its sources and steps."""
        answer: list[WireDataset] = self._door.get("datasets", workspace=workspace)
        return answer

    def add(self, body: Mapping[str, Any]) -> WireDataset:
        """Register a data set; AlreadyExists for another one of that name."""
        answer: WireDataset = self._door.post("datasets", body, again=True)
        return answer

    def get(self, workspace: str, name: str, version: str | None = None) -> WireDataset:
        """A version of a data set, or the newest; NotFound names the nearest."""
        query = {"workspace": workspace, "version": version}
        answer: WireDataset = self._door.get(f"datasets/{quoted(name)}", **query)
        return answer

    def by_id(self, workspace: str, id: str) -> WireDataset:
        """The version that has this id, or NotFound."""
        answer: WireDataset = self._door.get(f"dataset-ids/{quoted(id)}", workspace=workspace)
        return answer

    def versions(self, workspace: str, name: str) -> builtins.list[WireDataset]:
        """All versions of a name, newest first, without their sources and steps."""
        answer: builtins.list[WireDataset] = self._door.get(
            f"datasets/{quoted(name)}/versions", workspace=workspace
        )
        return answer

    def patch(self, name: str, body: Mapping[str, Any]) -> WireDataset:
        """Change the description or tags of a version."""
        answer: WireDataset = self._door.patch(f"datasets/{quoted(name)}", body)
        return answer

    def remove(self, workspace: str, name: str, version: str | None = None) -> None:
        """Forget a version of a data set, or all of them; what lies behind it stays."""
        query = {"workspace": workspace, "version": version}
        self._door.delete(f"datasets/{quoted(name)}", **query)

    def files(
        self, workspace: str, name: str, version: str | None = None, after: str | None = None
    ) -> WireDatasetFileList:
        """The files of a version as they were registered, in portions."""
        query = {"workspace": workspace, "version": version, "after": after}
        answer: WireDatasetFileList = self._door.get(f"datasets/{quoted(name)}/files", **query)
        return answer

    def changes(self, workspace: str, name: str, version: str | None = None) -> WireDatasetChanges:
        """What is other now than it was when a version was registered."""
        query = {"workspace": workspace, "version": version}
        answer: WireDatasetChanges = self._door.get(f"datasets/{quoted(name)}/changes", **query)
        return answer

    def lineage(self, workspace: str, name: str, version: str | None = None) -> WireDatasetLineage:
        """Which runs have written and read a version, and which models were made with it."""
        query = {"workspace": workspace, "version": version}
        answer: WireDatasetLineage = self._door.get(f"datasets/{quoted(name)}/lineage", **query)
        return answer

    def preview(
        self, workspace: str, name: str, version: str | None = None, rows: int | None = None
    ) -> WirePreview:
        """The first rows of a version, or the first files."""
        query = {"workspace": workspace, "version": version, "rows": rows}
        answer: WirePreview = self._door.get(f"datasets/{quoted(name)}/preview", **query)
        return answer

    def profile(self, workspace: str, name: str, version: str | None = None) -> WireProfile:
        """What the columns of a version hold."""
        query = {"workspace": workspace, "version": version}
        answer: WireProfile = self._door.get(f"datasets/{quoted(name)}/profile", **query)
        return answer
