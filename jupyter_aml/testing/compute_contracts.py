"""What every compute backend must do; plugin authors run this suite on theirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle, Phase, Sighting
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which a test gives up; a backend far away may set its own."""


def within(work: Coroutine[Any, Any, T], *, seconds: float = PATIENCE) -> T:
    """Run that to its end, or raise TimeoutError."""

    async def limited() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(limited())


async def see(backend: ComputeBackend, handle: Handle, *phases: Phase) -> Sighting:
    """Look and wait until the job stands in one of these phases."""
    while (seen := await backend.look(handle)).phase not in phases:
        await backend.wait(handle)
    return seen


async def end_of(backend: ComputeBackend, job: BackendJob) -> Sighting:
    """How the job ends, of which nothing is left then."""
    handle = await backend.submit(job)
    end = await see(backend, handle, Phase.GONE)
    await backend.forget(handle)
    return end


async def output(backend: ComputeBackend, handle: Handle, *, after: int = 0) -> bytes:
    """Everything the job says from that byte on, until its end."""
    return b"".join([piece async for piece in backend.logs(handle, after=after)])


def filling(size: int) -> str:
    """Python that fills so many bytes."""
    return f"bytearray(b'x' * 1024) * ({size} // 1024)"


def breeding(count: int) -> str:
    """Python that starts so many processes at a time, and ends with 1 where it may not."""
    return f"""
import os, sys
r, w = os.pipe()
try:
    for _ in range({count}):
        if os.fork() == 0:
            os.close(w)
            os.read(r, 1)
            os._exit(0)
except OSError:
    os._exit(1)
"""


def run_folder(below: Path) -> Path:
    """A folder whose name, the id of its run, no other run on this machine has."""
    folder = below / uuid4().hex
    folder.mkdir()
    return folder


class ComputeBackendContract:
    """Subclass it, give it a `backend`, and say how its jobs talk, end and stay."""

    @pytest.fixture
    def backend(self) -> ComputeBackend:
        """The backend under test."""
        raise NotImplementedError

    def again(self, backend: ComputeBackend) -> ComputeBackend:
        """A second backend as it would be made after a restart."""
        raise NotImplementedError

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        """A command that prints this and exits with the code, or stays until told if None."""
        raise NotImplementedError

    def hungry(self, size: int) -> tuple[str, ...] | None:
        """A command that fills so many bytes of memory and ends with 0.

        None, as by itself, of a backend that keeps its jobs to no limits.
        """
        return None

    def fertile(self, count: int) -> tuple[str, ...] | None:
        """A command that starts so many processes at a time and ends with 0, or with 1 if it may
        not; None as above."""
        return None

    @property
    def fields(self) -> dict[str, Any]:
        """What else a job of this backend needs, such as the image to run in."""
        return {}

    @pytest.fixture
    def tmp_path(self, tmp_path: Path) -> Path:
        """The folder of the run."""
        return run_folder(tmp_path)

    @pytest.fixture
    def a_job(self, tmp_path: Path) -> Callable[..., BackendJob]:
        """Make jobs of one run, each in a new attempt."""
        attempts = iter(range(1, 100))

        def make(*, says: str = "", code: int | None = 0, **fields: Any) -> BackendJob:
            (tmp_path / "work").mkdir(exist_ok=True)
            attempt = next(attempts)
            values: dict[str, Any] = {
                "id": f"{tmp_path.name}.{attempt}",
                "attempt": attempt,
                "folder": tmp_path,
                "command": self.command(says=says, code=code),
                "cwd": tmp_path / "work",
                "environment": {"PATH": "/usr/bin:/bin", "AML_RUN_ID": tmp_path.name},
                "grace": timedelta(seconds=5),
                **self.fields,
            }
            return BackendJob(**{**values, **fields})

        return make

    @pytest.mark.parametrize("code", [0, 3, 255])
    def test_a_job_ends_with_its_exit_code(
        self, code: int, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> Sighting:
            return await see(backend, await backend.submit(a_job(code=code)), Phase.GONE)

        end = within(run())

        assert (end.exit_code, end.why, end.never_started) == (code, None, False)
        assert end.started is not None and end.ended is not None
        assert end.started <= end.ended

    def test_output_is_given_whole_and_from_any_byte_on(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> tuple[bytes, bytes]:
            handle = await backend.submit(a_job(says="first second"))
            return await output(backend, handle), await output(backend, handle, after=6)

        whole, rest = within(run())

        assert whole.split() == [b"first", b"second"]
        assert rest.split() == [b"second"]

    def test_a_second_submit_is_the_same_as_the_first(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> tuple[bytes, int | None]:
            job = a_job(says="once", code=3)
            first, second = await asyncio.gather(backend.submit(job), backend.submit(job))
            await see(backend, first, Phase.GONE)
            third = await backend.submit(job)
            ends = [await see(backend, one, Phase.GONE) for one in (first, second, third)]
            assert len({end.exit_code for end in ends}) == 1
            return await output(backend, third), ends[0].exit_code

        assert within(run()) == (b"once\n", 3)

    def test_a_job_lives_until_it_is_stopped_and_twice_is_once(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> Sighting:
            handle = await backend.submit(a_job(says="here", code=None))
            async for piece in backend.logs(handle):
                if b"here" in piece:
                    break
            assert (await backend.look(handle)).phase is Phase.ALIVE
            for _ in range(2):
                await backend.stop(handle, grace=timedelta(seconds=5))
            return await see(backend, handle, Phase.GONE)

        end = within(run())

        assert end.why == "canceled"
        assert end.exit_code != 0

    def test_to_stop_an_ended_job_changes_nothing(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> tuple[Sighting, Sighting]:
            handle = await backend.submit(a_job(code=3))
            before = await see(backend, handle, Phase.GONE)
            await backend.stop(handle, grace=timedelta(seconds=1))
            return before, await backend.look(handle)

        before, after = within(run())

        assert before == after

    def test_a_job_out_of_time_is_ended(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> Sighting:
            job = a_job(code=None, timeout=timedelta(seconds=0.3))
            return await see(backend, await backend.submit(job), Phase.GONE)

        assert within(run()).why == "timeout"

    def test_a_restarted_backend_finds_the_job_by_its_handle(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def before() -> str:
            handle = await backend.submit(a_job(code=None))
            await see(backend, handle, Phase.ALIVE)
            return json.dumps([handle.backend, dict(handle.data)])

        async def after(written: str) -> Sighting:
            name, data = json.loads(written)
            other, handle = self.again(backend), Handle(backend=name, data=data)
            assert (await other.look(handle)).phase is Phase.ALIVE
            await other.stop(handle, grace=timedelta(seconds=5))
            return await see(other, handle, Phase.GONE)

        assert within(after(within(before()))).why == "canceled"

    def test_waiting_can_be_given_up(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> None:
            handle = await backend.submit(a_job(code=None))
            await see(backend, handle, Phase.ALIVE)
            waiting = asyncio.ensure_future(backend.wait(handle))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not done
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await backend.stop(handle, grace=timedelta(seconds=5))
            await see(backend, handle, Phase.GONE)

        within(run())

    def test_a_job_can_be_forgotten_twice(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        async def run() -> None:
            handle = await backend.submit(a_job())
            await see(backend, handle, Phase.GONE)
            await backend.forget(handle)
            await backend.forget(handle)

        within(run())

    def test_a_job_that_takes_no_more_than_it_may_is_left_alone(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        command = self.hungry(32 << 20) or pytest.skip("it keeps its jobs to no limits")
        limits = Limits(cpus=1, memory=512 << 20, processes=500)

        async def run() -> Sighting:
            return await end_of(backend, a_job(command=command, limits=limits))

        end = within(run())

        assert (end.exit_code, end.why) == (0, None)

    def test_a_job_does_not_get_more_memory_than_it_may_have(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        command = self.hungry(400 << 20) or pytest.skip("it keeps its jobs to no limits")

        async def run() -> Sighting:
            job = a_job(command=command, limits=Limits(memory=128 << 20))
            return await end_of(backend, job)

        end = within(run())

        # Killed for it, where the system counts what is filled; else it was refused.
        assert end.exit_code == 1 or (end.exit_code, end.why) == (-9, "memory")
        if end.why == "memory":
            assert end.resources["memoryLimit"] == 128 << 20
            assert end.resources.get("memoryPeak", 128 << 20) > 100 << 20

    def test_a_job_does_not_get_more_processes_than_it_may_have(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        command = self.fertile(60) or pytest.skip("it keeps its jobs to no limits")

        async def run() -> tuple[Sighting, Sighting]:
            ends = []
            for most in (20, 200):
                job = a_job(command=command, limits=Limits(processes=most))
                ends.append(await end_of(backend, job))
            return ends[0], ends[1]

        few, many = within(run())

        assert (few.exit_code, many.exit_code) == (1, 0)

    def test_a_job_without_a_command_is_refused(
        self, backend: ComputeBackend, a_job: Callable[..., BackendJob]
    ) -> None:
        with pytest.raises(Invalid):
            within(backend.submit(a_job(command=())))
