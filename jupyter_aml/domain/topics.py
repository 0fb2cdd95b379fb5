"""What a listener may follow, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_aml.domain.ids import RunId, WorkspaceName


@dataclass(frozen=True)
class OneRun:
    """A run: its state, the logs that are named, its metrics and its files."""

    run_id: RunId
    logs: Mapping[str, int] = field(default_factory=dict)
    """The byte of each log from which it is followed."""
    cursor: int | None = None
    """How much of the metrics is known; None for nothing."""
    turn: int | None = None
    """A number of the listener's own, which comes back with the metrics."""


@dataclass(frozen=True)
class ListOfRuns:
    """The runs of a workspace, or the children of one run alone."""

    workspace: WorkspaceName
    seq: int = 0
    """The newest change that is known."""
    parent: RunId | None = None


@dataclass(frozen=True)
class ListOfEnvironments:
    """The environments of a workspace."""

    workspace: WorkspaceName


@dataclass(frozen=True)
class RegisteredThings:
    """The datastores, data sets and models of a workspace."""

    workspace: WorkspaceName


Topic = OneRun | ListOfRuns | ListOfEnvironments | RegisteredThings
