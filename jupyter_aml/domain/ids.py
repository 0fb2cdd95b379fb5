"""Names and ids: what they may look like, and how new ones are made."""

from __future__ import annotations

import re
from typing import NewType

from jupyter_aml.domain.errors import Invalid

RunId = NewType("RunId", str)
WorkspaceName = NewType("WorkspaceName", str)
ExperimentName = NewType("ExperimentName", str)

DEFAULT_WORKSPACE = WorkspaceName("default")

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z")


def run_id(text: str) -> RunId:
    """Return `text` as a run id, or raise Invalid."""
    if not _RUN_ID.match(text):
        raise Invalid(
            f"{text[:80]!r} is not a run id: letters, digits, '-' and '_', "
            "starting with a letter or digit, at most 255 characters"
        )
    return RunId(text)


def new_run_id(experiment: str, *, seconds: int, suffix: str) -> RunId:
    """Return the id SDK v1 would have made: experiment, time and eight random hex digits."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", experiment).strip("-_") or "run"
    return run_id(f"{stem[:200]}_{seconds}_{suffix}")


def workspace_name(text: str) -> WorkspaceName:
    """Return `text` as a workspace name, or raise Invalid."""
    return WorkspaceName(named("workspace", text))


def experiment_name(text: str) -> ExperimentName:
    """Return `text` as an experiment name, or raise Invalid."""
    return ExperimentName(named("experiment", text))


def experiment_of(path: str, *, otherwise: str) -> ExperimentName:
    """The experiment of a file by default: its name without the ending, cleaned to be a name."""
    stem = re.sub(r"(?<=.)\.[^.]*\Z", "", path.replace("\\", "/").rpartition("/")[2])
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-_.")[:255]
    return ExperimentName(name or otherwise)


def named(kind: str, text: object) -> str:
    """Return `text` as the name of a `kind`, or raise Invalid."""
    if not isinstance(text, str) or not _NAME.match(text):
        shown = text[:80] if isinstance(text, str) else text
        raise Invalid(
            f"{shown!r} cannot be the name of {'an' if kind[0] in 'aeiou' else 'a'} {kind}: "
            "use letters, digits, '-', '_' and '.', starting with a letter or digit, at most 255"
        )
    return text
