"""What Slurm says of a job, read from its commands, and in words that a user understands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_aml.domain.errors import Unreachable

FORMAT = "%i|%T|%r|%P|%N|%l|%k|%j"
"""The columns of `squeue` where it cannot write JSON. Only the last two may hold a `|`."""
ACCOUNTED = "JobIDRaw,State,Partition,NodeList,JobName"
"""The columns of `sacct`."""

WAITING = frozenset({
    "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD",
    "SPECIAL_EXIT", "POWER_UP_NODE",
})  # fmt: skip
ALIVE = frozenset({
    "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING",
})  # fmt: skip

_LOST = {
    "PREEMPTED": "its place was taken by a run of higher priority",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node could not be started",
    "LAUNCH_FAILED": "its node could not start it",
    "REVOKED": "another cluster took it",
}
_ENDED = {
    "TIMEOUT": "was ended at its time limit",
    "DEADLINE": "was ended at its deadline",
    "OUT_OF_MEMORY": "was ended because its memory was used up",
    "CANCELLED": "was cancelled by somebody else",
    "FAILED": "failed",
    "COMPLETED": "ended",
}
_REASONS = {
    "None": "Slurm has not looked at it yet",
    "Resources": "no node is free that has what it asks for",
    "Priority": "jobs of higher priority are before it",
    "Dependency": "it waits for another job",
    "BeginTime": "its time to begin has not come",
    "JobHeldUser": "it is held; `scontrol release` lets it go on",
    "JobHeldAdmin": "an administrator holds it",
    "PartitionDown": "the partition is closed",
    "PartitionInactive": "the partition is closed",
    "PartitionTimeLimit": "its time limit is above that of the partition; it never begins",
    "PartitionNodeLimit": "it asks for more nodes than the partition gives; it never begins",
    "PartitionConfig": "it asks for more than any node of the partition has; it never begins",
    "BadConstraints": "no node has what it asks for; it never begins",
    "ReqNodeNotAvail": "nodes that it needs are down or reserved",
    "Reservation": "its reservation has not begun",
    "Licenses": "a licence that it needs is not free",
    "NodeDown": "a node that it needs is down",
    "InvalidAccount": "its account may not run jobs",
    "InvalidQOS": "its QOS may not be used",
    "AccountingPolicy": "a limit of its account is reached",
    "JobArrayTaskLimit": "as many of its kind as may run do so",
    "Prolog": "its node is made ready",
    "Cleaning": "its earlier attempt is cleared away",
    "launch_failed_requeued_held": "it could not be started and is held",
}
_LIMITS = (
    ("JobsLimit", "as many jobs run as may"),
    ("JobsPerUserLimit", "as many of your jobs run as may"),
    ("MaxJobsPerUser", "as many of your jobs run as may"),
    ("MaxJobs", "as many jobs run as may"),
    ("GrpJobs", "as many jobs of its group run as may"),
    ("Cpu", "no more CPUs may be used now"),
    ("GRES", "no more GPUs may be used now"),
    ("Mem", "no more memory may be used now"),
    ("Node", "no more nodes may be used now"),
    ("Wall", "its time limit is above what may be used"),
    ("Submit", "as many jobs are in the queue as may"),
)
_MEMORY = re.compile(r"exceeded (job |step )?memory limit|oom.kill", re.IGNORECASE)
_LIMITED = ("QOS", "Assoc", "Max", "Grp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One job as Slurm shows it."""

    job: int
    name: str
    state: str
    """Slurm's word in capitals, such as PENDING."""
    reason: str = "None"
    partition: str = ""
    nodes: str = ""
    limit: str = ""
    """Its time limit as Slurm writes it."""
    comment: str = ""
    by: str = ""
    """The number of the user who cancelled it, where that is known."""

    @property
    def waits(self) -> bool:
        """Whether nothing of it has been started, or nothing any more."""
        return self.state in WAITING

    @property
    def lives(self) -> bool:
        """Whether something of it may go on."""
        return self.state in ALIVE


def read_json(text: str) -> list[Row]:
    """Read what `squeue --json` says, in the spellings of its versions; raises ValueError.

    Raises Unreachable where it says that it could not ask: it ends as if all were well, and tells
    of no jobs.
    """
    told = json.loads(text)
    if isinstance(told, dict) and told.get("errors"):
        error = told["errors"][0]
        said = error.get("description") or error.get("error") if isinstance(error, dict) else error
        raise Unreachable(f"Slurm does not answer: {said}")
    jobs = told.get("jobs") if isinstance(told, dict) else None
    if not isinstance(jobs, list):
        raise ValueError("no list of jobs")
    try:
        return [_row(job) for job in jobs]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"jobs that cannot be read: {error!r}") from error


def _row(job: Mapping[str, Any]) -> Row:
    return Row(
        job=int(job["job_id"]),
        name=str(job.get("name") or ""),
        state=_state(job["job_state"]),
        reason=str(job.get("state_reason") or "None"),
        partition=str(job.get("partition") or ""),
        nodes=str(job.get("nodes") or ""),
        limit=_limit(job.get("time_limit")),
        comment=_text(job.get("comment")),
    )


def _state(told: Any) -> str:
    """The state; newer versions tell a list of it and what goes on beside it."""
    states = [str(each) for each in told] if isinstance(told, list) else [str(told)]
    for each in ("COMPLETING", "CONFIGURING", *sorted(WAITING)):
        if each in states:
            return each
    return states[0].partition(" ")[0] if states else ""


def _limit(told: Any) -> str:
    """Minutes, as a number or as `{"set": ..., "infinite": ..., "number": ...}`."""
    if isinstance(told, dict):
        told = told.get("number") if told.get("set") and not told.get("infinite") else None
    return f"{told} minutes" if isinstance(told, int) and told > 0 else ""


def _text(told: Any) -> str:
    """A comment; newer versions tell those of the job, the administrator and the system."""
    return str(told.get("job") or "") if isinstance(told, dict) else str(told or "")


def read_lines(text: str) -> list[Row]:
    """Read what `squeue --format` says with our columns; raises ValueError."""
    return [row for line in text.splitlines() if (row := _of_line(line)) is not None]


def _of_line(line: str) -> Row | None:
    words = line.split("|", 6)
    if len(words) < 7 or not words[0].isdigit():
        return None  # One of an array, or of another program that uses such letters.
    comment, _, name = words[6].rpartition("|")
    return Row(
        job=int(words[0]), name=name, state=words[1], reason=words[2], partition=words[3],
        nodes=words[4], limit=words[5], comment="" if comment == "(null)" else comment,
    )  # fmt: skip


def read_accounted(text: str) -> Row | None:
    """Read what `sacct` says of one job with our columns; None where it says nothing."""
    row = None
    for line in text.splitlines():
        words = line.split("|", 4)
        if len(words) == 5 and words[0].isdigit():
            state, _, by = words[1].partition(" by ")
            row = Row(
                job=int(words[0]), name=words[4], state=state.partition(" ")[0],
                partition=words[2], nodes=words[3], by=by,
            )  # fmt: skip
    return row


def waiting_reason(row: Row) -> str:
    """Say for what a job waits, with Slurm's own word for it."""
    if not row.waits or row.state == "CONFIGURING":
        return f"job {row.job} is being started on {row.nodes or 'a node'}"
    code = row.reason.strip("()").partition(",")[0]
    where = f" in partition '{row.partition}'" if row.partition else ""
    return f"job {row.job} waits{where}: {_reason(code)} ({code})"


def _reason(code: str) -> str:
    known = _REASONS.get(code)
    if known is not None:
        return known
    if code.startswith(_LIMITED):
        return next((words for part, words in _LIMITS if part in code), "a limit is reached")
    return "as Slurm says"


def lost_node(row: Row) -> str | None:
    """Say how the job lost its node; None where it did not."""
    told = _LOST.get(row.state)
    if told is None and row.waits:
        # It had begun, and Slurm would begin it again: an attempt is executed once.
        told = "Slurm has queued it again"
    if told is None:
        return None
    node = f" on {row.nodes}" if row.nodes else ""
    return f"job {row.job}{node}: {told} ({row.state})"


def ended(row: Row, *, said: str = "", before: str = "") -> str:
    """Say how Slurm ended a job; `said` is the last that Slurm wrote of it on its node."""
    state = "OUT_OF_MEMORY" if _MEMORY.search(said) else row.state
    told = _ENDED.get(state, "ended")
    if row.state == "TIMEOUT" and row.limit:
        told += f" of {row.limit}"
    if row.by.isdigit():
        told = f"was cancelled by {_user(row.by)}"
    tail = f"; the last that its node said: {said}" if said else ""
    return f"Slurm's job {row.job} {told}{before} ({row.state}){tail}"


def _user(number: str) -> str:
    import pwd

    try:
        return pwd.getpwuid(int(number)).pw_name
    except (KeyError, OverflowError):
        return f"user {number}"


def by_name(rows: Iterator[Row] | list[Row], prefix: str) -> dict[str, list[Row]]:
    """The jobs whose names begin so, by name; of several of one name the most alive first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.name.startswith(prefix):
            found.setdefault(row.name, []).append(row)
    for some in found.values():
        some.sort(key=lambda row: (not row.lives, not row.waits, -row.job))
    return found
