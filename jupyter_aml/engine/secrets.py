"""The vaults of a root as the server's handlers and other nouns see them."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.fernet import InvalidToken

from jupyter_aml.domain.errors import AmlError, NotFound
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.vault import NewSecret, Secret
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.masking import NO_MASKS, Masks
from jupyter_aml.vault.keys import Key, KeyPlace
from jupyter_aml.vault.vault import Vault
from jupyter_aml.wire.coding import encode_time

_HANDED = "vault:"
"""How a name begins, in the file of a run's secrets, of what it was handed from the vault."""

_MOST_KNOWN = 200
"""Runs whose masks are kept."""


class Secrets:
    """Keeps secrets by workspace. What a user may ask for has no slash in its name."""

    def __init__(self, root: Root, ledger: Ledger, place: KeyPlace) -> None:
        self._root, self._ledger = root, ledger
        self._key = Key(root.path, place)
        self._masks: dict[Path, tuple[tuple[int, int, int], Masks]] = {}

    def vault(self, workspace: WorkspaceName) -> Vault:
        """The vault of a workspace; it blocks. NotFound where there is no such workspace."""
        self._root.need_workspace(workspace)
        return Vault(self._root.workspaces / workspace, self._key)

    async def list(self, workspace: WorkspaceName) -> builtins.list[Secret]:
        """The secrets of users by name, without values."""
        found = await self._ledger.do(lambda: self.vault(workspace).list())
        return [secret for secret in found if "/" not in secret.name]

    async def put(self, workspace: WorkspaceName, secrets: Iterable[NewSecret]) -> None:
        """Keep these, all or none, in the place of what had their names."""
        at = encode_time(now()) or ""
        await self._ledger.do(lambda: self.vault(workspace).put(secrets, at=at))

    async def values(self, workspace: WorkspaceName, names: Iterable[str]) -> dict[str, str]:
        """Values by name; NotFound names the first that is not there, and its nearest."""
        vault = self.vault(workspace)
        return await self._ledger.do(lambda: {name: vault.get(name) for name in names})

    async def hand_out(
        self, workspace: WorkspaceName, names: Iterable[str], run: RunId
    ) -> dict[str, str]:
        """Values for a run: noted in its folder first, so that its logs are masked."""
        values = await self.values(workspace, names)
        folder = RunFolder(self._root.runs(workspace) / run)
        await asyncio.to_thread(self._note, folder, values)
        return values

    def masks(self, folder: RunFolder) -> Masks:
        """What is masked in the logs of a run: its secret variables, and what it was handed.

        Whoever follows a log asks with each piece, so what is known stays known until the file
        changes.
        """
        try:
            seen = folder.secrets.stat()
        except OSError:
            return NO_MASKS
        stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        known = self._masks.get(folder.secrets)
        if known is not None and known[0] == stamp:
            return known[1]
        there = secret_files.read(folder.secrets)
        made = Masks(self._opened(name, value) for name, value in there.items())
        if len(self._masks) >= _MOST_KNOWN:
            self._masks.clear()
        self._masks[folder.secrets] = stamp, made
        return made

    def _note(self, folder: RunFolder, values: Mapping[str, str]) -> None:
        if not folder.path.is_dir():
            raise NotFound(f"there is no run {folder.path.name!r}")
        # Encrypted, so that the vault stays the only place where a value can be read.
        key = self._key.read() or self._key.make()
        noted = secret_files.read(folder.secrets)
        known = {self._opened(name, value) for name, value in noted.items()}
        new = {
            f"{_HANDED}{name}:{len(noted)}": key.encrypt(value.encode()).decode()
            for name, value in values.items()
            if value not in known
        }
        secret_files.keep(folder.secrets, new)

    def _opened(self, name: str, value: str) -> str:
        if not name.startswith(_HANDED):
            return value
        try:
            key = self._key.read()
            return "" if key is None else key.decrypt(value.encode()).decode()
        except (InvalidToken, AmlError):
            return ""  # The key is gone: what it opened can be read by nobody.

    async def remove(self, workspace: WorkspaceName, names: Iterable[str]) -> None:
        """Forget these; NotFound, and none of them goes, where one is not there."""
        vault, wanted = self.vault(workspace), tuple(names)

        def gone() -> None:
            for name in wanted:
                vault.need(name)
            vault.remove(wanted)

        await self._ledger.do(gone)
