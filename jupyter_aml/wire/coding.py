"""To and from the domain. Only this module knows both spellings: `created_at` and `createdAt`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from jupyter_aml.domain import ids, secrets
from jupyter_aml.domain.distribution import Distribution
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import MOST_PRIORITY, Failure, Job, Origin, Run, RunStatus
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.wire.fields import Fields
from jupyter_aml.wire.runs import (
    WireDistribution,
    WireFailure,
    WireJob,
    WireLimits,
    WireOrigin,
    WireRun,
)


def encode_time(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds and a Z, or None."""
    if at is None:
        return None
    text = at.astimezone(timezone.utc).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


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
        "environmentVariables": secrets.hidden(job.environment_variables, job.secret_variables),
        "secretVariables": list(job.secret_variables),
        "target": job.target,
        "timeout": None if job.timeout is None else job.timeout.total_seconds(),
        "grace": job.grace.total_seconds(),
        "lineOffset": job.line_offset,
        "priority": job.priority,
        "limits": cast(WireLimits, job.limits.to_json()),
        "distribution": None
        if job.distribution is None
        else cast(WireDistribution, job.distribution.to_json()),
    }


def _priority(number: int) -> int:
    if abs(number) > MOST_PRIORITY:
        raise Invalid(f"job.priority: {number} is not between -{MOST_PRIORITY} and {MOST_PRIORITY}")
    return number


def decode_job(data: Mapping[str, Any]) -> Job:
    """A job from JSON; raises Invalid with the name of the field."""
    given = Fields("job", data)
    timeout = given.number("timeout", None)
    grace = given.number("grace", 10.0)
    if timeout is not None and timeout <= 0:
        raise Invalid(f"the timeout must be longer than 0 seconds, not {timeout}")
    return Job(
        command=tuple(given.texts("command")),
        interpreter=given.text("interpreter", ""),
        environment=given.text("environment", "user-managed"),
        environment_variables=given.text_map("environmentVariables"),
        secret_variables=tuple(given.texts("secretVariables")),
        target=given.text("target", "local"),
        timeout=None if timeout is None else _span("timeout", timeout),
        grace=_span("grace", 10.0 if grace is None else grace),
        line_offset=given.whole("lineOffset", 0) or 0,
        priority=_priority(given.whole("priority", 0) or 0),
        limits=Limits.from_json(data.get("limits")),
        distribution=Distribution.from_json(data.get("distribution")),
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
        "loggedParameters": list(run.logged_parameters),
        "tags": dict(run.tags),
        "properties": dict(run.properties),
        "parentId": run.parent,
        "origin": None if run.origin is None else _encode_origin(run.origin),
        "snapshotId": run.snapshot_id,
        "submittedBy": run.submitted_by,
        "attempt": run.attempt,
        "reason": run.reason,
        "cancelRequested": run.cancel_requested,
        "exitCode": run.exit_code,
        "error": None if run.failure is None else _encode_failure(run.failure),
        "warnings": list(run.warnings),
        "metrics": {name: finite(value) for name, value in run.metrics.items()},
    }


def _encode_origin(origin: Origin) -> WireOrigin:
    return {
        "notebook": origin.notebook,
        "cellId": origin.cell_id,
        "executionCount": origin.execution_count,
    }


def _encode_failure(failure: Failure) -> WireFailure:
    return {
        "message": failure.message,
        "type": failure.type,
        "code": failure.code,
        "line": failure.line,
        "file": failure.file,
        "hint": failure.hint,
        "traceback": failure.traceback,
    }


def decode_run(data: Mapping[str, Any]) -> Run:
    """A run from JSON (an answer or run.json); raises Invalid with the name of the field."""
    given = Fields("run", data)
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
        number=given.whole("number", 0) or 0,
        status=status,
        created_at=created,
        changed_at=changed,
        started_at=decode_time(given.optional("startedAt")),
        ended_at=decode_time(given.optional("endedAt")),
        seq=given.whole("seq", 0) or 0,
        type=given.text("type", "azureml.scriptrun"),
        display_name=given.optional("displayName"),
        description=given.text("description", ""),
        job=None if job is None else decode_job(job),
        script=given.optional("script"),
        arguments=tuple(given.texts("arguments")),
        parameters=dict(given.mapping("parameters")),
        logged_parameters=tuple(given.texts("loggedParameters")),
        tags=given.text_map("tags"),
        properties=given.text_map("properties"),
        parent=None if data.get("parentId") is None else ids.run_id(given.text("parentId")),
        origin=None if origin is None else decode_origin(origin),
        snapshot_id=given.optional("snapshotId"),
        submitted_by=given.optional("submittedBy"),
        attempt=given.whole("attempt", 0) or 0,
        reason=given.optional("reason"),
        cancel_requested=given.flag("cancelRequested"),
        exit_code=given.whole("exitCode", None),
        failure=None if error is None else _decode_failure(error),
        warnings=tuple(given.texts("warnings")),
        metrics={
            name: value if type(value) is float else _decode_last(name, value)
            for name, value in given.mapping("metrics").items()
        },
    )


def _decode_failure(data: Any) -> Failure:
    given = Fields("run.error", data)
    return Failure(
        message=given.text("message"),
        type=given.optional("type"),
        code=given.text("code", "UserError"),
        line=given.whole("line", None),
        file=given.optional("file"),
        hint=given.optional("hint"),
        traceback=given.optional("traceback"),
    )


def _decode_last(name: str, value: Any) -> float | str:
    """The last value of a metric; what has no number is NaN."""
    if value is None:
        return float("nan")
    try:
        return value if isinstance(value, str) else float(value)
    except (TypeError, OverflowError):
        raise Invalid(f"run.metrics: {name[:80]!r} is no number that can be held") from None


def decode_origin(data: Mapping[str, Any]) -> Origin:
    """The place a run was sent from; raises Invalid."""
    given = Fields("origin", data)
    return Origin(
        notebook=given.optional("notebook"),
        cell_id=given.optional("cellId"),
        execution_count=given.whole("executionCount", None),
    )


def finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they travel as null and as text."""
    if isinstance(value, float) and value - value != 0:
        return None if value != value else ("Infinity" if value > 0 else "-Infinity")
    return value
