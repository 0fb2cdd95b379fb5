"""Workspaces: names in a root, each a file and a row."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from jupyter_aml.domain import ids, limits
from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, NotFound, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.workspace import Workspace, check_deletable
from jupyter_aml.engine import workspace_files as files
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.workspaces import NewWorkspace, WorkspaceChange


class Workspaces:
    """Makes, lists and deletes workspaces."""

    def __init__(self, root: Root, ledger: Ledger) -> None:
        self._root, self._ledger = root, ledger
        self._known: set[WorkspaceName] = set()
        self.deleted: Callable[[WorkspaceName], Awaitable[None]] = _nothing
        """Told of each workspace that is deleted, to end what belongs to it."""

    async def need(self, name: WorkspaceName) -> None:
        """Make the workspace if it is the default one and not there; NotFound for others."""
        if name in self._known:
            return
        if name == ids.DEFAULT_WORKSPACE:
            await self.add(NewWorkspace(name=name, tags={}, exist_ok=True))
        else:
            await self.get(name)
        self._known.add(name)

    async def list(self) -> list[Workspace]:
        """All workspaces."""
        return await self._ledger.do(self._ledger.workspaces.list)

    async def get(self, name: WorkspaceName) -> Workspace:
        """One workspace, or NotFound."""
        return await self._ledger.do(self._ledger.workspaces.get, name)

    async def add(self, asked: NewWorkspace) -> Workspace:
        """Make a workspace: the file first, then the row; AlreadyExists unless that is fine."""
        return await self._ledger.do(self._add, asked)

    async def change(self, asked: WorkspaceChange) -> Workspace:
        """Say something else of a workspace; raises NotFound."""
        await self.need(asked.name)
        return await self._ledger.do(self._change, asked)

    async def remove(self, name: WorkspaceName) -> None:
        """Delete a workspace that has no runs, with its experiments and environments.

        Raises IllegalMove for the default workspace and for one with runs, or NotFound.
        """
        check_deletable(name)
        gone = await self._ledger.do(self._remove, name)
        await self.deleted(name)
        await asyncio.to_thread(Tokens(self._root.path).revoke_of, name)
        await asyncio.to_thread(remove_tree, gone)

    async def adopt(self) -> tuple[Path, ...]:
        """Enter what is written down and not in the index; returns files that cannot be read."""
        return await self._ledger.do(self._adopt)

    # ---- in the thread of the index, so that none of these comes between the steps of another --

    def _adopt(self) -> tuple[Path, ...]:
        unreadable: builtins.list[Path] = []
        known = {each.name: each for each in self._ledger.workspaces.list()}
        for workspace in files.workspaces(self._root, unreadable):
            is_told = files.workspace_file(self._root, workspace.name) not in unreadable
            if workspace.name not in known or (is_told and known[workspace.name] != workspace):
                self._ledger.workspaces.put(workspace)
        return tuple(unreadable)

    def _remove(self, name: WorkspaceName) -> Path:
        """Take it out of sight: the folder first, then the rows. Returns where the folder is."""
        self._ledger.workspaces.get(name)
        self._ledger.workspaces.need_empty(name)
        folder, gone = self._root.workspaces / name, self._root.workspace_being_removed(name)
        if self._root.has_folders(name):
            # A run that is being made, or one that was copied in and is not in the index yet.
            raise IllegalMove(
                f"workspace {name!r} is not empty: {self._root.runs(name)} holds folders of runs"
            )
        try:
            folder.rename(gone)
        except FileNotFoundError:
            pass  # An earlier engine came so far.
        except OSError as error:
            raise StorageFailed(f"cannot delete {folder}: {error.strerror}") from error
        self._known.discard(name)
        self._ledger.workspaces.remove(name)
        return gone

    def _change(self, asked: WorkspaceChange) -> Workspace:
        known = files.read_workspace(self._root, asked.name)
        if known is None:
            known = self._ledger.workspaces.get(asked.name)
        limits.labels("tag", asked.tags, known.tags)
        tags = {**known.tags, **asked.tags}
        changed = replace(
            known,
            tags={key: tag for key, tag in tags.items() if tag is not None},
            labels={**known.labels, **asked.labels},
        )
        files.write_workspace(self._root, changed)
        return self._ledger.workspaces.put(changed)

    def _add(self, asked: NewWorkspace) -> Workspace:
        known = files.read_workspace(self._root, asked.name)
        if known is None:
            with contextlib.suppress(NotFound):
                known = self._ledger.workspaces.get(asked.name)
        if known is not None and not asked.exist_ok:
            raise AlreadyExists(f"there is a workspace {asked.name!r} already")
        made = known or Workspace(
            name=asked.name,
            subscription_id=asked.subscription_id,
            resource_group=asked.resource_group,
            location=asked.location,
            tags=asked.tags,
            labels=asked.labels,
            created_at=now(),
        )
        if known is None:
            files.write_workspace(self._root, made)
        return self._ledger.workspaces.put(made)


async def _nothing(workspace: WorkspaceName) -> None:
    """Nobody wants to know."""
