"""What is asked of runs that are there, decoded: other names and tags, or that old ones go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.wire.fields import Fields

_OF_A_PATCH = ("displayName", "description", "tags", "properties")
_OF_A_PRUNING = ("workspace", "experiment", "olderThan", "keep", "status", "dryRun")
_LONGEST = 100_000.0
"""Days; what is older than that is older than any clock."""


@dataclass(frozen=True, kw_only=True)
class RunPatch:
    """What shall be other than it is; what is None or not named stays, a tag of None goes away."""

    display_name: str | None
    description: str | None
    tags: Mapping[str, str | None]
    properties: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RunPruning:
    """Which ended runs shall go: all that is said must hold."""

    workspace: WorkspaceName
    experiment: ExperimentName | None
    older_than: timedelta | None
    keep: int | None
    statuses: frozenset[RunStatus]
    is_dry: bool


def decode_patch(body: Mapping[str, Any]) -> RunPatch:
    """Read the body of PATCH /aml/runs/<id>; raises Invalid, also for a field that is unknown."""
    given = Fields("patch", body)
    for name in body:
        if name not in _OF_A_PATCH:
            raise Invalid(f"{name!r} of a run cannot be changed; {', '.join(_OF_A_PATCH)} can")
    tags = given.mapping("tags").items()
    return RunPatch(
        display_name=given.text("displayName") if "displayName" in body else None,
        description=given.text("description") if "description" in body else None,
        tags={key: None if value is None else str(value) for key, value in tags},
        properties=given.text_map("properties"),
    )


def decode_run_pruning(body: Mapping[str, Any]) -> RunPruning:
    """Read the body of POST /aml/prune; raises Invalid, also where it would take everything."""
    for name in body:
        if name not in _OF_A_PRUNING:
            raise Invalid(f"{name!r} is not known; {', '.join(_OF_A_PRUNING)} are")
    days, keep, status = body.get("olderThan"), body.get("keep"), body.get("status")
    if days is None and keep is None and status is None:
        raise Invalid("say which runs shall go: olderThan, keep or status")
    experiment = body.get("experiment")
    return RunPruning(
        workspace=ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE)),
        experiment=None if experiment is None else ids.experiment_name(experiment),
        older_than=None if days is None else _span(days),
        keep=None if keep is None else _count(keep),
        statuses=_statuses(status),
        is_dry=bool(body.get("dryRun", False)),
    )


def _span(days: Any) -> timedelta:
    if isinstance(days, bool) or not isinstance(days, int | float) or not days >= 0:
        raise Invalid(f"olderThan: expected days, not {days!r}")
    return timedelta(days=min(days, _LONGEST))


def _count(keep: Any) -> int:
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise Invalid(f"keep: expected a whole number from 0 on, not {keep!r}")
    return keep


def _statuses(status: Any) -> frozenset[RunStatus]:
    final = {each.value: each for each in RunStatus if each.is_final}
    if status is None:
        return frozenset(final.values())
    if not isinstance(status, list):
        raise Invalid("status: expected a list of texts")
    for each in status:
        if not isinstance(each, str) or each not in final:
            raise Invalid(f"status: no run ends as {each!r}; {', '.join(final)} are how runs end")
    return frozenset(final[each] for each in status)
