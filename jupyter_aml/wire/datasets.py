"""Data sets, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from jupyter_aml.domain import dataset, ids, limits
from jupyter_aml.domain.dataset import Dataset, Files
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.wire.fields import Fields
from jupyter_aml.wire.models import WireModel
from jupyter_aml.wire.runs import WireRun


class WireDatasetSource(TypedDict):
    """A path or glob on a datastore; without one a URL, or a path on the engine's machine."""

    datastore: str | None
    path: str


class WireDatasetFiles(TypedDict):
    """What lay behind a version when it was registered; `size` in bytes."""

    count: int
    size: int
    digest: str
    seen: str
    changed: str | None


class WireDataset(TypedDict):
    """A version of a data set. `steps` say how it is read and what is kept of it.

    `versions` lists all versions of the name, newest first; `source` is its sources in words.
    `sources` and `steps` are left out of lists.
    """

    workspace: str
    name: str
    version: str
    versions: list[str]
    id: str
    kind: Literal["tabular", "file"]
    description: str
    tags: dict[str, str]
    createdAt: str
    source: str
    sources: list[WireDatasetSource]
    steps: list[dict[str, Any]]
    files: WireDatasetFiles | None


class WireDatasetFile(TypedDict):
    """A file as it was registered; `hash` is null where its content was not read."""

    path: str
    size: int | None
    modified: str | None
    hash: str | None


class WireDatasetFileList(TypedDict):
    """Some of the files of a version, by path; `after` of the next call is the last of them."""

    files: list[WireDatasetFile]
    total: int


class WireDatasetChanges(TypedDict):
    """What is other now than it was when a version was registered; each list is cut at 1,000."""

    added: list[str]
    removed: list[str]
    changed: list[str]
    count: int


class WireDatasetLineage(TypedDict):
    """Who has written a version of a data set and who uses it: the newest 20 of each.

    `readers` is how many runs read it in all. Models are those that were made with it.
    """

    name: str
    version: str
    writtenBy: list[WireRun]
    readBy: list[WireRun]
    readers: int
    models: list[WireModel]


class WireColumn(TypedDict):
    """A column of a table: its name and its type in the words of SDK v1's profiles."""

    name: str
    type: str


class WirePreview(TypedDict):
    """The first rows of a data set, or the first files; cells are text, number, boolean or null."""

    columns: list[WireColumn]
    rows: list[list[str | int | float | bool | None]]
    more: bool
    warnings: list[str]


class WireBin(TypedDict):
    """How many values lie from `low` to `high`; of texts and flags how many are `label`."""

    low: float | None
    high: float | None
    label: str | None
    count: int


class WireColumnProfile(TypedDict):
    """What is known of a column; numbers are null where it has none. Times are ISO 8601.

    `distinct` is null where there are too many to count in bounded memory.
    """

    name: str
    type: str
    count: int
    missing: int
    distinct: int | None
    min: str | float | None
    max: str | float | None
    mean: float | None
    deviation: float | None
    quantiles: dict[str, float]
    histogram: list[WireBin]


class WireProfile(TypedDict):
    """A profile of the rows that were read; `whole` says whether these were all."""

    rows: int
    whole: bool
    columns: list[WireColumnProfile]
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class NewDataset:
    """A data set that shall be registered."""

    workspace: WorkspaceName
    definition: Dataset
    tags: dict[str, str]
    is_new_version: bool


@dataclass(frozen=True, kw_only=True)
class DatasetPatch:
    """What shall be other of a version; a tag of None goes away."""

    workspace: WorkspaceName
    version: str
    description: str | None
    tags: dict[str, str | None]


def decode_new_dataset(body: Mapping[str, Any]) -> NewDataset:
    """Read the body of POST /aml/datasets; raises Invalid."""
    given = Fields("data set", body)
    definition = dataset.read(
        {
            **given.mapping("definition"),
            "name": dataset.dataset_name(given.text("name")),
            "description": given.text("description", ""),
            "version": None,
            "files": None,
        }
    )
    limits.description(definition.description)
    limits.labels("tag", given.text_map("tags"), {})
    return NewDataset(
        workspace=_workspace(body),
        definition=definition,
        tags=given.text_map("tags"),
        is_new_version=given.flag("createNewVersion"),
    )


def decode_dataset_patch(body: Mapping[str, Any]) -> DatasetPatch:
    """Read the body of PATCH /aml/datasets/<name>; raises Invalid."""
    given = Fields("data set", body)
    tags = given.mapping("tags")
    for key, value in tags.items():
        if value is not None and not isinstance(value, str):
            raise Invalid(f"tag {key!r}: expected a text or null")
    limits.labels("tag", tags, {})
    limits.description(given.optional("description") or "")
    return DatasetPatch(
        workspace=_workspace(body),
        version=given.text("version"),
        description=given.optional("description"),
        tags=dict(tags),
    )


def encode_files(files: Files | None) -> WireDatasetFiles | None:
    """What lay behind a version, as JSON."""
    if files is None:
        return None
    return {
        "count": files.count, "size": files.size, "digest": files.digest, "seen": files.seen,
        "changed": files.changed,
    }  # fmt: skip


def decode_dataset(told: Mapping[str, Any]) -> Dataset:
    """The definition of a WireDataset; raises Invalid."""
    return dataset.read(told)


def _workspace(body: Mapping[str, Any]) -> WorkspaceName:
    return ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))
