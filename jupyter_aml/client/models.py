"""What can be asked of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jupyter_aml.client.door import Door, pieces
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.models import (
        WireModel,
        WireModelFiles,
        WireModelLineage,
        WireModelPage,
        WirePrunedContents,
        WireRunModels,
    )


class Models:
    """Calls about models."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(self, workspace: str, **choice: Any) -> WireModelPage:
        """A page of the versions that are chosen, the newest first.

        `choice` is what `GET /aml/models` takes: name, tag, property, run, framework, dataset,
        newest, after and limit.
        """
        answer: WireModelPage = self._door.get("models", workspace=workspace, **choice)
        return answer

    def list(self, workspace: str, **choice: Any) -> Iterator[WireModel]:
        """All versions that are chosen, the newest first, a page after the other."""
        page = self.page(workspace, **choice)
        yield from page["models"]
        while page["next"] is not None:
            page = self.page(workspace, **{**choice, "after": page["next"]})
            yield from page["models"]

    def add(self, body: Mapping[str, Any]) -> WireModel:
        """Register a model; with a `key` a second call finds the version of the first."""
        answer: WireModel = self._door.post("models", body, again="key" in body)
        return answer

    def prune(self, *, dry_run: bool = False) -> WirePrunedContents:
        """Remove contents of deleted models that nobody needs, or only say how much that is."""
        answer: WirePrunedContents = self._door.post("model-prune", {"dryRun": dry_run})
        return answer

    def send(self, workspace: str, name: str, upload: str, path: str, local: Path) -> None:
        """Send a file of a model that shall be registered from this upload; raises OSError."""
        route = f"models/{quoted(name)}/files/{quoted(path)}"
        for piece in pieces(local):
            query = {"workspace": workspace, "upload": upload, "offset": piece.offset}
            self._door.put(route, piece.data, **query)

    def get(self, workspace: str, name: str, version: str | None = None) -> WireModel:
        """A version by its number or alias, or the newest; NotFound names the nearest."""
        answer: WireModel = self._door.get(
            f"models/{quoted(name)}", workspace=workspace, version=version
        )
        return answer

    def change(self, name: str, body: Mapping[str, Any]) -> WireModel:
        """Change tags and description, and add properties and data sets."""
        answer: WireModel = self._door.patch(f"models/{quoted(name)}", body)
        return answer

    def remove(self, workspace: str, name: str, version: str | None = None) -> None:
        """Delete a version, or all of a name; IllegalMove where one is used."""
        self._door.delete(f"models/{quoted(name)}", workspace=workspace, version=version)

    def files(self, workspace: str, name: str, version: str | None = None) -> WireModelFiles:
        """The files of a version."""
        answer: WireModelFiles = self._door.get(
            f"models/{quoted(name)}/files", workspace=workspace, version=version
        )
        return answer

    def save(self, workspace: str, name: str, version: str, path: str, target: Path) -> None:
        """Write a file of a version to `target`, whole or not at all."""
        query = urlencode({"workspace": workspace, "version": version})
        self._door.save(f"models/{quoted(name)}/files/{quoted(path)}?{query}", target)

    def lineage(self, workspace: str, name: str, version: str | None = None) -> WireModelLineage:
        """Which run and data a version was made of, and who uses it."""
        answer: WireModelLineage = self._door.get(
            f"models/{quoted(name)}/lineage", workspace=workspace, version=version
        )
        return answer

    def alias(self, workspace: str, name: str, version: str, alias: str) -> WireModel:
        """Give a version an alias, which leaves whichever version had it."""
        body = {"workspace": workspace, "version": version, "alias": alias}
        answer: WireModel = self._door.post(f"models/{quoted(name)}/aliases", body, again=True)
        return answer

    def remove_alias(self, workspace: str, name: str, alias: str) -> None:
        """Take an alias away."""
        self._door.delete(f"models/{quoted(name)}/aliases/{quoted(alias)}", workspace=workspace)

    def of_run(self, run_id: str) -> WireRunModels:
        """The models that a run registered, and the ids of those that it fetched."""
        answer: WireRunModels = self._door.get(f"runs/{quoted(run_id)}/models")
        return answer
