"""What is asked of models, decoded: that one is registered, changed, or gets an alias."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_aml.domain import ids, model
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.model import DataUse, Resources
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.wire.fields import Fields

_OF_A_CHANGE = (
    "workspace", "version", "description", "tags", "replaceTags", "properties", "datasets",
    "sampleInput", "sampleOutput", "resources",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """The files of a model: of a run, of an upload, or else of this machine by an absolute path."""

    path: str
    run: RunId | None = None
    upload: str | None = None
    """The upload that brought them, whose file or folder `path` is."""
    stamp: str | None = None
    """Size and time of change of what the caller sees there, who may be in a container."""
    only: tuple[str, ...] = ()
    """Of a folder these files and folders alone."""
    root: str | None = None
    """What the file or folder is called in the model; by default what it is called there."""


@dataclass(frozen=True, kw_only=True)
class NewModel:
    """A model that shall be registered; the same `key` twice is one version."""

    workspace: WorkspaceName
    name: str
    key: str | None
    source: ModelSource
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    description: str
    framework: str | None
    framework_version: str | None
    run: RunId | None
    datasets: tuple[DataUse, ...]
    sample_input: DataUse | None
    sample_output: DataUse | None
    resources: Resources | None


@dataclass(frozen=True, kw_only=True)
class ModelChange:
    """What shall be other than it is; what is None or empty stays, a tag of None goes away.

    `tags` take the place of all that there are with `replaces_tags`. Properties and data sets
    come to those that are there.
    """

    workspace: WorkspaceName
    version: str | None
    description: str | None
    tags: Mapping[str, str | None]
    replaces_tags: bool
    properties: Mapping[str, str]
    datasets: tuple[DataUse, ...]
    sample_input: DataUse | None
    sample_output: DataUse | None
    resources: Resources | None


@dataclass(frozen=True, kw_only=True)
class ModelAlias:
    """A name for a version, which leaves whichever version had it."""

    workspace: WorkspaceName
    version: str
    alias: str


def decode_new_model(body: Mapping[str, Any]) -> NewModel:
    """Read the body of POST /aml/models; raises Invalid."""
    given = Fields("model", body)
    run = given.optional("runId")
    return NewModel(
        workspace=_workspace(body),
        name=model.model_name(body.get("name")),
        key=None if body.get("key") is None else ids.named("key", given.text("key")),
        source=_source(body.get("source")),
        tags=given.text_map("tags"),
        properties=given.text_map("properties"),
        description=given.text("description", ""),
        framework=given.optional("framework"),
        framework_version=given.optional("frameworkVersion"),
        run=None if run is None else ids.run_id(run),
        datasets=_datasets(body.get("datasets", [])),
        sample_input=_data(body.get("sampleInput")),
        sample_output=_data(body.get("sampleOutput")),
        resources=_resources(body.get("resources")),
    )


def decode_model_change(body: Mapping[str, Any]) -> ModelChange:
    """Read the body of PATCH /aml/models/<name>; raises Invalid, also for an unknown field."""
    for name in body:
        if name not in _OF_A_CHANGE:
            raise Invalid(f"{name!r} of a model cannot be changed; {', '.join(_OF_A_CHANGE)} can")
    given = Fields("model", body)
    tags = given.mapping("tags").items()
    return ModelChange(
        workspace=_workspace(body),
        version=given.optional("version"),
        description=given.optional("description"),
        tags={key: None if value is None else str(value) for key, value in tags},
        replaces_tags=given.flag("replaceTags"),
        properties=given.text_map("properties"),
        datasets=_datasets(body.get("datasets", [])),
        sample_input=_data(body.get("sampleInput")),
        sample_output=_data(body.get("sampleOutput")),
        resources=_resources(body.get("resources")),
    )


def decode_model_alias(body: Mapping[str, Any]) -> ModelAlias:
    """Read the body of POST /aml/models/<name>/aliases; raises Invalid."""
    given = Fields("alias", body)
    return ModelAlias(
        workspace=_workspace(body), version=given.text("version"), alias=given.text("alias")
    )


def _source(told: Any) -> ModelSource:
    given = Fields("source", told)
    run, upload, path = given.optional("runId"), given.optional("upload"), given.text("path")
    if run is not None and upload is not None:
        raise Invalid("source: files are of a run or of an upload, not of both")
    if run is None and upload is None and not os.path.isabs(path):
        raise Invalid(f"source.path must be absolute where no run is named, not {path!r}")
    root = given.optional("root")
    if root is not None and "/" in checked(root):
        raise Invalid(f"source.root: {root!r} is no name of a file or folder")
    return ModelSource(
        run=None if run is None else ids.run_id(run),
        upload=upload,
        path=path if upload is None else checked(path),
        stamp=given.optional("stamp"),
        only=tuple(given.texts("only")),
        root=root,
    )


def _workspace(body: Mapping[str, Any]) -> WorkspaceName:
    return ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))


def _datasets(told: Any) -> tuple[DataUse, ...]:
    if not isinstance(told, list):
        raise Invalid("datasets: expected a list")
    return tuple(model.read_data(each) for each in told)


def _data(told: Any) -> DataUse | None:
    return None if told is None else model.read_data(told)


def _resources(told: Any) -> Resources | None:
    return None if told is None else model.read_resources(told)
