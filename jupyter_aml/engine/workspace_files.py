"""What the files of a root say of its workspaces and experiments; the index only repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError, StorageFailed
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.runfolder.plain import NotPlain, read_plain
from jupyter_aml.wire.coding import decode_time
from jupyter_aml.wire.workspaces import encode_experiment, encode_workspace


def workspace_file(root: Root, name: WorkspaceName) -> Path:
    """Where a workspace is written down."""
    return root.workspaces / name / "workspace.json"


def experiment_file(root: Root, workspace: WorkspaceName, name: ExperimentName) -> Path:
    """Where an experiment is written down; one without tags may have no file."""
    return root.workspaces / workspace / "experiments" / f"{name}.json"


def read_workspace(root: Root, name: WorkspaceName) -> Workspace | None:
    """The workspace that is written down; None where there is none, or StorageFailed."""
    path = workspace_file(root, name)
    told = _read(path)
    return None if told is None else _workspace(name, path, told)


def read_experiment(
    root: Root, workspace: WorkspaceName, name: ExperimentName
) -> Experiment | None:
    """The experiment that is written down; None where there is none, or StorageFailed."""
    path = experiment_file(root, workspace, name)
    told = _read(path)
    return None if told is None else _experiment(workspace, name, path, told)


def write_workspace(root: Root, workspace: Workspace) -> None:
    """Write a workspace down; raises StorageFailed."""
    write_json(workspace_file(root, workspace.name), encode_workspace(workspace))


def write_experiment(root: Root, experiment: Experiment) -> None:
    """Write an experiment down; raises StorageFailed."""
    path = experiment_file(root, experiment.workspace, experiment.name)
    write_json(path, encode_experiment(experiment))


def workspaces(root: Root, unreadable: list[Path]) -> Iterator[Workspace]:
    """All workspaces that have a folder; files that cannot be read are added to `unreadable`."""
    for folder in sorted(root.workspaces.glob("*")):
        path = folder / "workspace.json"
        try:
            name = ids.workspace_name(folder.name)
        except AmlError:
            continue  # Not made by us: no workspace can have this name.
        try:
            told = _read(path)
        except StorageFailed:
            unreadable.append(path)
            told = None
        if told is None and not (folder / "runs").is_dir():
            continue
        yield _workspace(name, path if told else folder, told or {})


def experiments(root: Root, unreadable: list[Path]) -> Iterator[Experiment]:
    """All experiments with a file; those that cannot be read are added to `unreadable`."""
    for path in sorted(root.workspaces.glob("*/experiments/*.json")):
        try:
            name = ids.experiment_name(path.stem)
            workspace = ids.workspace_name(path.parent.parent.name)
        except AmlError:
            continue
        try:
            told = _read(path)
        except StorageFailed:
            unreadable.append(path)
            continue
        if told is not None:
            yield _experiment(workspace, name, path, told)


def _workspace(name: WorkspaceName, path: Path, told: Mapping[str, Any]) -> Workspace:
    return Workspace(
        name=name,
        subscription_id=str(told.get("subscriptionId") or ""),
        resource_group=str(told.get("resourceGroup") or ""),
        location=str(told.get("location") or "local"),
        tags=_texts(told, "tags"),
        labels=_texts(told, "labels"),
        created_at=_made(path, told),
    )


def _experiment(
    workspace: WorkspaceName, name: ExperimentName, path: Path, told: Mapping[str, Any]
) -> Experiment:
    return Experiment(
        name=name, workspace=workspace, tags=_texts(told, "tags"), created_at=_made(path, told)
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(read_plain(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, NotPlain) as error:
        raise StorageFailed(f"{path} cannot be read: mend it, or move it away") from error
    if not isinstance(told, dict):
        raise StorageFailed(f"{path} is not what the engine wrote: mend it, or move it away")
    return told


def _texts(told: Mapping[str, Any], key: str) -> dict[str, str]:
    texts = told.get(key)
    if not isinstance(texts, Mapping):
        return {}
    return {str(name): str(value) for name, value in texts.items()}


def _made(path: Path, told: Mapping[str, Any]) -> datetime:
    try:
        at = decode_time(str(told["createdAt"]))
    except (KeyError, AmlError):
        at = None
    return at or datetime.fromtimestamp(path.stat().st_mtime, UTC)
