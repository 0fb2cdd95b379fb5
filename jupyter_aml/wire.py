"""The one JSON form of the domain; `labextension/src/wire.ts` is generated from it.

Only this module knows both spellings: Python says `created_at`, JSON says `createdAt`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, TypedDict

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import Failure, Job, Origin, Run, RunStatus

if sys.version_info >= (3, 11):
    from typing import NotRequired

PROTOCOL = 1
"""Grows when a page of one version cannot talk to a server of another."""

RUN_MIME = "application/vnd.jupyter-aml.run+json"
COMPARISON_MIME = "application/vnd.jupyter-aml.comparison+json"

Status = Literal[
    "NotStarted", "Preparing", "Provisioning", "Queued", "Starting", "Running", "NotResponding",
    "CancelRequested", "Finalizing", "Completed", "Failed", "Canceled",
]  # fmt: skip

# ---- what the server says -------------------------------------------------------------------


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


class WireJob(TypedDict):
    """What a run executes. Times are seconds."""

    command: list[str]
    interpreter: str
    environment: str
    environmentVariables: dict[str, str]
    target: str
    timeout: float | None
    grace: float
    lineOffset: int


class WireRun(TypedDict):
    """One run, as lists, cards and run.json hold it. Times are ISO 8601 in UTC."""

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

    `children` says how many children each run of this page has, where it has any.
    """

    runs: list[WireRun]
    total: int
    next: str | None
    children: dict[str, int]


class WireSeries(TypedDict):
    """One scalar metric, thinned out for drawing; x is the step (ascending), t the time in s."""

    x: list[float]
    y: list[float | None]
    t: list[float]
    count: int
    last: float | None


class WireValue(TypedDict):
    """One logged thing that is not a number."""

    kind: Literal["text", "list", "row", "table", "image", "confusion_matrix", "accuracy_table",
                  "predictions", "residuals"]  # fmt: skip
    value: Any
    time: float
    step: float | None


class WireMetrics(TypedDict):
    """Metrics of a run. `cursor` is opaque: give it back to receive only what is newer."""

    runId: str
    series: dict[str, WireSeries]
    values: dict[str, list[WireValue]]
    cursor: dict[str, int]


class WireFile(TypedDict):
    """A file of a run under the name SDK v1 gave it; size in bytes, modified in epoch seconds."""

    name: str
    size: int
    modified: float


class WireFiles(TypedDict):
    """Files of a run, sorted by name; `total` counts all, `next` is given back as `after`."""

    runId: str
    files: list[WireFile]
    total: int
    next: str | None


class WireSnapshotFile(TypedDict):
    """A file of the stored source; hash is blake3 in hex."""

    path: str
    size: int
    hash: str


class WireSnapshot(TypedDict):
    """What was sent with a run."""

    snapshotId: str
    files: list[WireSnapshotFile]
    excluded: list[str]


class WireDryRun(TypedDict):
    """What a submission would send, and nothing done; sizes in bytes."""

    files: list[WireSnapshotFile]
    excluded: list[str]
    totalSize: int
    command: list[str]
    target: str
    reason: str


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


class WireCompute(TypedDict):
    """A compute target and how busy it is."""

    name: str
    type: str
    slots: int
    busy: int
    waiting: int


class WireGit(TypedDict):
    """The state of the repository that the source was sent from; diffSize in bytes."""

    repository: str | None
    branch: str | None
    commit: str
    isDirty: bool
    diffSize: int


class WireHost(TypedDict):
    """The machine that a run ran on; memory in bytes."""

    name: str
    system: str
    processor: str
    cores: int
    memory: int
    gpus: list[str]


class WireFacts(TypedDict):
    """What was recorded of a run without being asked; null where nothing could be learned."""

    runId: str
    git: WireGit | None
    python: str | None
    packages: list[WirePackage]
    host: WireHost | None


class WireCell(TypedDict):
    """Code that repeats a run, to be put into a cell and edited."""

    text: str


class WireChange(TypedDict):
    """One thing in which two runs differ; null where a run does not have it."""

    name: str
    left: Any
    right: Any


class WireFileChange(TypedDict):
    """A file of the source in which two runs differ; `diff` is a unified diff of text."""

    path: str
    state: Literal["added", "removed", "changed", "binary"]
    diff: str | None


class WireRunDifference(TypedDict):
    """All in which two runs differ. What is equal is not in it."""

    left: WireRun
    right: WireRun
    facts: list[WireChange]
    parameters: list[WireChange]
    metrics: list[WireChange]
    packages: list[WireChange]
    files: list[WireFileChange]


class WirePrunedRuns(TypedDict):
    """The runs that were, or with `dryRun` would be, deleted; size in bytes."""

    runIds: list[str]
    size: int


EnvironmentState = Literal["not built", "building", "ready", "failed"]


class WireEnvironment(TypedDict):
    """One version of an environment. `definition` is the JSON form of SDK v1.

    `reason` says what a build does now or why it failed; `size` is in bytes, `runs` counts the
    runs that use it, and `versions` lists all versions of the name, newest first.
    `specification` is what a user may edit: a conda specification as YAML.
    """

    workspace: str
    name: str
    version: str
    versions: list[str]
    kind: Literal["user-managed", "pip", "conda", "docker"]
    curated: bool
    createdAt: str
    definition: dict[str, Any]
    specification: str
    state: EnvironmentState
    reason: str | None
    key: str | None
    size: int | None
    builtAt: str | None
    warnings: list[str]
    runs: int


class WirePackage(TypedDict):
    """A package in a built environment."""

    name: str
    version: str


class WireLock(TypedDict):
    """What exactly is in a built environment; `text` as the tool that made it writes it down."""

    environment: str
    version: str
    key: str
    python: str
    text: str
    packages: list[WirePackage]


class WireMaterialised(TypedDict):
    """An environment as a process finds it, or how far its build is (`interpreter` is null)."""

    state: EnvironmentState
    reason: str | None
    interpreter: str | None
    image: str | None
    variables: dict[str, str]
    warnings: list[str]


class WireMistake(TypedDict):
    """What is wrong with a text; line and column count from 1, null where no place is known."""

    message: str
    line: int | None
    column: int | None


class WireCheck(TypedDict):
    """A specification that was looked at: what it would become, or what is wrong with it."""

    definition: dict[str, Any] | None
    mistakes: list[WireMistake]
    warnings: list[str]


class WirePruned(TypedDict):
    """What was, or with `dryRun` would be, removed; size in bytes."""

    keys: list[str]
    size: int


class WireKernelSpec(TypedDict):
    """An environment that was made a notebook kernel; `spec` is the name of its kernelspec."""

    spec: str
    displayName: str
    workspace: str
    environment: str
    version: str | None
    compute: str


class WireKernel(TypedDict):
    """A kernel that runs: of whom, for how long idle (seconds), memory in bytes, CPU in percent."""

    kernelId: str
    spec: str
    displayName: str
    environment: str | None
    notebook: str | None
    state: str
    idle: float | None
    connections: int
    startedAt: str
    memory: int | None
    cpu: float | None
    pid: int | None


class WireKernels(TypedDict):
    """The kernels that were made of environments, and all that run on this server.

    `python` is the interpreter that a kernelspec means which only says "python", and `folder` is
    where the paths of notebooks begin, if they are files.
    """

    specs: list[WireKernelSpec]
    running: list[WireKernel]
    python: str
    folder: str | None


class WireStatus(TypedDict):
    """The handshake: who answers, and which protocol it speaks."""

    version: str
    protocol: int
    root: str
    kind: Literal["jupyter", "headless"]
    pid: int
    epoch: int
    defaultWorkspace: str


class WireProblem(TypedDict):
    """Every error answer: `error` is the name of the error class, `message` one sentence."""

    error: str
    message: str
    hint: NotRequired[str]


# ---- what a client asks ---------------------------------------------------------------------


class WireSource(TypedDict, total=False):
    """The code of a run: a folder, and on top of it files given inline and globs below `base`."""

    directory: str
    files: dict[str, str]
    include: list[str]
    base: str


class WireSubmit(TypedDict, total=False):
    """Body of POST /aml/runs. `runId` makes a repeated call the same as the first."""

    runId: str
    workspace: str
    experiment: str
    type: str
    displayName: str
    description: str
    tags: dict[str, str]
    properties: dict[str, str]
    parameters: dict[str, Any]
    script: str
    arguments: list[str]
    job: WireJob
    source: WireSource
    origin: WireOrigin
    parentId: str
    process: dict[str, Any]
    environment: dict[str, Any]
    dryRun: bool
    ifChanged: bool


class WireRetry(TypedDict, total=False):
    """Body of POST /aml/runs/<id>/retry: what is to be other than it was."""

    runId: str
    displayName: str
    parameters: dict[str, Any]


class WirePruneRuns(TypedDict, total=False):
    """Body of POST /aml/prune: which ended runs to delete; `olderThan` in days, `keep` newest."""

    workspace: str
    experiment: str
    olderThan: float
    keep: int
    status: list[Status]
    dryRun: bool


class WireNewEnvironment(TypedDict, total=False):
    """Body of POST /aml/environments: a definition, or a text in its place.

    `specification` is a conda specification (YAML) or, with `format` "pip", requirements.
    """

    workspace: str
    definition: dict[str, Any]
    name: str
    specification: str
    format: Literal["conda", "pip"]


class WireBuildRequest(TypedDict, total=False):
    """Body of POST /aml/environments/<name>/build.

    `again` resolves anew instead of taking what an earlier build locked; `extras` are Python
    requirements on top, as `ipykernel` for a kernel.
    """

    workspace: str
    version: str
    again: bool
    extras: list[str]


class WireNewKernelSpec(TypedDict, total=False):
    """Body of POST /aml/kernels: without a version the kernel follows the newest one."""

    workspace: str
    environment: str
    version: str
    compute: str
    name: str


class WirePatch(TypedDict, total=False):
    """Body of PATCH /aml/runs/<id>: only what is given changes; a tag of null goes away."""

    displayName: str
    description: str
    tags: dict[str, str | None]
    properties: dict[str, str]


# ---- the socket -----------------------------------------------------------------------------


class WireSubscribe(TypedDict):
    """Client to server. Topics: `run` (with runId), `runs` and `environments` (with workspace).

    `logs` maps a log name to the byte from which to send; a log that is not named is not sent.
    `metrics` is a cursor, `seq` the newest `run.seq` the client has seen. With `parentId` the topic
    `runs` is about the children of that run alone. `turn` comes back with the metrics, so that what
    an earlier subscription had sent already is not taken for what this one sends.
    """

    type: Literal["subscribe", "unsubscribe"]
    topic: Literal["run", "runs", "environments"]
    runId: NotRequired[str]
    workspace: NotRequired[str]
    parentId: NotRequired[str]
    seq: NotRequired[int]
    logs: NotRequired[dict[str, int]]
    metrics: NotRequired[dict[str, int]]
    turn: NotRequired[int]


class WireHello(TypedDict):
    """First message of a socket."""

    type: Literal["hello"]
    status: WireStatus


class WireRunEvent(TypedDict):
    """A run changed (`run` and `runs` topics)."""

    type: Literal["run"]
    run: WireRun


class WireDeletedEvent(TypedDict):
    """A run is gone."""

    type: Literal["deleted"]
    runId: str
    seq: int


class WireLogEvent(TypedDict):
    """A piece of a log; `offset` and `end` are bytes of the file, `text` is decoded UTF-8."""

    type: Literal["log"]
    runId: str
    name: str
    offset: int
    end: int
    text: str


class WireMetricsEvent(TypedDict):
    """Points of a run: all there is (thinned out) with `replace`, else newer ones to append.

    `metrics.series[...].count` and `last` always speak of the whole series; `turn` is that of the
    subscription, where it had one.
    """

    type: Literal["metrics"]
    replace: bool
    metrics: WireMetrics
    turn: NotRequired[int]


class WireEnvironmentEvent(TypedDict):
    """A version of an environment is new or changed, as while it is built."""

    type: Literal["environment"]
    environment: WireEnvironment


class WireEnvironmentGoneEvent(TypedDict):
    """A version of an environment was deleted."""

    type: Literal["environmentGone"]
    workspace: str
    name: str
    version: str


class WireFilesEvent(TypedDict):
    """The list of files of a run changed: ask for it again."""

    type: Literal["files"]
    runId: str


class WireGapEvent(TypedDict):
    """This listener was too slow and events of the run were dropped: ask again by REST."""

    type: Literal["gap"]
    runId: str


class WireProblemEvent(TypedDict):
    """A subscription could not be served."""

    type: Literal["problem"]
    runId: str | None
    problem: WireProblem


WireEvent = (
    WireHello | WireRunEvent | WireDeletedEvent | WireLogEvent | WireMetricsEvent
    | WireEnvironmentEvent | WireEnvironmentGoneEvent | WireFilesEvent | WireGapEvent
    | WireProblemEvent
)  # fmt: skip


class WireLogTail(TypedDict):
    """The end of a log, kept in a notebook; `offset` is the byte where `text` starts."""

    name: str
    offset: int
    text: str
    size: int


class WireCard(TypedDict):
    """What a stored output holds of a run, enough to draw it with no server."""

    run: WireRun
    metrics: WireMetrics | None
    log: WireLogTail | None
    files: list[WireFile]
    images: dict[str, str]
    savedAt: str


class WireBundle(TypedDict):
    """The data of MIME type `application/vnd.jupyter-aml.run+json`."""

    version: int
    runId: str
    workspace: str
    show: Literal["full", "mini"]
    snapshot: WireCard | None


class WireComparisonCard(TypedDict):
    """What a stored output holds of runs that are compared; `metrics` by run id, thinned out."""

    runs: list[WireRun]
    metrics: dict[str, WireMetrics]
    savedAt: str


class WireComparison(TypedDict):
    """The data of MIME type `application/vnd.jupyter-aml.comparison+json`."""

    version: int
    runIds: list[str]
    workspace: str
    snapshot: WireComparisonCard | None


# ---- to and from the domain -----------------------------------------------------------------


def encode_time(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds and a Z, or None."""
    if at is None:
        return None
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decode_time(text: str | None) -> datetime | None:
    """The inverse of `encode_time`; raises Invalid."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except ValueError as error:
        raise Invalid(f"{text!r} is not a time in ISO 8601") from error


def encode_job(job: Job) -> WireJob:
    """A job as JSON."""
    return {
        "command": list(job.command),
        "interpreter": job.interpreter,
        "environment": job.environment,
        "environmentVariables": dict(job.environment_variables),
        "target": job.target,
        "timeout": None if job.timeout is None else job.timeout.total_seconds(),
        "grace": job.grace.total_seconds(),
        "lineOffset": job.line_offset,
    }


def decode_job(data: Mapping[str, Any]) -> Job:
    """A job from JSON; raises Invalid with the name of the field."""
    given = _Fields("job", data)
    timeout = given.number("timeout", None)
    grace = given.number("grace", 10.0)
    if timeout is not None and timeout <= 0:
        raise Invalid(f"the timeout must be longer than 0 seconds, not {timeout}")
    return Job(
        command=tuple(given.texts("command")),
        interpreter=given.text("interpreter", ""),
        environment=given.text("environment", "user-managed"),
        environment_variables=given.text_map("environmentVariables"),
        target=given.text("target", "local"),
        timeout=None if timeout is None else _span("timeout", timeout),
        grace=_span("grace", 10.0 if grace is None else grace),
        line_offset=int(given.number("lineOffset", 0) or 0),
    )


def _span(name: str, seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise Invalid(f"the {name} is longer than any clock can count") from None


def encode_run(run: Run) -> WireRun:
    """A run as JSON."""
    created, changed = encode_time(run.created_at), encode_time(run.changed_at)
    assert created is not None and changed is not None
    failure, origin = run.failure, run.origin
    return {
        "runId": run.id,
        "workspace": run.workspace,
        "experiment": run.experiment,
        "number": run.number,
        "status": run.status.value,
        "createdAt": created,
        "changedAt": changed,
        "startedAt": encode_time(run.started_at),
        "endedAt": encode_time(run.ended_at),
        "seq": run.seq,
        "type": run.type,
        "displayName": run.display_name,
        "description": run.description,
        "target": "local" if run.job is None else run.job.target,
        "job": None if run.job is None else encode_job(run.job),
        "script": run.script,
        "arguments": list(run.arguments),
        "parameters": dict(run.parameters),
        "tags": dict(run.tags),
        "properties": dict(run.properties),
        "parentId": run.parent,
        "origin": None if origin is None else {
            "notebook": origin.notebook,
            "cellId": origin.cell_id,
            "executionCount": origin.execution_count,
        },
        "snapshotId": run.snapshot_id,
        "submittedBy": run.submitted_by,
        "attempt": run.attempt,
        "reason": run.reason,
        "cancelRequested": run.cancel_requested,
        "exitCode": run.exit_code,
        "error": None if failure is None else {
            "message": failure.message,
            "type": failure.type,
            "code": failure.code,
            "line": failure.line,
            "file": failure.file,
            "hint": failure.hint,
            "traceback": failure.traceback,
        },
        "warnings": list(run.warnings),
        "metrics": {name: finite(value) for name, value in run.metrics.items()},
    }  # fmt: skip


def decode_run(data: Mapping[str, Any]) -> Run:
    """A run from JSON (an answer or run.json); raises Invalid with the name of the field."""
    given = _Fields("run", data)
    created = decode_time(given.text("createdAt"))
    changed = decode_time(given.text("changedAt"))
    assert created is not None and changed is not None
    job, origin, error = data.get("job"), data.get("origin"), data.get("error")
    try:
        status = RunStatus(given.text("status"))
    except ValueError as problem:
        raise Invalid(f"{data.get('status')!r} is not a status of a run") from problem
    return Run(
        id=ids.run_id(given.text("runId")),
        workspace=ids.workspace_name(given.text("workspace")),
        experiment=ids.experiment_name(given.text("experiment")),
        number=int(given.number("number", 0) or 0),
        status=status,
        created_at=created,
        changed_at=changed,
        started_at=decode_time(given.optional("startedAt")),
        ended_at=decode_time(given.optional("endedAt")),
        seq=int(given.number("seq", 0) or 0),
        type=given.text("type", "azureml.scriptrun"),
        display_name=given.optional("displayName"),
        description=given.text("description", ""),
        job=None if job is None else decode_job(job),
        script=given.optional("script"),
        arguments=tuple(given.texts("arguments")),
        parameters=dict(given.mapping("parameters")),
        tags=given.text_map("tags"),
        properties=given.text_map("properties"),
        parent=None if data.get("parentId") is None else ids.run_id(given.text("parentId")),
        origin=None if origin is None else decode_origin(origin),
        snapshot_id=given.optional("snapshotId"),
        submitted_by=given.optional("submittedBy"),
        attempt=int(given.number("attempt", 0) or 0),
        reason=given.optional("reason"),
        cancel_requested=bool(data.get("cancelRequested", False)),
        exit_code=data.get("exitCode"),
        failure=None if error is None else Failure(**error),
        warnings=tuple(given.texts("warnings")),
        metrics={
            name: float("nan") if value is None else value
            for name, value in given.mapping("metrics").items()
        },
    )


def decode_origin(data: Mapping[str, Any]) -> Origin:
    """The place a run was sent from; raises Invalid."""
    given = _Fields("origin", data)
    count = given.number("executionCount", None)
    return Origin(
        notebook=given.optional("notebook"),
        cell_id=given.optional("cellId"),
        execution_count=None if count is None else int(count),
    )


def decode_patch(data: Mapping[str, Any]) -> dict[str, Any]:
    """Check the body of a PATCH; raises Invalid for a field that is unknown or of a wrong kind."""
    given = _Fields("patch", data)
    known = ("displayName", "description", "tags", "properties")
    for name in data:
        if name not in known:
            raise Invalid(f"{name!r} of a run cannot be changed; {', '.join(known)} can")
    patch: dict[str, Any] = {
        name: given.text(name) for name in ("displayName", "description") if name in data
    }
    if "tags" in data:
        patch["tags"] = {
            key: None if value is None else str(value)
            for key, value in given.mapping("tags").items()
        }
    if "properties" in data:
        patch["properties"] = given.text_map("properties")
    return patch


def finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they travel as null and as text."""
    if isinstance(value, float) and value - value != 0:
        return None if value != value else ("Infinity" if value > 0 else "-Infinity")
    return value


class _Fields:
    """Reads the fields of one JSON object and names the one that is wrong."""

    def __init__(self, what: str, data: Any) -> None:
        if not isinstance(data, Mapping):
            raise Invalid(f"{what}: expected an object, got {type(data).__name__}")
        self._what, self._data = what, data

    def _wrong(self, name: str, wanted: str) -> Invalid:
        got = type(self._data.get(name)).__name__
        return Invalid(f"{self._what}.{name}: expected {wanted}, got {got}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._data.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return value

    def optional(self, name: str) -> str | None:
        return None if self._data.get(name) is None else self.text(name)

    def number(self, name: str, default: float | None) -> float | None:
        value = self._data.get(name, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self._wrong(name, "a number")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._data.get(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object")
        return value

    def text_map(self, name: str) -> dict[str, str]:
        value = self.mapping(name)
        if not all(isinstance(key, str) and isinstance(item, str) for key, item in value.items()):
            raise self._wrong(name, "an object of texts")
        return dict(value)
