"""The jobs of runs: what is executed, where, and by which backend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Container, Handle
from jupyter_aml.compute.targets import Target
from jupyter_aml.domain.errors import Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.root import Root
from jupyter_aml.environments.protocol import Materialised, Say

Variables = Callable[[Run, Materialised | None], dict[str, str]]
Inside = Callable[[Run, Materialised | None], Container | None]
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
        targets: Mapping[str, Target],
        materialise: Materialise,
        variables: Variables,
        container: Inside,
    ) -> None:
        self._root, self._root_id, self._targets = root, root_id, targets
        self._materialise, self._variables, self._container = materialise, variables, container
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
            backend = self._targets[target_of(run)].backend_for(job)
            known = self._handles[run.id] = (run.attempt, await backend.submit(job))
        return known[1]

    def backend(self, run: Run, handle: Handle) -> ComputeBackend:
        """What runs the job, as its target says."""
        return self._targets[target_of(run)].backend_of(handle)

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
            root=self._root_id,
            folder=folder.path,
            command=command,
            cwd=folder.work,
            environment=self._variables(run, built),
            timeout=run.job.timeout,
            grace=run.job.grace,
            attempt=run.attempt,
            container=self._container(run, built),
        )


def target_of(run: Run) -> str:
    """The compute target of a run."""
    return "local" if run.job is None else run.job.target
