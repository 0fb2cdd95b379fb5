"""What is asked of environments, decoded: that one is registered, built, labelled, or goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_aml.domain import environment, ids, specification
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.requirement import lines_of


@dataclass(frozen=True, kw_only=True)
class NewEnvironment:
    """An environment that shall be registered, or only looked at."""

    workspace: WorkspaceName
    read: Callable[[], Definition]
    """Reads the definition; raises Invalid. A long specification takes a while."""


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """A build of a version, or of the newest; `again` resolves anew."""

    workspace: WorkspaceName
    version: str | None
    again: bool
    extras: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NewLabels:
    """Labels that a version shall have, which leave whichever version had them."""

    workspace: WorkspaceName
    version: str
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EnvironmentPruning:
    """Which built environments go: unused for so many days, or more than so many bytes."""

    days: float | None
    keep: float | None
    is_dry: bool


def decode_new_environment(body: Mapping[str, Any]) -> NewEnvironment:
    """Read the body of POST /aml/environments and /aml/environment-check; raises Invalid."""
    return NewEnvironment(workspace=_workspace(body), read=lambda: _definition(body))


def decode_build(body: Mapping[str, Any]) -> BuildRequest:
    """Read the body of POST /aml/environments/<name>/build; raises Invalid."""
    version, extras = body.get("version"), body.get("extras", [])
    if not isinstance(extras, list) or not all(isinstance(each, str) for each in extras):
        raise Invalid("extras: expected a list of requirements")
    return BuildRequest(
        workspace=_workspace(body),
        version=None if version is None else str(version),
        again=bool(body.get("again")),
        extras=tuple(extras),
    )


def decode_new_labels(body: Mapping[str, Any]) -> NewLabels:
    """Read the body of POST /aml/environments/<name>/labels; raises Invalid."""
    version, labels = body.get("version"), body.get("labels")
    if not isinstance(version, str):
        raise Invalid("version: expected the version that gets the labels")
    if not isinstance(labels, list) or not labels:
        raise Invalid("labels: expected a list of labels")
    named = tuple(ids.named("label", label) for label in labels)
    return NewLabels(workspace=_workspace(body), version=version, labels=named)


def decode_environment_pruning(body: Mapping[str, Any]) -> EnvironmentPruning:
    """Read the body of POST /aml/environment-prune; raises Invalid."""
    days, keep = body.get("olderThanDays"), body.get("keepBytes")
    for name, value in (("olderThanDays", days), ("keepBytes", keep)):
        if value is not None and (type(value) not in (int, float) or value < 0):
            raise Invalid(f"{name}: expected a number that is 0 or more, not {value!r}")
    return EnvironmentPruning(days=days, keep=keep, is_dry=bool(body.get("dryRun")))


def _workspace(body: Mapping[str, Any]) -> WorkspaceName:
    return ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))


def _definition(body: Mapping[str, Any]) -> Definition:
    if body.get("definition") is not None:
        return environment.read(body["definition"])
    text, form = body.get("specification"), body.get("format", "conda")
    if not isinstance(text, str):
        raise Invalid("give a definition, or a specification and a name")
    if form not in ("conda", "pip"):
        raise Invalid(f"format: expected 'conda' or 'pip', not {form!r}")
    conda = _of_requirements(text) if form == "pip" else specification.conda_yaml(text)
    packages = {key: value for key, value in conda.items() if key not in ("variables", "prefix")}
    return environment.read(
        {
            "name": body.get("name"),
            "python": {"condaDependencies": packages},
            "environmentVariables": conda.get("variables") or {},
        }
    )


def _of_requirements(text: str) -> dict[str, Any]:
    return {"channels": [], "dependencies": ["pip", {"pip": list(lines_of(text))}]}
