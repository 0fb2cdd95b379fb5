"""The jobs of runs: what is executed, where, and by which backend."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Container, Handle
from jupyter_aml.domain import run_data
from jupyter_aml.domain.distribution import ALONE, Distribution
from jupyter_aml.domain.errors import Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import RANKS, Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine.compute.gpus import GpuPlaces
from jupyter_aml.engine.compute.stations import Stations, target_of
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.run_data.run_data import DataOfRuns
from jupyter_aml.environments.protocol import Materialised, Say
from jupyter_aml.runfolder.layout import RunFolder

Variables = Callable[[Run, RunData, Materialised | None], dict[str, str]]
Inside = Callable[[Run, RunData, Materialised | None], Container | None]
"""What a job needs that runs in an image; None for others."""
Materialise = Callable[[Run, Say], Awaitable[Materialised | None]]
"""Finds or builds the environment of a run; None where the run brings its own command."""


class Jobs:
    """Makes the job of a run in its environment, and finds it again."""

    def __init__(
        self,
        root: Root,
        *,
        root_id: str,
        stations: Stations,
        materialise: Materialise,
        variables: Variables,
        container: Inside,
        data: DataOfRuns,
        gpus: GpuPlaces,
    ) -> None:
        self._root, self._root_id, self._stations = root, root_id, stations
        self._materialise, self._variables, self._container = materialise, variables, container
        self._data, self._gpus = data, gpus
        self._handles: dict[RunId, tuple[int, Handle]] = {}

    def known(self, run_id: RunId) -> Handle | None:
        """The handle of a job that was submitted or found by this engine."""
        known = self._handles.get(run_id)
        return None if known is None else known[1]

    def forget(self, run_id: RunId) -> None:
        """Let go of the job of a run that has ended."""
        self._handles.pop(run_id, None)

    async def prepared(self, run: Run, say: Say) -> tuple[str, ...]:
        """Have all ready that the job needs; returns warnings, and raises Invalid for a failure."""
        built = await self.built(run, say)
        try:
            far = _is_in_image(built) or self._is_elsewhere(run)
            warnings = await self._data.ready(run, say, far=far)
        except (Unreachable, StorageFailed) as error:
            raise Invalid(str(error)) from error
        return (*(() if built is None else built.warnings), *warnings)

    async def built(self, run: Run, say: Say) -> Materialised | None:
        """The environment of a run, built where it must be; raises Invalid where it cannot be."""
        try:
            return await self._materialise(run, say)
        except (Unreachable, StorageFailed) as error:
            # Of a build these are the end, and not news of the job that say nothing about it.
            raise Invalid(str(error)) from error

    async def of(self, run: Run) -> Handle:
        """The job of this attempt of a run, submitted where it was not yet."""
        known = self._handles.get(run.id)
        if known is None or known[0] != run.attempt:
            # A second submit of the same attempt only finds the job again.
            job = await self._job(run)
            backend = self._stations.of(run).target.backend_for(job)
            known = self._handles[run.id] = (run.attempt, await backend.submit(job))
        return known[1]

    def backend(self, run: Run, handle: Handle) -> ComputeBackend:
        """What runs the job, as its target says."""
        return self._stations.of(run).target.backend_of(handle)

    def _is_elsewhere(self, run: Run) -> bool:
        return self._stations.of(run).target.is_elsewhere

    async def _job(self, run: Run) -> BackendJob:
        assert run.job is not None
        folder = self._root.folder(run)
        built = await self.built(run, lambda line: None)
        data = kept.read(folder)
        if self._is_elsewhere(run):
            _need_inside(data, folder, target_of(run))
        command = run_data.command(run.job.command, data.places)
        python = None
        if run.job.interpreter:
            python = run.job.interpreter if built is None else built.interpreter
            command = (python, *command)
        container = self._container(run, data, built)
        spread = run.job.distribution or ALONE
        if run.job.distribution is not None:
            command = _distributed(spread, command, built, container)
        return BackendJob(
            id=f"{run.id}.{run.attempt}",
            root=self._root_id,
            folder=folder.path,
            command=command,
            interpreter=python,
            cwd=folder.work,
            environment=self._variables(run, data, built),
            timeout=run.job.timeout,
            grace=run.job.grace,
            attempt=run.attempt,
            container=container,
            limits=run.job.limits,
            gpus=self._gpus.of(run),
            nodes=spread.nodes,
            processes=spread.processes,
        )


def _distributed(
    distribution: Distribution,
    command: tuple[str, ...],
    built: Materialised | None,
    container: Container | None,
) -> tuple[str, ...]:
    """The command that starts all processes of a run."""
    python = sys.executable if built is None else built.interpreter
    if container is not None:
        python = container.python
    counts = distribution.processes, distribution.servers, distribution.nodes
    return (python, "-m", RANKS, distribution.kind, *map(str, counts), "--", *command)


def _need_inside(data: RunData, folder: RunFolder, target: str) -> None:
    """Raise Invalid for an input that lies on this machine alone, where the target is another."""
    for each in data.inputs:
        if each.mode == run_data.MOUNT:
            raise Invalid(
                f"input {each.name!r}: {target!r} is a machine of its own, and nothing of this one "
                "can be mounted there: take as_download()"
            )
        place = each.place
        if each.mode != run_data.DIRECT and place and not Path(place).is_relative_to(folder.path):
            raise Invalid(f"input {each.name!r} lies at {place}, which is not on {target!r}")


def _is_in_image(built: Materialised | None) -> bool:
    return built is not None and built.image is not None
