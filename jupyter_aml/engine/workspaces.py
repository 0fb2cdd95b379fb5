"""Workspaces and experiments: what runs are ordered by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.wire.coding import encode_time
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

    async def workspaces(self) -> list[WireWorkspace]:
        """All workspaces."""
        found = await self._ledger.do(self._ledger.workspaces.list)
        return [_workspace(workspace) for workspace in found]

    async def workspace(self, name: str) -> WireWorkspace:
        """One workspace, or NotFound."""
        found = await self._ledger.do(self._ledger.workspaces.get, ids.workspace_name(name))
        return _workspace(found)

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
        try:
            known = await self._ledger.do(self._ledger.workspaces.get, wanted.name)
        except NotFound:
            pass
        else:
            if not body.get("existOk", False):
                raise AlreadyExists(f"there is a workspace {wanted.name!r} already")
            return _workspace(known)
        path = self._root.workspaces / wanted.name / "workspace.json"
        await self._ledger.do(write_json, path, _workspace(wanted))
        return _workspace(await self._ledger.do(self._ledger.workspaces.add, wanted))

    async def experiments(self, workspace: str) -> list[WireExperiment]:
        """The experiments of a workspace with the number of their runs."""
        name = ids.workspace_name(workspace)
        found = await self._ledger.do(self._ledger.experiments.list, name)
        return [_experiment(experiment) for experiment in found]

    async def add_experiment(self, body: Mapping[str, Any]) -> WireExperiment:
        """Make an experiment, or find it."""
        workspace = ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE))
        name = ids.experiment_name(_text(body, "name", ""))
        await self.need_workspace(workspace)
        tags = _texts(body, "tags")
        made = await self._ledger.do(
            self._ledger.experiments.add, workspace, name, tags=tags, at=now()
        )
        await self._ledger.do(write_json, self._file(workspace, name), _experiment(made))
        return _experiment(made)

    async def tag_experiment(self, name: str, body: Mapping[str, Any]) -> WireExperiment:
        """Set tags of an experiment, which is made if need be; a tag of None goes away."""
        workspace = ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE))
        experiment = ids.experiment_name(name)
        given = body.get("tags") or {}
        if not isinstance(given, Mapping):
            raise Invalid(f"tags: expected an object, got {type(given).__name__}")
        await self.add_experiment({"workspace": workspace, "name": experiment})
        known = await self._ledger.do(self._ledger.experiments.get, workspace, experiment)
        tags = {str(key): value for key, value in {**known.tags, **given}.items()}
        kept = {key: str(value) for key, value in tags.items() if value is not None}
        tagged = await self._ledger.do(
            self._ledger.experiments.set_tags, workspace, experiment, kept
        )
        await self._ledger.do(write_json, self._file(workspace, experiment), _experiment(tagged))
        return _experiment(tagged)

    async def remove_experiment(self, workspace: str, name: str) -> None:
        """Delete an experiment that has no runs: the row first, then the file."""
        place, experiment = ids.workspace_name(workspace), ids.experiment_name(name)
        await self._ledger.do(self._ledger.experiments.remove, place, experiment)
        await self._ledger.do(self._file(place, experiment).unlink, missing_ok=True)

    def _file(self, workspace: WorkspaceName, experiment: ExperimentName) -> Path:
        return self._root.workspaces / workspace / "experiments" / f"{experiment}.json"


def _workspace(workspace: Workspace) -> WireWorkspace:
    return {
        "name": workspace.name,
        "subscriptionId": workspace.subscription_id,
        "resourceGroup": workspace.resource_group,
        "location": workspace.location,
        "createdAt": encode_time(workspace.created_at) or "",
        "tags": dict(workspace.tags),
    }


def _experiment(experiment: Experiment) -> WireExperiment:
    return {
        "name": experiment.name,
        "workspace": experiment.workspace,
        "createdAt": encode_time(experiment.created_at) or "",
        "tags": dict(experiment.tags),
        "runCount": experiment.run_count,
    }


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
