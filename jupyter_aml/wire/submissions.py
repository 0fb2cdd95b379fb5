"""What is sent to be run, decoded: a new run, or one once more."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from jupyter_aml.domain import environment, ids
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.run import CELL_RUNNER, INTERACTIVE_RUN, SCRIPT_RUN, Job, Origin, Process
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.wire.asked import WireSource
from jupyter_aml.wire.coding import decode_job, decode_origin
from jupyter_aml.wire.fields import Fields
from jupyter_aml.wire.run_data import asked_data

T = TypeVar("T")
_TYPES = (SCRIPT_RUN, INTERACTIVE_RUN)
_DIGITS = 9
"""Of an execution count."""
_OF_A_RETRY = ("runId", "displayName", "parameters")


@dataclass(frozen=True)
class Sent(Generic[T]):
    """What was sent, under the id that makes a repeated call the same as the first.

    A run that has the id is the answer whatever else was sent, so the rest is read only where
    there is none; `read` raises Invalid.
    """

    run_id: RunId | None
    read: Callable[[], T]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The code of a run: a folder, and on top of it texts and globs below `base`."""

    directory: str | None = None
    files: Mapping[str, str]
    include: tuple[str, ...] = ()
    base: str | None = None
    upload: str | None = None
    """The id under which its files were sent from another machine."""

    def place(self) -> WireSource:
        """Where the code is, as it is kept with the run: all but the texts."""
        place: WireSource = {}
        if self.directory is not None:
            place["directory"] = self.directory
        if self.include:
            place["include"] = list(self.include)
        if self.base is not None:
            place["base"] = self.base
        return place


MOST_FILES = 50_000
_MOST_BYTES = 1 << 40


@dataclass(frozen=True, kw_only=True)
class FarSource:
    """What lies below a folder of another machine: sizes by path, and texts of ignore files."""

    workspace: WorkspaceName
    upload: str
    part: str
    """Which folder of a source it is: `directory` or `base`."""
    include: tuple[str, ...]
    files: Mapping[str, int]
    ignores: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CellCheck:
    """A cell that shall be looked at before it is a run."""

    code: str
    cells: Mapping[str, str]
    """The notebook's other cells by execution count."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A run that shall be made."""

    run_id: RunId | None
    workspace: WorkspaceName
    experiment: ExperimentName
    type: str
    display_name: str | None
    description: str
    job: Job | None
    environment: Definition | None
    data: RunData
    source: Source
    script: str | None
    arguments: tuple[str, ...]
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    parent: RunId | None
    origin: Origin | None
    process: Process | None
    """The process that logs, where there is no job."""
    is_dry: bool
    if_changed: bool
    check: CellCheck | None


@dataclass(frozen=True, kw_only=True)
class Retry:
    """A run once more, with what shall be other than it was."""

    run_id: RunId | None
    display_name: str | None
    parameters: Mapping[str, Any]


def decode_submission(body: Mapping[str, Any]) -> Sent[Submission]:
    """Read the body of POST /aml/runs; raises Invalid."""
    return Sent(_id(body), lambda: _submission(body))


def decode_retry(body: Mapping[str, Any]) -> Sent[Retry]:
    """Read the body of POST /aml/runs/<id>/retry; raises Invalid."""
    return Sent(_id(body), lambda: _retry(body))


def decode_source(told: object) -> Source:
    """Read the source that a submission names; raises Invalid."""
    if not isinstance(told, Mapping):
        raise Invalid("source must be an object")
    files, include = told.get("files", {}), told.get("include", [])
    if not isinstance(files, Mapping) or not all(isinstance(text, str) for text in files.values()):
        raise Invalid("source.files must be an object of texts")
    if not isinstance(include, list) or not all(isinstance(glob, str) for glob in include):
        raise Invalid("source.include must be a list of texts")
    return Source(
        directory=_folder(told, "directory"),
        files=files,
        include=tuple(include),
        base=_folder(told, "base"),
        upload=None if told.get("upload") is None else str(told["upload"]),
    )


def decode_far_source(body: Mapping[str, Any]) -> FarSource:
    """Read the body of POST /aml/source-uploads; raises Invalid."""
    given = Fields("source", body)
    part, files = given.text("part"), given.mapping("files")
    if part not in ("directory", "base"):
        raise Invalid(f"source.part: {part!r} is neither 'directory' nor 'base'")
    if len(files) > MOST_FILES:
        raise Invalid(f"source.files: {len(files):,} files; at most {MOST_FILES:,} are looked at")
    sizes = all(isinstance(size, int) and 0 <= size <= _MOST_BYTES for size in files.values())
    if not sizes:
        raise Invalid("source.files: expected sizes in bytes")
    return FarSource(
        workspace=ids.workspace_name(given.text("workspace", ids.DEFAULT_WORKSPACE)),
        upload=given.text("upload"),
        part=part,
        include=tuple(given.texts("include")),
        files=dict(files),
        ignores=given.text_map("ignores"),
    )


def _id(body: Mapping[str, Any]) -> RunId | None:
    given = body.get("runId")
    return None if given is None else ids.run_id(str(given))


def _submission(body: Mapping[str, Any]) -> Submission:
    _check_text(body)
    given = Fields("run", body)
    experiment = ids.experiment_name(_required(body, "experiment"))
    workspace = ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))
    kind = body.get("type", SCRIPT_RUN)
    if kind not in _TYPES:
        raise Invalid(f"there is no type of run {kind!r}; there are {', '.join(_TYPES)}")
    job = _job(body) if kind == SCRIPT_RUN or body.get("job") is not None else None
    source = decode_source(body.get("source", {}))
    wanted, origin = body.get("environment"), body.get("origin")
    return Submission(
        run_id=None if body.get("runId") is None else ids.run_id(given.text("runId")),
        workspace=workspace,
        experiment=experiment,
        type=kind,
        display_name=given.optional("displayName"),
        description=given.text("description", ""),
        job=job,
        environment=None if wanted is None or kind != SCRIPT_RUN else environment.read(wanted),
        data=_data(body, kind),
        source=source,
        script=given.optional("script"),
        arguments=tuple(given.texts("arguments")),
        parameters=dict(given.mapping("parameters")),
        tags=given.text_map("tags"),
        properties=given.text_map("properties"),
        parent=None if body.get("parentId") is None else ids.run_id(given.text("parentId")),
        origin=None if origin is None else decode_origin(origin),
        process=_process(body.get("process")),
        is_dry=bool(body.get("dryRun")),
        if_changed=bool(body.get("ifChanged")),
        check=None if body.get("check") is None else _check(body["check"], job, source),
    )


def _data(body: Mapping[str, Any], kind: str) -> RunData:
    data = asked_data(body)
    if data and kind != SCRIPT_RUN:
        raise Invalid("inputs and outputs: only a run with a script has them")
    return data


def _check(told: Any, job: Job | None, source: Source) -> CellCheck:
    cells = Fields("check", told).text_map("cells")
    for number in cells:
        if not number.isdecimal() or len(number) > _DIGITS:
            raise Invalid(f"check.cells: {number[:40]!r} is no execution count")
    if job is not None and CELL_RUNNER in job.command:
        code = source.files.get(job.command[-1])
        if code is not None:
            return CellCheck(code=code, cells=cells)
    raise Invalid("check: only a cell can be checked, and this run is none")


def _job(body: Mapping[str, Any]) -> Job:
    job = decode_job(_required(body, "job"))
    if not job.command:
        raise Invalid("job.command is empty: nothing to run")
    return job


def _process(told: Any) -> Process | None:
    if told is None:
        return None
    given = Fields("process", told)
    pid = given.whole("pid", None)
    if pid is None:
        raise Invalid("process.pid is missing")
    return Process(pid=pid, start=given.text("start"))


def _folder(told: Mapping[str, Any], name: str) -> str | None:
    given = told.get(name)
    if given is not None and (not isinstance(given, str) or not os.path.isabs(given)):
        raise Invalid(f"source.{name} must be an absolute path of a folder, not {given!r}")
    return given


def _retry(body: Mapping[str, Any]) -> Retry:
    _check_text(body)
    for name in body:
        if name not in _OF_A_RETRY:
            raise Invalid(f"{name!r} of a repeated run cannot be set; {', '.join(_OF_A_RETRY)} can")
    parameters, named = body.get("parameters", {}), body.get("displayName")
    if not isinstance(parameters, Mapping):
        raise Invalid("parameters: expected an object")
    if named is not None and not isinstance(named, str):
        raise Invalid("displayName: expected text")
    return Retry(run_id=_id(body), display_name=named, parameters=parameters)


def _required(body: Mapping[str, Any], name: str) -> Any:
    if name not in body:
        raise Invalid(f"{name} is missing")
    return body[name]


def _check_text(body: Mapping[str, Any]) -> None:
    """Raise Invalid for what no file can hold."""
    # The source is bytes in the end; all else stands in run.json, which is UTF-8.
    for name, value in body.items():
        if name != "source":
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise Invalid(f"{name} holds what is no text: half of a surrogate pair") from None
