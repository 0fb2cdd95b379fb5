"""The jobs of runs: what is executed, where, and by which backend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jupyter_aml.compute.docker import DOCKER
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.domain.errors import Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.root import Root
from jupyter_aml.environments.protocol import Materialised, Say

Variables = Callable[[Run, Materialised | None], dict[str, str]]
Inside = Callable[[Run, Materialised | None], Mapping[str, Any]]
"""What else a job needs that runs in an image: fields of BackendJob."""
Materialise = Callable[[Run, Say], Awaitable[Materialised | None]]
"""Finds or builds the environment of a run; None where the run brings its own command."""


class Jobs:
    """Makes the job of a run in its environment, and finds it again."""

    def __init__(
        self,
        root: Root,
        *,
        backends: Mapping[str, ComputeBackend],
        containers: ComputeBackend,
        materialise: Materialise,
        variables: Variables,
        inside: Inside,
    ) -> None:
        self._root, self._backends, self._containers = root, backends, containers
        self._materialise, self._variables, self._inside = materialise, variables, inside
        self._handles: dict[RunId, tuple[int, Handle]] = {}

    def known(self, run_id: RunId) -> Handle | None:
        """The handle of a job that was submitted or found by this engine."""
        known = self._handles.get(run_id)
        return None if known is None else known[1]

    def forget(self, run_id: RunId) -> None:
        """Let go of the job of a run that has ended."""
        self._handles.pop(run_id, None)

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
            backend = self._backends[target_of(run)] if job.image is None else self._containers
            known = self._handles[run.id] = (run.attempt, await backend.submit(job))
        return known[1]

    def backend(self, run: Run, handle: Handle) -> ComputeBackend:
        """What runs the job: a container where its environment is an image."""
        return self._containers if handle.backend == DOCKER else self._backends[target_of(run)]

    async def _job(self, run: Run) -> BackendJob:
        assert run.job is not None
        folder = self._root.folder(run)
        built = await self.built(run, lambda line: None)
        command = run.job.command
        if run.job.interpreter:
            python = run.job.interpreter if built is None else built.interpreter
            command = (python, *command)
        return BackendJob(
            id=f"{run.id}.{run.attempt}",
            folder=folder.path,
            command=command,
            cwd=folder.work,
            environment=self._variables(run, built),
            timeout=run.job.timeout,
            grace=run.job.grace,
            attempt=run.attempt,
            **self._inside(run, built),
        )


def target_of(run: Run) -> str:
    """The compute target of a run."""
    return "local" if run.job is None else run.job.target
