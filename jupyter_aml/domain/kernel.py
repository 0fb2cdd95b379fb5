"""A kernel on a compute target: a notebook's, that takes a place there as a run does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId, WorkspaceName

HOST = "jupyter_aml.runfolder.kernel_host"
"""The program that keeps a kernel on its target."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


class KernelState(str, Enum):
    """Where a kernel stands."""

    PREPARING = "preparing"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelServer:
    """The Jupyter server that a kernel belongs to: a process of this machine."""

    pid: int
    start: str
    """When it began, in words that no later process of its pid gets."""
    folder: str = ""
    """Where the paths of its notebooks begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSession:
    """What a Jupyter server calls the notebook of a kernel."""

    id: str
    path: str
    name: str = ""
    type: str = "notebook"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKernel:
    """A kernel that was asked for, and what became of it."""

    id: str
    """As the Jupyter server calls it."""
    workspace: WorkspaceName
    compute: str
    environment: str
    version: str | None
    """None while it is not known which is the newest."""
    spec: str
    display_name: str
    cwd: str
    server: KernelServer
    created_at: datetime
    notebook: str = ""
    session: KernelSession | None = None
    attempt: int = 0
    """How often a job was begun for it."""
    backend: str = ""
    handle: Mapping[str, str] = field(default_factory=dict)
    """Finds the job of the attempt; empty while there is none."""
    state: KernelState = KernelState.PREPARING
    door: int = 0
    """The port of this machine by which its keeper is reached; 0 while there is none."""
    why: str | None = None
    """Why it has ended, in a sentence, where it did not end by itself."""
    code: int | None = None
    ended_at: datetime | None = None

    @property
    def job(self) -> RunId:
        """What its job is called where those of runs are called by the ids of runs."""
        return job_id(self.id)

    @property
    def label(self) -> str:
        """The environment as `name:version`."""
        return self.environment if self.version is None else f"{self.environment}:{self.version}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state is KernelState.ENDED


_PREFIX = "kernel-"


def job_id(kernel: str) -> RunId:
    """What the job of a kernel is called."""
    return RunId(_PREFIX + kernel)


def kernel_of(job: str) -> str | None:
    """The kernel whose job that is; None for the job of a run."""
    return job.removeprefix(_PREFIX) if job.startswith(_PREFIX) else None


def kernel_id(text: object) -> str:
    """Return `text` as the id of a kernel, or raise Invalid."""
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise Invalid(f"{text!r:.80} is not the id of a kernel")
    return text
