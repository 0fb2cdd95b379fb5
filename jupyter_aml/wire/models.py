"""Registered models, their files, and what they come from and go to."""

from __future__ import annotations

from typing import Any, TypedDict


class WireDataUse(TypedDict):
    """Data that a model was made with, and for what: a registered version, or a definition.

    `id` is that of the data set in SDK v1.
    """

    scenario: str
    id: str | None
    name: str | None
    version: str | None
    definition: dict[str, Any] | None


class WireResources(TypedDict):
    """What a service of a model needs."""

    cpu: float | None
    memoryInGb: float | None
    gpu: int | None


class WireModel(TypedDict):
    """A version of a model; `id` is `name:version`.

    `root` is the file or folder that its files are, `size` the bytes of all, `fileCount` how many.
    `runId` is the run that made it, which may be gone; `isPacked` is SDK v1's `unpack`.
    """

    workspace: str
    name: str
    version: str
    id: str
    createdAt: str
    createdBy: str | None
    description: str
    framework: str | None
    frameworkVersion: str | None
    tags: dict[str, str]
    properties: dict[str, str]
    aliases: list[str]
    root: str
    size: int
    fileCount: int
    runId: str | None
    experiment: str | None
    datasets: list[WireDataUse]
    sampleInput: WireDataUse | None
    sampleOutput: WireDataUse | None
    resources: WireResources | None
    isPacked: bool


class WireModelPage(TypedDict):
    """A page of versions, the newest first; `next` is the `after` of the page that follows."""

    models: list[WireModel]
    total: int
    next: str | None


class WireModelFile(TypedDict):
    """A file of a model; `hash` is blake3 in hex."""

    path: str
    size: int
    hash: str


class WireModelFiles(TypedDict):
    """The files of a version of a model."""

    name: str
    version: str
    root: str
    files: list[WireModelFile]


class WireModelMaker(TypedDict):
    """The run that made a model, as it was then; `isThere` says whether it still is."""

    runId: str
    experiment: str
    environment: str | None
    snapshotId: str | None
    isThere: bool


class WireModelUse(TypedDict):
    """What uses a model: a `run` that fetched it."""

    kind: str
    id: str
    name: str
    at: str | None


class WireModelLineage(TypedDict):
    """Where a version of a model comes from, and who uses it.

    `datasets` are those that were named for it, then those that the run was sent with.
    """

    name: str
    version: str
    maker: WireModelMaker | None
    datasets: list[WireDataUse]
    usedBy: list[WireModelUse]


class WirePrunedContents(TypedDict):
    """How many contents were, or with `dryRun` would be, removed; size in bytes."""

    count: int
    size: int


class WireRunModels(TypedDict):
    """The models that a run registered, and the ids of those that it fetched."""

    registered: list[WireModel]
    used: list[str]
