"""What can be asked of datastores and of the vault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from jupyter_aml.client.door import Door, pieces
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.client.transport import Address
    from jupyter_aml.wire.datastores import WireDatastore, WireStoreFile, WireStoreFolder
    from jupyter_aml.wire.secrets import WireSecret


class Datastores:
    """Calls about datastores."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @property
    def address(self) -> Address:
        """Where the engine answers."""
        return self._door.address

    def list(self, workspace: str) -> list[WireDatastore]:
        """All datastores, the built-in ones first."""
        answer: list[WireDatastore] = self._door.get("datastores", workspace=workspace)
        return answer

    def add(self, body: Mapping[str, Any]) -> WireDatastore:
        """Register a datastore; AlreadyExists for another of that name without `overwrite`."""
        answer: WireDatastore = self._door.post("datastores", body, again=True)
        return answer

    def get(self, workspace: str, name: str) -> WireDatastore:
        """A datastore; NotFound names the nearest."""
        answer: WireDatastore = self._door.get(f"datastores/{quoted(name)}", workspace=workspace)
        return answer

    def remove(self, workspace: str, name: str) -> None:
        """Forget a datastore; its files stay where they are."""
        self._door.delete(f"datastores/{quoted(name)}", workspace=workspace)

    def default(self, workspace: str) -> WireDatastore:
        """The default datastore."""
        answer: WireDatastore = self._door.get("default-datastore", workspace=workspace)
        return answer

    def choose(self, workspace: str, name: str) -> WireDatastore:
        """Make a datastore the default one."""
        body = {"workspace": workspace, "name": name}
        answer: WireDatastore = self._door.post("default-datastore", body, again=True)
        return answer

    def files(
        self, workspace: str, name: str, folder: str = "", *, after: str | None = None,
        limit: int = 1_000,
    ) -> WireStoreFolder:  # fmt: skip
        """What lies in a folder of a datastore, a page of its files at a time."""
        query = {"workspace": workspace, "folder": folder, "after": after, "limit": limit}
        answer: WireStoreFolder = self._door.get(f"datastores/{quoted(name)}/files", **query)
        return answer

    def below(
        self, workspace: str, name: str, folder: str = "", *, limit: int = 10_000
    ) -> Iterator[WireStoreFile]:
        """All files below a folder of a datastore (or the file of that path), by path."""
        after: str | None = None
        while True:
            page: WireStoreFolder = self._door.get(
                f"datastores/{quoted(name)}/files", workspace=workspace, folder=folder, deep=1,
                after=after, limit=limit,
            )  # fmt: skip
            yield from page["files"]
            after = page["next"]
            if after is None:
                return

    def part(self, workspace: str, name: str, path: str, offset: int, size: int) -> bytes:
        """At most so many bytes of a file of a datastore, from byte `offset` on."""
        return self._door.part(_file(name, path), offset, size, workspace=workspace)

    def save(self, workspace: str, name: str, path: str, target: Path) -> None:
        """Write a file of a datastore to `target`, whole or not at all."""
        self._door.save(f"{_file(name, path)}?{urlencode({'workspace': workspace})}", target)

    def send(self, workspace: str, name: str, path: str, local: Path) -> None:
        """Send a file to a datastore in pieces; one that is there is replaced once all came.

        Raises OSError for a file that cannot be read.
        """
        upload = uuid4().hex
        for piece in pieces(local):
            query = {
                "workspace": workspace, "upload": upload, "offset": piece.offset,
                "last": int(piece.is_last), "overwrite": 1,
            }  # fmt: skip
            self._door.put(_file(name, path), piece.data, **query)

    def secrets(self, workspace: str, name: str, run_id: str | None = None) -> dict[str, str]:
        """The values of a datastore's secrets, by their names in the vault."""
        path = f"datastores/{quoted(name)}/secrets"
        answer: dict[str, str] = self._door.get(path, workspace=workspace, run=run_id)["values"]
        return answer


def _file(name: str, path: str) -> str:
    return f"datastores/{quoted(name)}/files/{quoted(path)}"


class Secrets:
    """Calls about the vault of a workspace."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str) -> list[WireSecret]:
        """The secrets by name, without their values."""
        answer: list[WireSecret] = self._door.get("secrets", workspace=workspace)
        return answer

    def put(self, workspace: str, secrets: Sequence[Mapping[str, str]]) -> None:
        """Keep secrets (`name`, `value`, `contentType`), all or none of them."""
        body = {"workspace": workspace, "secrets": list(secrets)}
        self._door.send("secrets", body)

    def values(
        self, workspace: str, names: Sequence[str], run_id: str | None = None
    ) -> dict[str, str]:
        """Values by name; NotFound names the first that is not there."""
        body = {"workspace": workspace, "names": list(names), "runId": run_id}
        answer: dict[str, str] = self._door.post("secret-values", body, again=True)["values"]
        return answer

    def remove(self, workspace: str, name: str) -> None:
        """Forget a secret."""
        self._door.delete(f"secrets/{quoted(name)}", workspace=workspace)
