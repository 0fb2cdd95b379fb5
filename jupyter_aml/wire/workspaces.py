"""Workspaces and experiments: what is asked of them, decoded, and how they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_aml.domain import ids, limits
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.workspace import LABELS, Workspace
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.runs import WireExperiment, WireWorkspace


@dataclass(frozen=True, kw_only=True)
class NewWorkspace:
    """A workspace that shall be there; one that is there already only with `exist_ok`."""

    name: WorkspaceName
    subscription_id: str = ""
    resource_group: str = ""
    location: str = "local"
    tags: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    exist_ok: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkspaceChange:
    """What shall be said of a workspace; a tag of None goes away."""

    name: WorkspaceName
    tags: Mapping[str, str | None]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NewExperiment:
    """An experiment that shall be there."""

    workspace: WorkspaceName
    name: ExperimentName
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ExperimentTags:
    """Tags that an experiment shall have; one of None goes away."""

    workspace: WorkspaceName
    name: ExperimentName
    tags: Mapping[str, str | None]


def decode_new_workspace(body: Mapping[str, Any]) -> NewWorkspace:
    """Read the body of POST /aml/workspaces; raises Invalid."""
    return NewWorkspace(
        name=ids.workspace_name(_text(body, "name", "")),
        subscription_id=_text(body, "subscriptionId", ""),
        resource_group=_text(body, "resourceGroup", ""),
        location=_text(body, "location", "local"),
        tags=_tags(body),
        labels=_labels(body),
        exist_ok=bool(body.get("existOk", False)),
    )


def decode_workspace_change(name: str, body: Mapping[str, Any]) -> WorkspaceChange:
    """Read the body of PATCH /aml/workspaces/<name>; raises Invalid."""
    return WorkspaceChange(
        name=ids.workspace_name(name), tags=_changed_tags(body), labels=_labels(body)
    )


def decode_new_experiment(body: Mapping[str, Any]) -> NewExperiment:
    """Read the body of POST /aml/experiments; raises Invalid."""
    return NewExperiment(
        workspace=ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE)),
        name=ids.experiment_name(_text(body, "name", "")),
        tags=_tags(body),
    )


def decode_experiment_tags(name: str, body: Mapping[str, Any]) -> ExperimentTags:
    """Read the body of PATCH /aml/experiments/<name>; raises Invalid."""
    return ExperimentTags(
        workspace=ids.workspace_name(_text(body, "workspace", ids.DEFAULT_WORKSPACE)),
        name=ids.experiment_name(name),
        tags=_changed_tags(body),
    )


def encode_workspace(workspace: Workspace) -> WireWorkspace:
    """A workspace as it is written and answered."""
    return {
        "name": workspace.name,
        "subscriptionId": workspace.subscription_id,
        "resourceGroup": workspace.resource_group,
        "location": workspace.location,
        "createdAt": encode_time(workspace.created_at) or "",
        "tags": dict(workspace.tags),
        "labels": dict(workspace.labels),
    }


def encode_experiment(experiment: Experiment) -> WireExperiment:
    """An experiment as it is written and answered."""
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


def _tags(body: Mapping[str, Any]) -> dict[str, str]:
    tags = {str(key): str(value) for key, value in _object(body, "tags").items()}
    limits.labels("tag", tags, {})
    return tags


def _changed_tags(body: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        str(key): None if value is None else str(value)
        for key, value in _object(body, "tags").items()
    }


def _labels(body: Mapping[str, Any]) -> dict[str, str]:
    labels = {str(key): str(value) for key, value in _object(body, "labels").items()}
    for key in labels:
        if key not in LABELS:
            raise Invalid(f"labels: there is no {key!r}; there are {', '.join(LABELS)}")
    limits.labels("label", labels, {})
    return labels


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, Mapping):
        raise Invalid(f"{name}: expected an object, got {type(value).__name__}")
    return value
