"""The kind of targets that are clusters of Slurm: attached with a form, and checked by asking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_aml.compute.kinds import Kind, Setting, TargetPlace
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.compute.slurm.backend import SLURM, SlurmBackend
from jupyter_aml.compute.slurm.batch import asked, check, spread
from jupyter_aml.compute.slurm.commands import Slurm
from jupyter_aml.compute.slurm.options import SlurmOptions
from jupyter_aml.compute.target import Incoming, Outgoing, Target, TargetState
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.compute import DEDICATED, ComputeDefinition
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.domain.vm_sizes import vm_size
from jupyter_aml.runfolder.kernel_host import tls

_DOOR = 3.0
"""Seconds within which a node answers by one of its names."""
PLACES = 10_000
"""Runs that are handed over at a time: they wait in Slurm's queue, not in ours."""

_TEXTS = ("time", "memory", "gpus")
"""Settings that are also given as numbers."""


class SlurmKind(Kind):
    """Targets whose runs are jobs of Slurm."""

    name, type, label = SLURM, "AmlCompute", "Slurm cluster"
    help = (
        "Each run is a job of Slurm. The root lies on a file system that the nodes share with this "
        "machine, and this machine has the commands sbatch, squeue and scancel."
    )
    settings = (
        Setting(name="partition", label="Partition", help="empty for the cluster's default"),
        Setting(name="account", label="Account", help="whom the time is charged to"),
        Setting(name="qos", label="QOS"),
        Setting(
            name="time", label="Time limit",
            help="minutes, H:MM:SS or D-HH:MM:SS; the limit of a run comes before it",
        ),
        Setting(name="memory", label="Memory", help="of a run, such as 4g"),
        Setting(name="cpus", label="CPUs", type="number", help="of a run"),
        Setting(name="gpus", label="GPUs", help="of a run: a number, or a100:2"),
        Setting(
            name="arguments", label="Further options", type="lines",
            help="of sbatch, one a line, such as --constraint=fast",
        ),
        Setting(
            name="setup", label="Before the script", type="lines",
            help="lines of a login shell, such as module load cuda",
        ),
        Setting(
            name="python", label="Python on the nodes",
            help="3.10 or newer; empty for that of this server, else python3",
        ),
    )  # fmt: skip

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition as it is kept; raises Invalid for a setting that is wrong."""
        given = {name: _given(name, value) for name, value in definition.settings.items()}
        checked = super().checked(replace(definition, settings=given))
        if checked.priority != DEDICATED:
            raise Invalid(
                f"vm_priority: in Slurm a partition or a QOS makes a run {checked.priority!r}; "
                "name it by the setting partition or qos"
            )
        options(checked)
        # Its nodes are there without us, so that none is waited for.
        return replace(checked, scale=replace(checked.scale, min_nodes=0))

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Have Slurm check a job with these settings, which it does not begin."""
        backend = SlurmBackend(options(definition))
        try:
            return await backend.probe()
        finally:
            backend.close()

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the target."""
        return SlurmTarget(definition)


class SlurmTarget(Target):
    """A cluster of Slurm: it has its own queue, so that runs are handed over at once."""

    kind, slots, queue, most_nodes = SlurmKind.type, PLACES, "Slurm", None
    takes_kernels = is_networked = True

    def __init__(self, definition: ComputeDefinition) -> None:
        self.name, self._definition = definition.name, definition
        self._slurm = Slurm()
        self._backend = SlurmBackend(options(definition), slurm=self._slurm)

    def check(self, limits: Limits) -> None:
        """Raise Invalid for limits that Slurm cannot keep; what its nodes have it says itself."""
        check(limits)

    def check_nodes(self, nodes: int, processes: int) -> None:
        """Raise Invalid where Slurm says that it would never begin a job of so many nodes."""
        wished = options(self._definition)
        words = [*spread(nodes, processes), *asked(wished, tasks=processes)]
        try:
            self._slurm.check(words)
        except Unreachable:
            return
        except Invalid as error:
            raise Invalid(f"node_count={nodes} on {self.name!r}: {error}") from error

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Slurm; raises Invalid for a job in an image."""
        if job.container is not None:
            raise Invalid(
                f"the environment of job {job.id} is an image, which cannot run on the Slurm "
                f"target {self.name!r}: send it in one of Python packages"
            )
        return self._backend

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Slurm."""
        return self._backend

    async def open_door(self, handle: Handle, told: Mapping[str, Any]) -> tuple[Incoming, Outgoing]:
        """Connect to the keeper of a kernel on its node, by any name that this has here."""
        pem = Path(handle.data["status"]).parent / "kernel.pem"
        context = await asyncio.to_thread(partial(tls, pem, is_door=False))
        why = "it has no address"
        for address in told["addresses"]:
            try:
                async with asyncio.timeout(_DOOR):
                    return await asyncio.open_connection(
                        address, int(told["port"]), ssl=context, server_hostname=""
                    )
            except (OSError, TimeoutError) as error:
                why = f"{address}: {error or 'no answer'}"
        raise Unreachable(f"node {told['host']} of {self.name!r} cannot be reached ({why})")

    def refusal(self) -> str | None:
        """Whether somebody has stopped it."""
        if self._definition.is_stopped:
            return f"compute target {self.name!r} is stopped: start it first"
        return None

    def state(self) -> TargetState:
        """Whether it is stopped, and whether Slurm answers."""
        if self._definition.is_stopped:
            return TargetState(state="Stopped")
        return TargetState(why=self._backend.silence)

    async def change(self, definition: ComputeDefinition) -> None:
        """Ask for that from the next job on."""
        self._definition = definition
        self._backend.options = options(definition)

    def close(self) -> None:
        """Let go of the threads that ask Slurm; the jobs go on."""
        self._backend.close()


def options(definition: ComputeDefinition) -> SlurmOptions:
    """What a target asks for; a size of Azure says what its settings do not. Raises Invalid."""
    wished = SlurmOptions.from_json(definition.settings)
    if not definition.vm_size:
        return wished
    size = vm_size(definition.vm_size)
    return replace(
        wished,
        cpus=wished.cpus or size.cores,
        memory=wished.memory or size.memory,
        gpus=wished.gpus or (str(size.gpus) if size.gpus else None),
    )


def _given(name: str, value: Any) -> Any:
    """A setting as forms, JSON and Python give it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _TEXTS and is_number:
        return f"{value:g}" if isinstance(value, float) else str(value)
    if name in ("arguments", "setup") and isinstance(value, str):
        return value.splitlines() if name == "setup" else value.split()
    if name == "cpus" and isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value == "" else value


def kinds(settings: TargetSettings) -> Iterable[Kind]:
    """Return the kind that this module brings."""
    return (SlurmKind(),)
