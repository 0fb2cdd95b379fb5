"""The kinds `cluster` and `instance`: nodes on this machine under the names of SDK v1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from jupyter_aml.compute import gpus, machine
from jupyter_aml.compute.cluster.backend import ClusterBackend
from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.docker import DOCKER, DockerBackend
from jupyter_aml.compute.kinds import Kind, Setting, TargetPlace
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.compute.target import Node, Target, TargetState
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.compute import ComputeDefinition, Scale
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.domain.vm_sizes import vm_size

RUNS_PER_NODE = "runs_per_node"
IDLE_STOP = "idle_stop_minutes"
_LONGEST_IDLE = 60 * 24 * 30


class ClusterTarget(Target):
    """Nodes that come and go as they are needed."""

    has_nodes = True
    shares_gpus = True
    takes_kernels = is_here = True

    def __init__(
        self,
        definition: ComputeDefinition,
        place: TargetPlace,
        budget: Budget,
        settings: TargetSettings,
    ) -> None:
        self.name, self.kind = definition.name, definition.type
        self._definition, self._allowed = definition, settings.max_nodes
        self._pool = Pool(
            definition, place.folder, budget, per_node=_per_node(definition), moved=place.moved
        )
        self._node, self._most = _limits_of(definition.vm_size), settings.most
        usual = self._node.within(self._most)
        self._nodes = ClusterBackend(self._pool, usual=usual)
        self._containers = DockerBackend(url=settings.docker_url, usual=usual)

    @property
    def slots(self) -> int:  # type: ignore[override]
        """A place for each run on each node that there may be at once on this machine."""
        if self._definition.is_stopped:
            return 0
        return self.most_nodes * _per_node(self._definition)

    @property
    def most_nodes(self) -> int:  # type: ignore[override]
        """All that there may be at once on this machine."""
        return min(self._definition.scale.max_nodes, self._allowed)

    def check(self, limits: Limits) -> None:
        """Raise Invalid for more than a node has."""
        machine.check(limits, most=self._most, node=self._node, target=self.name)
        gpus.check(limits.gpus or 0)
        self._nodes.check(limits)

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Nodes, or a container where the job's environment is an image.

        Raises Invalid for a job in an image that has several nodes.
        """
        if job.container is not None and job.nodes > 1:
            raise Invalid(
                f"node_count={job.nodes}: the environment of job {job.id} is an image, and a run "
                "in one has one node: send it in one of Python packages"
            )
        return self._nodes if job.container is None else self._containers

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """The one that the handle names."""
        return self._containers if handle.backend == DOCKER else self._nodes

    def state(self) -> TargetState:
        """Stopped, changing its size, or well."""
        if self._definition.is_stopped:
            return TargetState(state="Stopped", why=f"'{self.name}' is stopped: start it")
        return TargetState(why=self._pool.trouble)

    def lend(self, runs: Collection[str]) -> None:
        """Let the nodes of these runs take others, where no more can be started."""
        self._pool.lend(runs)

    def nodes(self) -> Sequence[Node]:
        """The nodes that it has now."""
        return self._pool.shown()

    async def begin(self) -> None:
        """Take up the nodes that are there, and start those that are wanted."""
        await self._pool.begin()

    async def change(self, definition: ComputeDefinition) -> None:
        """Be as large as that definition says."""
        self._definition = definition
        self._pool.change(definition)

    async def end(self) -> None:
        """End all its nodes."""
        await self._pool.end()

    async def settle(self) -> None:
        """Return when its nodes are looked after no more."""
        await self._pool.settle()

    def close(self) -> None:
        """Let idle nodes go; those that work are found again."""
        self._pool.close()
        self._containers.close()


class Cluster(Kind):
    """SDK v1's `AmlCompute`, on this machine."""

    name, type, label = "cluster", "AmlCompute", "Cluster of local nodes"
    help = "Nodes on this machine, started when runs wait and stopped when they idle."
    has_nodes, is_attached = True, False
    settings: tuple[Setting, ...] = (
        Setting(
            name=RUNS_PER_NODE,
            label="Runs on a node",
            type="number",
            help="How many runs one node executes at once.",
            default=1,
        ),
    )

    def __init__(self, settings: TargetSettings, budget: Budget) -> None:
        self._settings, self._budget = settings, budget

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition, with a whole number of runs a node.

        `max_nodes` may be more than this machine can have at once: notebooks name what a cloud has.
        """
        checked = super().checked(definition)
        per_node = checked.settings.get(RUNS_PER_NODE, 1)
        if per_node != int(per_node) or not 1 <= per_node <= 100:
            raise Invalid(f"{RUNS_PER_NODE}: expected a whole number from 1 to 100, got {per_node}")
        if checked.scale.min_nodes > self._settings.max_nodes:
            raise Invalid(
                f"min_nodes is {checked.scale.min_nodes}; this machine may have "
                f"{self._settings.max_nodes} nodes (AmlConfig.max_nodes)"
            )
        return checked

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Say what a node would have."""
        limits = _limits_of(definition.vm_size)
        return f"a node has {limits.words() or 'all of this machine'}"

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the cluster; its nodes are taken up by `begin`."""
        return ClusterTarget(definition, place, self._budget, self._settings)


class Instance(Cluster):
    """SDK v1's `ComputeInstance`: one node that stays until somebody stops it."""

    name, type, label = "instance", "ComputeInstance", "Instance on this machine"
    help = "One node on this machine, there until you stop it."
    is_scaled = False
    settings = (
        *Cluster.settings,
        Setting(
            name=IDLE_STOP,
            label="Stop when idle for",
            type="number",
            help="Minutes without runs after which its node ends; the next run starts it again.",
        ),
    )

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition, with one node, which stays unless it is to stop when it idles."""
        if definition.scale.max_nodes != 1:
            raise Invalid(f"max_nodes is {definition.scale.max_nodes}; an instance is one node")
        checked = super().checked(replace(definition, scale=Scale(min_nodes=1)))
        minutes = checked.settings.get(IDLE_STOP)
        if minutes is None:
            return checked
        if not 0 < minutes <= _LONGEST_IDLE:
            raise Invalid(f"{IDLE_STOP}: expected 0 to {_LONGEST_IDLE} minutes, got {minutes}")
        idle = timedelta(seconds=max(1, round(minutes * 60)))
        return replace(checked, scale=Scale(max_nodes=1, idle=idle))


def kinds(settings: TargetSettings) -> Iterable[Kind]:
    """Return both kinds; their nodes share what this machine may have."""
    budget = Budget(settings.max_nodes)
    return (Cluster(settings, budget), Instance(settings, budget))


def _per_node(definition: ComputeDefinition) -> int:
    return int(definition.settings.get(RUNS_PER_NODE, 1))


def _limits_of(size: str) -> Limits:
    """What a run may take of a node of that size: no more than this machine has."""
    if not size:
        return NO_LIMITS
    meant = vm_size(size)
    cpus, memory = len(machine.cpus()), machine.memory()
    return Limits(
        cpus=meant.cores if meant.cores < cpus else None,
        memory=meant.memory if memory is None or meant.memory < memory else None,
    )
