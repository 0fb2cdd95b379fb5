"""Compute targets: what a run names, and which backend its job is handed to.

Packages add targets through the entry points `jupyter_aml.compute`: each names a function that
takes `TargetSettings` and returns its targets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from jupyter_aml.compute.docker import DOCKER, DockerBackend
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.domain.errors import Unreachable

GROUP = "jupyter_aml.compute"

_LOG = logging.getLogger("jupyter_aml.compute")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """What an administrator has set that concerns targets."""

    max_runs: int
    """How many runs this machine executes at once."""
    docker_url: str | None = None
    """Where the docker engine listens; None for what the variables name."""


class Target(Protocol):
    """One name to send runs to. It alone knows which backend does the work."""

    name: str
    kind: str
    """The type that SDK v1 would tell, such as `Local`."""
    slots: int
    """How many runs it executes at once."""

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Return what a new job is handed to; raises Invalid for one that it cannot take."""

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Return what a job was handed to, perhaps by an earlier engine."""

    def close(self) -> None:
        """Let go of connections; the jobs go on."""


Factory = Callable[[TargetSettings], Iterable[Target]]


class LocalTarget:
    """This machine: processes, and containers where a job brings an image."""

    name, kind = "local", "Local"

    def __init__(self, settings: TargetSettings) -> None:
        self.slots = settings.max_runs
        self._processes = LocalBackend()
        self._containers = DockerBackend(url=settings.docker_url)

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """A container where the job's environment is an image."""
        return self._processes if job.container is None else self._containers

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """The one that the handle names."""
        return self._containers if handle.backend == DOCKER else self._processes

    def close(self) -> None:
        """Close the connections to the docker engine."""
        self._containers.close()


class AbsentTarget:
    """A target that runs name and that no installed package brings: they wait for it."""

    kind, slots = "Absent", 0

    def __init__(self, name: str) -> None:
        self.name = name

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Raise Unreachable: what becomes of the job cannot be seen from here."""
        raise Unreachable(absence(self.name))

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Raise Unreachable."""
        raise Unreachable(absence(self.name))

    def close(self) -> None:
        """Nothing is open."""


def absence(name: str) -> str:
    """Say why a run of such a target does not go on."""
    return f"the package that brings the compute target {name!r} is not installed here"


def local(settings: TargetSettings) -> Iterable[Target]:
    """Return the target that always exists."""
    return (LocalTarget(settings),)


def load(settings: TargetSettings) -> dict[str, Target]:
    """Return the targets of all installed packages by name.

    A package that cannot be loaded, or that offers a name that is taken, is told in the log and
    left out: runs on other targets do not depend on it.
    """
    found: dict[str, Target] = {}
    for entry in sorted(entry_points(group=GROUP), key=_ours_first):
        for target in _offered(entry, settings):
            if target.name in found:
                _LOG.error("%s offers a target %r, which is taken", entry.value, target.name)
            else:
                found[target.name] = target
    return found


def _ours_first(entry: EntryPoint) -> tuple[bool, str]:
    return not entry.value.startswith("jupyter_aml."), entry.name


def _offered(entry: EntryPoint, settings: TargetSettings) -> Iterator[Target]:
    try:
        factory: Factory = entry.load()
        offered = list(factory(settings))
    except Exception:  # Whatever a foreign package raises must not keep an engine from its root.
        _LOG.exception("the compute targets of %s cannot be loaded", entry.value)
        return
    yield from offered
