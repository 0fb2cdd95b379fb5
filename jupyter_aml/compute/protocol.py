"""What a compute backend is given, what it shows, and the verbs that it must have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from jupyter_aml.domain.run_limits import NO_LIMITS, Limits

ANY_PYTHON = "python"
"""The interpreter of a job that takes the one its target has for such jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a job needs that runs in an image."""

    image: str
    """Id of the image."""
    python: str
    """The Python in that image, 3.10 or newer, which runs the shim."""
    mounts: tuple[Path, ...] = ()
    """What the job reads besides its folder: there at the same paths, read-only."""
    children: Path | None = None
    """A folder that the job finds in the place of the one that its run folder lies in, and may
    write to: there it makes the folders of its children."""
    shm_size: str | None = None
    """Size of /dev/shm, such as "2g"."""
    arguments: tuple[str, ...] = ()
    """Further options, as `docker run` takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendJob:
    """One attempt at one run, as a backend is handed it."""

    id: str
    """"<run id>.<attempt>"; a second submit of the same id is the same as the first."""
    attempt: int
    root: str = ""
    """The token of the root that the run lies in; the job's claim and processes carry it."""
    folder: Path
    """The run folder; its `status/` and `logs/` are written by the job."""
    command: tuple[str, ...]
    interpreter: str | None = None
    """The first word of the command, where that is the Python of the run's environment and not a
    program that somebody named."""
    cwd: Path
    environment: Mapping[str, str]
    """All variables of the script: nothing is inherited."""
    timeout: timedelta | None = None
    grace: timedelta = timedelta(seconds=10)
    container: Container | None = None
    """Where the job runs in an image; None for one that runs on the machine itself."""
    limits: Limits = NO_LIMITS
    """How much of its machine the job may take."""
    gpus: tuple[str, ...] = ()
    """The GPUs that it was given, by the numbers of nvidia-smi; what `limits` asked for."""
    nodes: int = 1
    """On how many nodes its command is started at once; the limits are those on each of them."""
    processes: int = 1
    """How many processes of the script it has on each node."""

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.id.rpartition(".")[0] or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """A virtual environment that a machine of its own is asked to build, once for its key."""

    key: str
    """The hash of all that decides what is built."""
    python: str
    """The Python of that machine which it is made of."""
    requirements: str
    """The text of a file for pip: each package with its version, and where packages are."""
    count: int
    """How many packages there are."""
    has_pip: bool
    """Whether it is to have a pip of its own."""


class Phase(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    """Handed over, and nothing has been started yet."""
    ALIVE = "alive"
    GONE = "gone"
    """It has ended, or will never start; the sighting says which and how."""
    LOST = "lost"
    """Its guard is gone without a word. Parts of the job may live on: `stop` ends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a backend saw when it looked at a job."""

    phase: Phase
    exit_code: int | None = None
    """Negative for a signal; None while it lives or where nobody saw the end."""
    why: str | None = None
    """None for an end of the job's own, else "canceled", "timeout", "memory" or a sentence."""
    started: datetime | None = None
    ended: datetime | None = None
    never_started: bool = False
    """With GONE: nothing was started under this attempt, and nothing ever will be."""
    reason: str | None = None
    """With WAITING: for what, in a sentence, where the target knows."""
    lost_node: str | None = None
    """With GONE: why its node was lost or taken from it; the run may be tried again elsewhere."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """maxRssKb, userSeconds, systemSeconds, as far as the backend knows them.

    Of a job that failed also memoryPeak and memoryLimit in bytes, and oomKills: how many of its
    processes were killed for more.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Finds a job again after a restart; fit for JSON, and holds no secret."""

    backend: str
    data: Mapping[str, str]


class ComputeBackend(Protocol):
    """Each verb may be called twice with the same effect as once.

    A backend that cannot be asked raises Unreachable rather than guess.
    """

    async def submit(self, job: BackendJob) -> Handle:
        """Hand the job over and return at once; the job need not have started.

        Raises Invalid for a job that can never be started as it is, Unreachable for a target
        that takes none now, and StorageFailed where the run folder cannot be written.
        """

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands."""

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Ask the job to end; what is left of it is ended once the grace has passed.

        Returns when the job has been told, except for a LOST one: then when it is gone.
        """

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`; may be cancelled."""

    def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""

    async def forget(self, handle: Handle) -> None:
        """Remove whatever the job left behind on the target."""
