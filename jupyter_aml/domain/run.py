"""A run: its states, the moves between them, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from jupyter_aml.domain.distribution import Distribution
from jupyter_aml.domain.errors import IllegalMove
from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits


class RunStatus(str, Enum):
    """The states of SDK v1, with its spelling."""

    NOT_STARTED = "NotStarted"
    PREPARING = "Preparing"
    PROVISIONING = "Provisioning"
    QUEUED = "Queued"
    STARTING = "Starting"
    RUNNING = "Running"
    NOT_RESPONDING = "NotResponding"
    CANCEL_REQUESTED = "CancelRequested"
    FINALIZING = "Finalizing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"

    def __str__(self) -> str:
        # StrEnum would do it, but this travels into runs of Python 3.10.
        return self.value

    @property
    def is_final(self) -> bool:
        """Whether no move leads out of this state."""
        return not MOVES[self]


S = RunStatus
MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    # An interactive run has no job, so it starts to run at once.
    S.NOT_STARTED: frozenset({S.PREPARING, S.RUNNING, S.CANCEL_REQUESTED, S.FINALIZING}),
    S.PREPARING: frozenset({S.PROVISIONING, S.QUEUED, S.CANCEL_REQUESTED, S.FINALIZING}),
    S.PROVISIONING: frozenset({S.QUEUED, S.CANCEL_REQUESTED, S.FINALIZING}),
    S.QUEUED: frozenset({S.PROVISIONING, S.STARTING, S.CANCEL_REQUESTED, S.FINALIZING}),
    # An attempt that provably never began goes back into the queue.
    S.STARTING: frozenset({S.QUEUED, S.RUNNING, S.CANCEL_REQUESTED, S.FINALIZING}),
    # One that has lost its node goes back, too, and begins again in a new attempt.
    S.RUNNING: frozenset({S.QUEUED, S.NOT_RESPONDING, S.CANCEL_REQUESTED, S.FINALIZING}),
    S.NOT_RESPONDING: frozenset({S.QUEUED, S.RUNNING, S.CANCEL_REQUESTED, S.FINALIZING}),
    S.CANCEL_REQUESTED: frozenset({S.FINALIZING}),
    # Every end goes through here, so that outputs are always collected.
    S.FINALIZING: frozenset({S.COMPLETED, S.FAILED, S.CANCELED}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELED: frozenset(),
}

SCRIPT_RUN = "azureml.scriptrun"
INTERACTIVE_RUN = "azureml.interactive"

MOST_METRICS = 100
"""Last values of one run that are told in lists and events: a list may have many runs."""
MOST_PRIORITY = 1_000
"""The highest priority of a run; the lowest is its negative."""
RANKS = "jupyter_aml.sdk._ranks"
"""The module that starts the processes of a run that has several."""
CELL_RUNNER = "jupyter_aml.sdk.cell_runner"
"""The module that runs a cell as a script. Runs that were stored name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run failed: one sentence, and the place where a user can mend it."""

    message: str
    type: str | None = None
    code: str = "UserError"
    line: int | None = None
    """Line of `file`, counted as the editor shows it (in a cell, `%%aml` is line 1)."""
    file: str | None = None
    hint: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The place a run was sent from."""

    notebook: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process, told by its start from a later one with the same number."""

    pid: int
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run executes: a command line in a working folder, by one interpreter."""

    command: tuple[str, ...]
    """What follows the interpreter, or a whole command when `interpreter` is empty."""
    interpreter: str = ""
    environment: str = "user-managed"
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    """Secrets among them stand here as `***`; their values are in a file beside the run."""
    secret_variables: tuple[str, ...] = ()
    """Names of variables that are secrets, besides those whose names say so."""
    target: str = "local"
    timeout: timedelta | None = None
    grace: timedelta = timedelta(seconds=10)
    line_offset: int = 0
    """Lines that the editor shows above the first line of a cell; its runner counts them."""
    priority: int = 0
    """Runs of a higher one go first where they wait for a target."""
    limits: Limits = NO_LIMITS
    """What it asks of its machine, and what it is kept to."""
    distribution: Distribution | None = None
    """Its processes, where it has several; else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of one command in one environment on one compute target."""

    id: RunId
    workspace: WorkspaceName
    experiment: ExperimentName
    number: int
    status: RunStatus
    created_at: datetime
    changed_at: datetime
    seq: int = 0
    """Grows with every change of any run of the root; never reused, also after a restart."""
    type: str = SCRIPT_RUN
    display_name: str | None = None
    description: str = ""
    job: Job | None = None
    """None for an interactive run, which logs from the kernel itself."""
    script: str | None = None
    arguments: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    logged_parameters: tuple[str, ...] = ()
    """Names of those among its parameters that it was not sent with: its script has logged them."""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    parent: RunId | None = None
    origin: Origin | None = None
    snapshot_id: str | None = None
    submitted_by: str | None = None
    attempt: int = 0
    reason: str | None = None
    """Why the run is where it is, in one sentence; always set while it waits."""
    cancel_requested: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    """The last value of each metric, for lists and cards."""

    @property
    def nodes(self) -> int:
        """How many nodes it needs at once."""
        return (
            1 if self.job is None or self.job.distribution is None else self.job.distribution.nodes
        )

    @property
    def is_final(self) -> bool:
        """Whether this run will never move again."""
        return self.status.is_final

    @property
    def sent_parameters(self) -> dict[str, Any]:
        """The parameters that it was sent with."""
        logged = self.logged_parameters
        return {name: value for name, value in self.parameters.items() if name not in logged}

    def move(self, to: RunStatus, *, at: datetime, reason: str | None = None) -> Run:
        """Return this run in its next state, or raise IllegalMove."""
        if to not in MOVES[self.status]:
            raise IllegalMove(f"run {self.id} is {self.status}; it cannot become {to}")
        # A clock that was set back must not make a run end before it began.
        at = max(at, self.changed_at)
        return replace(
            self,
            status=to,
            changed_at=at,
            reason=reason,
            cancel_requested=self.cancel_requested or to is S.CANCEL_REQUESTED,
            started_at=_started(self.started_at, to, at),
            ended_at=at if to.is_final else self.ended_at,
        )


def _started(before: datetime | None, to: RunStatus, at: datetime) -> datetime | None:
    """When the attempt that counts has begun."""
    if to is S.QUEUED:
        return None
    return at if to is S.RUNNING and before is None else before


def outcome(*, exit_code: int | None, cancel_requested: bool, said_failed: bool) -> RunStatus:
    """Say how a run ended: what it did counts for more than what it was asked.

    `exit_code` is None when nobody saw the end, negative for a signal.
    """
    if exit_code == 0:
        return S.FAILED if said_failed else S.COMPLETED
    return S.CANCELED if cancel_requested else S.FAILED
