"""The datastores of a root: those that every workspace has, and those that were registered."""

from __future__ import annotations

import asyncio
import builtins
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.data.addresses import check_store
from jupyter_aml.domain import datastore
from jupyter_aml.domain.datastore import BUILT_IN, DEFAULT, Datastore
from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, Refused, StorageFailed
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.vault import NewSecret
from jupyter_aml.engine import registry
from jupyter_aml.engine.data import addresses
from jupyter_aml.engine.data.addresses import Endpoints
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.registry import Noun, Registry, Uses
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.engine.secrets import Secrets
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.datastores import NewDatastore
from jupyter_aml.wire.events import WireRegisteredEvent

Tell = Callable[[WireRegisteredEvent], None]
Registered = registry.Registered[Datastore]


@dataclass(frozen=True)
class Known:
    """A datastore with the address where it is now."""

    registered: Registered
    definition: Datastore
    is_default: bool


class Datastores:
    """Registers, finds and forgets datastores. What lies on them stays."""

    def __init__(
        self,
        root: Root,
        ledger: Ledger,
        secrets: Secrets,
        endpoints: Endpoints,
        tell: Tell,
        uses: Uses = registry.unused,
    ) -> None:
        self._root, self._ledger, self._secrets = root, ledger, secrets
        self._endpoints, self._tell = endpoints, tell
        self._registry = Registry(root, Noun("datastore", "datastores", datastore.read, uses))

    async def list(self, workspace: WorkspaceName) -> builtins.list[Known]:
        """All datastores: the built-in ones first, then by name."""
        return await self._ledger.do(lambda: [*self._all(workspace)])

    async def get(self, workspace: WorkspaceName, name: str) -> Known:
        """A datastore; NotFound names the nearest."""
        return await self._ledger.do(self._get, workspace, name)

    async def default(self, workspace: WorkspaceName) -> Known:
        """The default datastore."""
        return await self._ledger.do(lambda: self._get(workspace, self._default(workspace)))

    async def choose(self, workspace: WorkspaceName, name: str) -> Known:
        """Make a datastore the default one."""
        chosen = await self._ledger.do(self._choose, workspace, name)
        self._changed(workspace, name)
        return chosen

    async def add(self, asked: NewDatastore) -> Known:
        """Register a datastore, its secrets first; an equal one stays what it is.

        Raises AlreadyExists for a different one of that name, unless it is to be overwritten, and
        Refused for an address that hands out the keys of a machine in a cloud.
        """
        await asyncio.to_thread(check_store, asked.definition.url or "", asked.definition.options)
        added = await self._ledger.do(self._add, asked)
        if not asked.is_dry:
            self._changed(asked.workspace, asked.definition.name)
        return added

    async def remove(self, workspace: WorkspaceName, name: str) -> None:
        """Forget a datastore and its secrets; its files stay where they are."""
        await self._ledger.do(self._remove, workspace, name)
        self._changed(workspace, name)

    async def secrets(
        self, workspace: WorkspaceName, name: str, run: RunId | None = None
    ) -> dict[str, str]:
        """The values of a datastore's secrets, by their names in the vault; of a run, if one asks.

        What a run is told is masked in its logs.
        """
        known = await self.get(workspace, name)
        wanted = [*_references(known.definition.options)]
        if run is None or not wanted:
            return await self._secrets.values(workspace, wanted)
        return await self._secrets.hand_out(workspace, wanted, run)

    def _changed(self, workspace: WorkspaceName, name: str) -> None:
        event: WireRegisteredEvent = {
            "type": "registered", "noun": "datastore", "workspace": workspace, "name": name,
        }  # fmt: skip
        self._tell(event)

    # ---- in the thread of the index -----------------------------------------------------------

    def _all(self, workspace: WorkspaceName) -> Iterator[Known]:
        self._root.need_workspace(workspace)
        default = self._default(workspace)
        for name in BUILT_IN:
            yield self._known(self._built_in(workspace, name), default)
        for registered in self._registry.newest(workspace):
            yield self._known(registered, default)

    def _get(self, workspace: WorkspaceName, name: str) -> Known:
        self._root.need_workspace(workspace)
        default = self._default(workspace)
        if name in BUILT_IN:
            return self._known(self._built_in(workspace, name), default)
        return self._known(self._registry.get(workspace, name, beside=BUILT_IN), default)

    def _known(self, registered: Registered, default: str) -> Known:
        definition = addresses.located(
            registered.definition, self._root.path, registered.workspace, self._endpoints
        )
        return Known(registered, definition, registered.name == default)

    def _built_in(self, workspace: WorkspaceName, name: str) -> Registered:
        folder = addresses.storage(self._root.path, workspace, name)
        if not folder.is_dir():
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageFailed(f"cannot make {folder}: {error.strerror}") from error
        return Registered(workspace, addresses.built_in(name, workspace), "")

    def _add(self, asked: NewDatastore) -> Known:
        definition, workspace = asked.definition, asked.workspace
        self._root.need_workspace(workspace)
        if definition.is_built_in:
            raise Refused(f"every workspace has a datastore {definition.name!r} of its own")
        if not asked.overwrite:
            self._need_equal(asked)
        if asked.is_dry:
            meant = Registered(workspace, definition, "")
            return self._known(meant, self._default(workspace))
        at = encode_time(now()) or ""
        if asked.secrets:
            new = [NewSecret(name, value) for name, value in asked.secrets.items()]
            self._secrets.vault(workspace).put(new, at=at)
        self._registry.register(workspace, definition, at=at)
        return self._get(workspace, definition.name)

    def _need_equal(self, asked: NewDatastore) -> None:
        name, workspace = asked.definition.name, asked.workspace
        if name not in self._registry.names(workspace):
            return
        vault = self._secrets.vault(workspace)
        is_same = self._registry.get(workspace, name).definition.same_as(asked.definition)
        if not is_same or any(vault.get(key) != value for key, value in asked.secrets.items()):
            raise AlreadyExists(
                f"there is another datastore {name!r} already; pass overwrite=True to replace it"
            )

    def _remove(self, workspace: WorkspaceName, name: str) -> None:
        if name in BUILT_IN:
            raise Refused(f"every workspace has {name!r}: it cannot be unregistered")
        self._registry.get(workspace, name, beside=BUILT_IN)
        if name == self._default(workspace):
            raise IllegalMove(
                f"{name!r} is the default datastore of workspace {workspace!r}: "
                "make another one the default first"
            )
        self._registry.delete(workspace, name)
        vault = self._secrets.vault(workspace)
        own = datastore.secret_name(name, "")
        vault.remove(secret.name for secret in vault.list() if secret.name.startswith(own))

    def _default_file(self, workspace: WorkspaceName) -> Path:
        return self._root.workspaces / workspace / "datastores" / ".default.json"

    def _default(self, workspace: WorkspaceName) -> str:
        try:
            return str(json.loads(self._default_file(workspace).read_text("utf-8"))["name"])
        except (OSError, ValueError, KeyError, TypeError):
            return DEFAULT

    def _choose(self, workspace: WorkspaceName, name: str) -> Known:
        self._get(workspace, name)
        write_json(self._default_file(workspace), {"name": name})
        return self._get(workspace, name)


def _references(options: object) -> Iterator[str]:
    """The names in the vault that options refer to, also of those that stand deeper."""
    if isinstance(options, dict):
        for value in options.values():
            yield from _references(value)
    elif isinstance(options, str) and options.startswith(datastore.SECRET):
        yield options.removeprefix(datastore.SECRET)
