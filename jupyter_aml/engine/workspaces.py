"""Workspaces and experiments: what runs are ordered by."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.engine import workspace_files as files
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.workspace_files import encode_experiment, encode_workspace
from jupyter_aml.wire.runs import WireExperiment, WireWorkspace


class Places:
    """Makes and lists workspaces and experiments; each is a file, and a row for lists."""

    def __init__(self, root: Root, ledger: Ledger) -> None:
        self._root, self._ledger = root, ledger
        self._known: set[WorkspaceName] = set()

    async def need_workspace(self, name: WorkspaceName) -> None:
        """Make the workspace if it is the default one and not there; NotFound for others."""
        if name in self._known:
            return
        if name == ids.DEFAULT_WORKSPACE:
            await self.add_workspace({"name": name, "existOk": True})
        else:
            await self.workspace(name)
        self._known.add(name)

    async def adopt(self) -> list[Path]:
        """Enter what is written down and not in the index; returns files that cannot be read."""
        return await self._ledger.do(self._adopt)

    async def need_experiment(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Enter the experiment as it is written down, where the index does not know it yet."""
        await self._ledger.do(self._enter_written, workspace, name)

    async def workspaces(self) -> list[WireWorkspace]:
        """All workspaces."""
        found = await self._ledger.do(self._ledger.workspaces.list)
        return [encode_workspace(workspace) for workspace in found]

    async def workspace(self, name: str) -> WireWorkspace:
        """One workspace, or NotFound."""
        found = await self._ledger.do(self._ledger.workspaces.get, ids.workspace_name(name))
        return encode_workspace(found)

    async def add_workspace(self, body: Mapping[str, Any]) -> WireWorkspace:
        """Make a workspace: the file first, then the row."""
        wanted = Workspace(
            name=ids.workspace_name(_text(body, "name", "")),
            subscription_id=_text(body, "subscriptionId", ""),
            resource_group=_text(body, "resourceGroup", ""),
            location=_text(body, "location", "local"),
            tags=_texts(body, "tags"),
            created_at=now(),
        )
        exist_ok = bool(body.get("existOk", False))
        return encode_workspace(await self._ledger.do(self._workspace, wanted, exist_ok))

    async def experiments(self, workspace: str) -> list[WireExperiment]:
        """The experiments of a workspace with the number of their runs."""
        name = ids.workspace_name(workspace)
        found = await self._ledger.do(self._ledger.experiments.list, name)
        return [encode_experiment(experiment) for experiment in found]

    async def add_experiment(self, body: Mapping[str, Any]) -> WireExperiment:
        """Make an experiment, or find it."""
        workspace = ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE))
        name = ids.experiment_name(_text(body, "name", ""))
        await self.need_workspace(workspace)
        tags = _texts(body, "tags")
        return encode_experiment(await self._ledger.do(self._experiment, workspace, name, tags))

    async def tag_experiment(self, name: str, body: Mapping[str, Any]) -> WireExperiment:
        """Set tags of an experiment, which is made if need be; a tag of None goes away."""
        workspace = ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE))
        experiment = ids.experiment_name(name)
        given = body.get("tags") or {}
        if not isinstance(given, Mapping):
            raise Invalid(f"tags: expected an object, got {type(given).__name__}")
        await self.need_workspace(workspace)
        return encode_experiment(await self._ledger.do(self._tag, workspace, experiment, given))

    async def remove_experiment(self, workspace: str, name: str) -> None:
        """Delete an experiment that has no runs: the file first, then the row."""
        place, experiment = ids.workspace_name(workspace), ids.experiment_name(name)
        await self._ledger.do(self._remove, place, experiment)

    # ---- in the thread of the index, so that none of these comes between the steps of another --

    def _adopt(self) -> list[Path]:
        unreadable: list[Path] = []
        known = {each.name: each for each in self._ledger.workspaces.list()}
        for workspace in files.workspaces(self._root, unreadable):
            is_told = files.workspace_file(self._root, workspace.name) not in unreadable
            if workspace.name not in known or (is_told and known[workspace.name] != workspace):
                self._ledger.workspaces.put(workspace)
        entered = {(one.workspace, one.name): one for one in self._ledger.experiments.every()}
        for experiment in files.experiments(self._root, unreadable):
            if entered.get((experiment.workspace, experiment.name)) != experiment:
                self._ledger.experiments.put(experiment)
        return unreadable

    def _enter_written(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        if self._ledger.experiments.has(workspace, name):
            return
        # One that cannot be read keeps no run away; who changes its tags is told.
        with contextlib.suppress(StorageFailed):
            written = files.read_experiment(self._root, workspace, name)
            if written is not None:
                self._ledger.experiments.put(written)

    def _workspace(self, wanted: Workspace, exist_ok: bool) -> Workspace:
        known = files.read_workspace(self._root, wanted.name)
        if known is None:
            with contextlib.suppress(NotFound):
                known = self._ledger.workspaces.get(wanted.name)
        if known is not None and not exist_ok:
            raise AlreadyExists(f"there is a workspace {wanted.name!r} already")
        made = known or wanted
        if known is None:
            files.write_workspace(self._root, made)
        return self._ledger.workspaces.put(made)

    def _experiment(
        self, workspace: WorkspaceName, name: ExperimentName, tags: Mapping[str, str]
    ) -> Experiment:
        known = self._known_experiment(workspace, name)
        made = known or Experiment(workspace=workspace, name=name, created_at=now(), tags=tags)
        if not files.experiment_file(self._root, workspace, name).exists():
            files.write_experiment(self._root, made)
        return self._ledger.experiments.put(made)

    def _tag(
        self, workspace: WorkspaceName, name: ExperimentName, given: Mapping[str, Any]
    ) -> Experiment:
        known = self._experiment(workspace, name, {})
        tags = {str(key): value for key, value in {**known.tags, **given}.items()}
        kept = {key: str(value) for key, value in tags.items() if value is not None}
        tagged = replace(known, tags=kept)
        files.write_experiment(self._root, tagged)
        return self._ledger.experiments.put(tagged)

    def _remove(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        self._ledger.experiments.need_empty(workspace, name)
        files.experiment_file(self._root, workspace, name).unlink(missing_ok=True)
        self._ledger.experiments.remove(workspace, name)

    def _known_experiment(
        self, workspace: WorkspaceName, name: ExperimentName
    ) -> Experiment | None:
        """What the file says, which the index only repeats; else what the index alone knows."""
        written = files.read_experiment(self._root, workspace, name)
        if written is not None:
            return written
        try:
            return self._ledger.experiments.get(workspace, name)
        except NotFound:
            return None


def _text(body: Mapping[str, Any], name: str, default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise Invalid(f"{name}: expected text, got {type(value).__name__}")
    return value


def _texts(body: Mapping[str, Any], name: str) -> dict[str, str]:
    value = body.get(name) or {}
    if not isinstance(value, Mapping):
        raise Invalid(f"{name}: expected an object, got {type(value).__name__}")
    return {str(key): str(item) for key, item in value.items()}
