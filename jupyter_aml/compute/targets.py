"""The targets and kinds of targets that installed packages bring; `local` is ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jupyter_aml.compute import gpus, machine
from jupyter_aml.compute.docker import DOCKER, DockerBackend
from jupyter_aml.compute.kinds import Kind
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.compute.target import Target, TargetState
from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits

GROUP = "jupyter_aml.compute"

_LOG = logging.getLogger("jupyter_aml.compute")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """What an administrator has set that concerns targets."""

    max_runs: int
    """How many runs this machine executes at once."""
    max_nodes: int = 8
    """How many nodes of clusters there may be on this machine at once."""
    docker_url: str | None = None
    """Where the docker engine listens; None for what the variables name."""
    warm_runners: int = 0
    """How many interpreters may wait for the next run on this machine."""
    most: Limits = NO_LIMITS
    """The most that one run on this machine may have, also where it asks for nothing."""


Factory = Callable[[TargetSettings], Iterable[Target | Kind]]


class LocalTarget(Target):
    """This machine: processes, and containers where a job brings an image."""

    name, kind, shares_gpus = "local", "Local", True

    def __init__(self, settings: TargetSettings) -> None:
        self.slots = settings.max_runs
        self._processes = LocalBackend(usual=settings.most, warm=settings.warm_runners)
        self._containers = DockerBackend(url=settings.docker_url, usual=settings.most)
        self._most = settings.most

    def check(self, limits: Limits) -> None:
        """Raise Invalid for more than this machine has, or than a run may have of it."""
        machine.check(limits, most=self._most)
        gpus.check(limits.gpus or 0)
        self._processes.check(limits)

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """A container where the job's environment is an image."""
        return self._processes if job.container is None else self._containers

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """The one that the handle names."""
        return self._containers if handle.backend == DOCKER else self._processes

    def close(self) -> None:
        """Close the connections to the docker engine, and end what waits for runs."""
        self._processes.close()
        self._containers.close()


class AbsentTarget(Target):
    """A target that runs name and that is not there: they wait for it."""

    kind, slots = "Absent", 0

    def __init__(self, name: str, why: str | None = None) -> None:
        self.name, self.why = name, why or absence(name)

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Raise Unreachable: what becomes of the job cannot be seen from here."""
        raise Unreachable(self.why)

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Raise Unreachable."""
        raise Unreachable(self.why)

    def refusal(self) -> str | None:
        """Why it is not there."""
        return self.why

    def state(self) -> TargetState:
        """Why it is not there."""
        return TargetState(state="Failed", why=self.why)


def absence(name: str) -> str:
    """Say why a run of such a target does not go on."""
    return (
        f"there is no compute target {name!r} any more: make or attach it again, install the "
        "package that brings it, or cancel"
    )


def local(settings: TargetSettings) -> Iterable[Target]:
    """Return the target that always exists."""
    return (LocalTarget(settings),)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What installed packages bring, by name."""

    targets: dict[str, Target]
    kinds: dict[str, Kind]


def load(settings: TargetSettings) -> Loaded:
    """Return the targets and kinds of all installed packages.

    A package that cannot be loaded, or that offers a name that is taken, is told in the log and
    left out: runs on other targets do not depend on it.
    """
    loaded = Loaded({}, {})
    for entry in sorted(entry_points(group=GROUP), key=_ours_first):
        for offered in _offered(entry, settings):
            there: dict[str, Any] = loaded.kinds if isinstance(offered, Kind) else loaded.targets
            if offered.name in there:
                what = "kind" if isinstance(offered, Kind) else "target"
                _LOG.error("%s offers a %s %r, which is taken", entry.value, what, offered.name)
            else:
                there[offered.name] = offered
    return loaded


def _ours_first(entry: EntryPoint) -> tuple[bool, str]:
    return not entry.value.startswith("jupyter_aml."), entry.name


def _offered(entry: EntryPoint, settings: TargetSettings) -> Iterator[Target | Kind]:
    try:
        factory: Factory = entry.load()
        offered = list(factory(settings))
    except Exception:  # Whatever a foreign package raises must not keep an engine from its root.
        _LOG.exception("the compute targets of %s cannot be loaded", entry.value)
        return
    yield from offered
