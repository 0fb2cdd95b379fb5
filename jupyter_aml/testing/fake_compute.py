"""A compute backend without processes, for tests of what stands above backends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain.errors import Invalid, Unreachable

FAKE = "fake"

_POLL = 0.002


@dataclass(slots=True)
class FakeJob:
    """One job as the fake holds it."""

    job: BackendJob
    seen: Sighting
    output: bytes = b""
    began: float = 0.0


class FakeBackend:
    """Does what its jobs' commands say: ("say", TEXT), then ("exit", CODE) or ("stay",).

    A test may also move jobs itself: `start`, `say`, `finish`, `lose`; with `hold` jobs wait
    for `start`, and while `unreachable` is set nothing answers.
    """

    def __init__(self, *, hold: bool = False, jobs: dict[str, FakeJob] | None = None) -> None:
        self.jobs = {} if jobs is None else jobs
        self.hold = hold
        self.unreachable = False
        self._looked: dict[str, Phase] = {}

    async def submit(self, job: BackendJob) -> Handle:
        """Take the job; unless held back it starts, and ends if its command says so."""
        self._answer()
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        if job.id not in self.jobs:
            self.jobs[job.id] = FakeJob(job, Sighting(phase=Phase.WAITING))
            if not self.hold:
                self.start(job.id)
        return Handle(backend=FAKE, data={"id": job.id})

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands."""
        self._answer()
        seen = self._now(handle)
        self._looked[handle.data["id"]] = seen.phase
        return seen

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """End the job at once; one that has not started never will."""
        self._answer()
        match self._now(handle).phase:
            case Phase.WAITING:
                self._held(handle).seen = Sighting(phase=Phase.GONE, never_started=True)
            case Phase.ALIVE:
                self.finish(handle.data["id"], -15, why="canceled")

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`."""
        last = self._looked.get(handle.data["id"])
        while self._now(handle).phase is last and last not in (Phase.GONE, Phase.LOST):
            await asyncio.sleep(_POLL)

    async def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""
        while True:
            phase = self._now(handle).phase
            if piece := self._held(handle).output[after:]:
                after += len(piece)
                yield piece
            if phase in (Phase.GONE, Phase.LOST):
                return
            await asyncio.sleep(_POLL)

    async def forget(self, handle: Handle) -> None:
        """Drop the job."""
        self.jobs.pop(handle.data["id"], None)
        self._looked.pop(handle.data["id"], None)

    def close(self) -> None:
        """Hold nothing that would have to be closed."""

    def start(self, job: str) -> None:
        """Let a held job start and do what its command says."""
        held = self.jobs[job]
        held.seen = Sighting(phase=Phase.ALIVE, started=datetime.now(UTC))
        held.began = time.monotonic()
        words = iter(held.job.command)
        for verb in words:
            if verb == "say":
                self.say(job, next(words))
            elif verb == "exit":
                self.finish(job, int(next(words)))

    def say(self, job: str, text: str) -> None:
        """Let the job print a line."""
        self.jobs[job].output += text.encode() + b"\n"

    def finish(self, job: str, code: int, *, why: str | None = None) -> None:
        """Let the job end."""
        held = self.jobs[job]
        held.seen = replace(
            held.seen, phase=Phase.GONE, exit_code=code, why=why, ended=datetime.now(UTC)
        )

    def lose(self, job: str) -> None:
        """Let the guard of the job vanish."""
        self.jobs[job].seen = Sighting(phase=Phase.LOST)

    def _now(self, handle: Handle) -> Sighting:
        held = self._held(handle)
        limit = held.job.timeout
        if (
            held.seen.phase is Phase.ALIVE
            and limit is not None
            and time.monotonic() - held.began >= limit.total_seconds()
        ):
            self.finish(held.job.id, -15, why="timeout")
        return held.seen

    def _held(self, handle: Handle) -> FakeJob:
        try:
            return self.jobs[handle.data["id"]]
        except KeyError:
            raise Unreachable(f"this backend does not know job {handle.data['id']}") from None

    def _answer(self) -> None:
        if self.unreachable:
            raise Unreachable("the fake backend does not answer")
