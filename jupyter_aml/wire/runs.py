"""Runs, and where they belong."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Status = Literal[
    "NotStarted", "Preparing", "Provisioning", "Queued", "Starting", "Running", "NotResponding",
    "CancelRequested", "Finalizing", "Completed", "Failed", "Canceled",
]  # fmt: skip


class WireFailure(TypedDict):
    """Why a run failed. `line` is counted as the editor shows it."""

    message: str
    type: str | None
    code: str
    line: int | None
    file: str | None
    hint: str | None
    traceback: str | None


class WireOrigin(TypedDict):
    """The notebook cell a run was sent from."""

    notebook: str | None
    cellId: str | None
    executionCount: int | None


class WireLimits(TypedDict, total=False):
    """How much of its machine a run asks for and is kept to; memory in bytes."""

    cpus: float
    memory: int
    processes: int
    gpus: int


class WireDistribution(TypedDict):
    """The processes of a run: `processes` on each of its nodes, `servers` of all serve parameters.

    `kind` is `mpi`, `pytorch` or `tensorflow`.
    """

    kind: str
    processes: int
    nodes: int
    servers: int


class WireJob(TypedDict):
    """What a run executes. Times are seconds.

    Variables that are secrets, by their names or because `secretVariables` names them, are `***`.
    """

    command: list[str]
    interpreter: str
    environment: str
    environmentVariables: dict[str, str]
    secretVariables: list[str]
    target: str
    timeout: float | None
    grace: float
    lineOffset: int
    priority: int
    limits: WireLimits
    distribution: WireDistribution | None


class WireRun(TypedDict):
    """One run, as lists, cards and run.json hold it. Times are ISO 8601 in UTC.

    `loggedParameters` names those of its parameters that its script has logged: it was sent with
    the others.
    """

    runId: str
    workspace: str
    experiment: str
    number: int
    status: Status
    createdAt: str
    changedAt: str
    startedAt: str | None
    endedAt: str | None
    seq: int
    type: str
    displayName: str | None
    description: str
    target: str
    job: WireJob | None
    script: str | None
    arguments: list[str]
    parameters: dict[str, Any]
    loggedParameters: list[str]
    tags: dict[str, str]
    properties: dict[str, str]
    parentId: str | None
    origin: WireOrigin | None
    snapshotId: str | None
    submittedBy: str | None
    attempt: int
    reason: str | None
    cancelRequested: bool
    exitCode: int | None
    error: WireFailure | None
    warnings: list[str]
    metrics: dict[str, float | str | None]


class WireRunPage(TypedDict):
    """One page of a list of runs; `next` is given back as `after` for the next page.

    `children` says how many children each run of this page has, where it has any; `experiments`
    how many of all these runs, not of this page alone, each experiment of the page has.
    """

    runs: list[WireRun]
    total: int
    next: str | None
    children: dict[str, int]
    experiments: dict[str, int]


class WireExperiment(TypedDict):
    """An experiment with the number of its runs."""

    name: str
    workspace: str
    createdAt: str
    tags: dict[str, str]
    runCount: int


class WireWorkspace(TypedDict):
    """A workspace with what SDK v1 showed of it."""

    name: str
    subscriptionId: str
    resourceGroup: str
    location: str
    createdAt: str
    tags: dict[str, str]
    labels: dict[str, str]


class WirePrunedRuns(TypedDict):
    """The runs that were, or with `dryRun` would be, deleted; size in bytes."""

    runIds: list[str]
    size: int
