"""What the engine sends runs to: a target, its places, and the nodes behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle, Packages
from jupyter_aml.domain.compute import ComputeDefinition, MachinePython
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.run_limits import Limits


class NodeState(StrEnum):
    """What a node does."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    LEAVING = "leaving"
    LOST = "lost"
    """It is gone without having been told to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a target."""

    id: str
    state: NodeState
    runs: tuple[str, ...] = ()
    """Ids of the runs that it executes."""
    kernels: tuple[str, ...] = ()
    """Ids of the kernels that it keeps."""
    since: datetime | None = None
    """Since when it is in that state."""
    address: str = ""
    note: str = ""
    """A sentence, where there is something to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """How a target does, as SDK v1 called it, and a sentence where it is not well."""

    state: str = "Succeeded"
    """`Succeeded`, `Creating`, `Resizing`, `Stopped` or `Failed`."""
    why: str | None = None


class Building(Protocol):
    """Listens to a build."""

    def say(self, line: str) -> None:
        """Take what is being done now."""

    def log(self, text: str) -> None:
        """Take a piece of the build log."""


class Incoming(Protocol):
    """Bytes that come over a connection."""

    async def readline(self) -> bytes:
        """Up to the next line end, or to the end."""

    async def read(self, n: int) -> bytes:
        """At most so many bytes; none at the end."""


class Outgoing(Protocol):
    """Bytes that go over a connection."""

    def write(self, data: bytes, /) -> object:
        """Send these bytes, now or a little later."""

    async def drain(self) -> None:
        """Return when more may be sent."""

    def close(self) -> object:
        """Close the connection."""


class Target:
    """One name to send runs to. It alone knows which backend does the work.

    All but `close` may be called again and again, from the event loop alone.
    """

    name: str
    kind: str
    """The type that SDK v1 would tell, such as `Local`."""
    slots: int
    """How many runs it executes at once; what may wait in an engine of its own counts too."""
    most_nodes: int | None = 1
    """How many nodes one run may have; None where a queue of its own decides."""
    shares_gpus = False
    """Whether its jobs run on this machine, so that they are given the GPUs of this machine."""

    queue = ""
    """Whose queue decides when a run starts that was handed over, such as `Slurm`."""
    is_elsewhere = False
    """Whether its jobs run where no file of this machine is: neither its programs nor its data."""

    has_nodes = False
    """Whether its runs are executed by nodes that come and go, which `nodes` tells."""
    takes_kernels = False
    """Whether a job of it can be a kernel, which somebody here speaks to."""
    is_here = False
    """Whether its jobs can be spoken to by the ports of this machine."""
    is_networked = False
    """Whether a kernel on it is reached over a network, where only a certificate opens its door."""

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Return what a new job is handed to; raises Invalid for one that it cannot take."""
        raise NotImplementedError

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Return what a job was handed to, perhaps by an earlier engine."""
        raise NotImplementedError

    def check(self, limits: Limits) -> None:
        """Raise Invalid for limits that no run can have here. Called from threads; may block.

        A target that keeps its jobs to limits overrides it: none may ignore what was asked.
        """
        raise Invalid(f"limits: runs on {self.name!r} are kept to none; leave them out")

    def check_nodes(self, nodes: int, processes: int) -> None:
        """Raise Invalid for more nodes, or processes on each, than it can ever have.

        Called from threads for runs of several nodes; may block. Where it cannot be asked now, the
        run is sent and waits.
        """

    def refusal(self) -> str | None:
        """Why it takes no runs at all, told whoever sends one; None where it takes them."""
        return None

    def need_kernels(self) -> None:
        """Raise Invalid, which says where kernels can be, for a target that takes none."""
        if not self.takes_kernels:
            raise Invalid(
                f"no kernel can run on {self.name!r}: kernels run on this machine (local, docker), "
                "on nodes of clusters and instances, on Slurm and on machines over SSH"
            )

    async def open_door(self, handle: Handle, told: Mapping[str, Any]) -> tuple[Incoming, Outgoing]:
        """Connect to the keeper of a kernel (runfolder/kernel_host.py), which has told that.

        Raises OSError or Unreachable where it does not answer.
        """
        raise Unreachable(f"{self.name!r} has no kernels")

    async def python(self, say: Callable[[str], None]) -> MachinePython:
        """The Python that environments of packages are made of, on a target that is elsewhere.

        Waits while the machine does not answer, and says so.
        """
        raise Invalid(f"environments of packages cannot be built on {self.name!r}")

    async def find_environment(self, key: str, say: Callable[[str], None]) -> str | None:
        """The interpreter of an environment that is there, whole; None where it is not.

        Waits as `python` does.
        """
        raise Invalid(f"environments of packages cannot be built on {self.name!r}")

    async def build_environment(self, packages: Packages, build: Building) -> str:
        """Build an environment on its machine, and return its interpreter.

        May be called by several at once for one key: it is built once. The build is ended when
        the last call is cancelled. Raises Invalid with the cause where it fails.
        """
        raise Invalid(f"environments of packages cannot be built on {self.name!r}")

    def state(self) -> TargetState:
        """How it does."""
        return TargetState()

    def lend(self, runs: Collection[str]) -> None:
        """Let others have the places of these runs, which only wait for others now.

        Called with all of them, whenever something changes.
        """

    def nodes(self) -> Sequence[Node]:
        """The nodes that it has now; none where nodes are no business of ours."""
        return ()

    async def begin(self) -> None:
        """Take up what an earlier engine left, and keep the nodes that are wanted."""

    async def change(self, definition: ComputeDefinition) -> None:
        """Be as that definition says; the jobs go on."""
        raise Unreachable(f"{self.name!r} cannot be changed")

    async def end(self) -> None:
        """End all its nodes; called before a target is deleted, when no run is on it."""

    def close(self) -> None:
        """Let go of connections; the jobs go on."""

    async def settle(self) -> None:
        """Return when nothing of it is at work any more that `close` has ended."""
