"""The vaults of a root as the server's handlers and other nouns see them."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.vault import NewSecret, Secret
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.vault.keys import Key, KeyPlace
from jupyter_aml.vault.vault import Vault
from jupyter_aml.wire.coding import encode_time


class Secrets:
    """Keeps secrets by workspace. What a user may ask for has no slash in its name."""

    def __init__(self, root: Root, ledger: Ledger, place: KeyPlace) -> None:
        self._root, self._ledger = root, ledger
        self._key = Key(root.path, place)

    def vault(self, workspace: WorkspaceName) -> Vault:
        """The vault of a workspace; it blocks."""
        return Vault(self._root.workspaces / workspace, self._key)

    async def list(self, workspace: WorkspaceName) -> builtins.list[Secret]:
        """The secrets of users by name, without values."""
        found = await self._ledger.do(self.vault(workspace).list)
        return [secret for secret in found if "/" not in secret.name]

    async def put(self, workspace: WorkspaceName, secrets: Iterable[NewSecret]) -> None:
        """Keep these, all or none, in the place of what had their names."""
        at = encode_time(now()) or ""
        await self._ledger.do(lambda: self.vault(workspace).put(secrets, at=at))

    async def values(self, workspace: WorkspaceName, names: Iterable[str]) -> dict[str, str]:
        """Values by name; NotFound names the first that is not there, and its nearest."""
        vault = self.vault(workspace)
        return await self._ledger.do(lambda: {name: vault.get(name) for name in names})

    async def remove(self, workspace: WorkspaceName, names: Iterable[str]) -> None:
        """Forget these; NotFound, and none of them goes, where one is not there."""
        vault, wanted = self.vault(workspace), tuple(names)

        def gone() -> None:
            for name in wanted:
                vault.need(name)
            vault.remove(wanted)

        await self._ledger.do(gone)
