"""Runs jobs on this machine, each under a shim that outlives this process."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from typing import Any

from jupyter_aml.compute import gpus, proc
from jupyter_aml.compute.attempt import Attempt, make_folders, records, shim_words
from jupyter_aml.compute.cgroups import Group
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.compute.walls import Walls, group_of
from jupyter_aml.compute.warm import WarmRunners
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.identity import Place, Whose, whose
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.shim import shim

LOCAL = "local"

_POLL = 0.02
_SLOW_POLL = 0.5
_PATIENCE = 5.0

_COPIED = (
    "its folder was copied while the run went on; the script belongs to where it was copied from, "
    "and was left alone"
)

_shims: dict[int, subprocess.Popen[bytes]] = {}
"""Shims started by this process and not reaped yet; children belong to the whole process."""


class LocalBackend:
    """Starts a shim for each job and finds it again by the files it writes."""

    def __init__(
        self, *, python: str = sys.executable, usual: Limits = NO_LIMITS, warm: int = 0
    ) -> None:
        """`python` runs the shims: any of version 3.10 or later, it needs no packages.

        `usual` are the limits of jobs that name none; `warm` is how many interpreters may wait for
        the next job.
        """
        self._python, self._walls = python, Walls(usual)
        self.warm = WarmRunners(warm, lambda: [python, "-I", "-S", _program(python, "warm.py")])
        self._seen: dict[str, Phase] = {}

    async def submit(self, job: BackendJob) -> Handle:
        """Start a shim, unless one has claimed this attempt before."""
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        _reap()
        return await asyncio.to_thread(self._start, job)

    def close(self) -> None:
        """End what waits for jobs; the jobs go on."""
        self.warm.close()

    def check(self, limits: Limits) -> None:
        """Raise Invalid for limits that this machine cannot keep a job to. Blocks."""
        self._walls.check(limits)

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands, by its records and by who of it lives."""
        _reap()
        sighting = await self._sight(handle)
        self._seen[LocalAttempt(handle).key] = sighting.phase
        return sighting

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Tell the shim; where there is none any more, end what it has left."""
        place = LocalAttempt(handle)
        match (await self._sight(handle)).phase:
            case Phase.WAITING | Phase.ALIVE:
                await asyncio.to_thread(place.tell, grace)
            case Phase.LOST:
                await end_lost(place, grace)

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`."""
        place = LocalAttempt(handle)
        while True:
            phase = (await self._sight(handle)).phase
            if phase is not self._seen.get(place.key) or phase in (Phase.GONE, Phase.LOST):
                return
            if phase is Phase.ALIVE:
                await _until_gone(*place.guard())
                return
            await self._while_waiting(handle)

    async def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""
        place, offset = LocalAttempt(handle), after
        while True:
            # Looked before read: what was written up to the end is then read for certain.
            phase = (await self._sight(handle)).phase
            while piece := await asyncio.to_thread(place.piece, offset):
                offset += len(piece)
                yield piece
            if phase in (Phase.GONE, Phase.LOST):
                return
            await asyncio.sleep(_POLL)

    async def forget(self, handle: Handle) -> None:
        """Remove the control group of the job; its records belong to the run folder and stay."""
        place = LocalAttempt(handle)
        self._seen.pop(place.key, None)
        _reap()
        await asyncio.to_thread(place.group.remove)

    def _start(self, job: BackendJob) -> Handle:
        folder, attempt = RunFolder(job.folder.absolute()), str(job.attempt)
        make_folders(folder)
        pid, start = -1, ""
        if not (folder.status / f"claim.{attempt}").exists():
            limits = self._walls.around(job, folder.status / f"cgroup.{attempt}")
            shim_of_job = self.warm.take(job, shim_words(job, limits))
            if shim_of_job is None:
                shim_of_job = _popen(self._python, job, limits)
            _shims[shim_of_job.pid] = shim_of_job
            pid, start = shim_of_job.pid, shim.start_of(shim_of_job.pid)
            self.warm.ran(job)
        return Handle(backend=LOCAL, data={**records(job), "shim": str(pid), "shimStart": start})

    async def _sight(self, handle: Handle) -> Sighting:
        """What is seen of a job now."""
        return await asyncio.to_thread(LocalAttempt(handle).look)

    async def _while_waiting(self, handle: Handle) -> None:
        """Let some time pass while a job has not begun."""
        await asyncio.sleep(_POLL)


class LocalAttempt(Attempt):
    """An attempt on this machine."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle.data)
        self._first = int(handle.data["shim"]), handle.data["shimStart"]

    @property
    def group(self) -> Group:
        """The control groups that were made for it."""
        job = f"{self.run}.{self.attempt}"
        return group_of(self.record("cgroup"), root=self.root, job=job)

    def look(self) -> Sighting:
        """Decide from the records and the living; takes the attempt away if it cannot start."""
        if (end := self.end()) is not None:
            return end
        claim: Mapping[str, Any] | None = self.read("claim")
        # Where there are no hard links a claim is empty for a moment.
        if not claim and proc.is_alive(*self._first):
            return Sighting(phase=Phase.WAITING)
        if claim is None:
            claim = self.claim_for_nobody()
        if claim.get("pid") == 0:
            return Sighting(phase=Phase.GONE, never_started=True)
        claimed = self._whose(claim)
        if claimed is Whose.COPIED:
            return Sighting(phase=Phase.GONE, why=_COPIED, started=self.started())
        if self._lives(claim, claimed):
            return Sighting(phase=Phase.ALIVE, started=self.started())
        # It may have ended, and written so, since the first line of this function.
        if (end := self.end()) is not None:
            return end
        return Sighting(phase=Phase.LOST)

    def guard(self) -> tuple[int, str]:
        """Pid and start of the shim that has the attempt, else of the one started for it."""
        claim = self.read("claim")
        return guard_of(claim) if claim else self._first

    def tell(self, grace: timedelta) -> None:
        """Ask the shim to end the script within that grace."""
        claim = self.read("claim")
        if claim and self._whose(claim) is Whose.ELSEWHERE:
            raise Unreachable(f"run {self.run} is guarded on another machine; stop it there")
        self.wish(grace)
        pid, start = self.guard()
        proc.send(pid, start, signal.SIGTERM)
        proc.send(pid, start, signal.SIGCONT)

    def left(self) -> list[proc.Process]:
        """List what lives of this attempt."""
        pids = self.read("pids") or {}
        # A pid of another machine, or of before a restart, is that of a stranger here.
        is_ours = self._whose(self.read("claim") or {}) in (Whose.OURS, Whose.UNSAID)
        child = (int(pids["child"]), str(pids["childStart"])) if "child" in pids else None
        known = [child] if child and is_ours else []
        if is_ours:
            known += [(pid, shim.start_of(pid)) for pid in self.group.pids()]
        return proc.of_run(self.run, self.attempt, known, root=self.root)

    def _whose(self, claim: Mapping[str, Any]) -> Whose:
        """Whose the process of a claim is. In doubt it is none of ours."""
        try:
            found = self.record("claim").stat()
        except OSError:
            file = None
        else:
            file = Place(found.st_dev, found.st_ino)
        said = whose(claim, root=self.root, file=file, boot=shim.boot())
        pid, start = guard_of(claim)
        if said is Whose.UNSAID and proc.is_alive(pid, start) and not self._works_here(pid):
            return Whose.COPIED  # Of a version whose claims did not say.
        return said

    def _works_here(self, pid: int) -> bool:
        """Whether a process that lives works in this run's folder, as far as the system tells."""
        if not proc.HAS_PROC:
            return True
        try:
            return os.path.samefile(f"/proc/{pid}/cwd", self.status.parent / "work")
        except OSError:
            return False

    def _lives(self, claim: Mapping[str, Any], claimed: Whose) -> bool:
        if claimed is not Whose.ELSEWHERE:
            return proc.is_alive(*guard_of(claim))
        # Another machine on the same files may have the job (or this one, a moment ago).
        return self.has_pulse()


def _popen(python: str, job: BackendJob, limits: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            shim_command(python, job, limits),
            env=script_variables(job),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            close_fds=True,
        )
    except ValueError as error:
        raise Invalid(f"job {job.id} cannot be started: {error}") from error
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise Invalid(
                f"job {job.id} cannot be started: its arguments and variables are too long"
            ) from error
        raise Unreachable(f"cannot start a process for job {job.id}: {error.strerror}") from error


def shim_command(
    python: str, job: BackendJob, limits: Sequence[str], *, node: int = 0
) -> list[str]:
    """The command line of the shim of a job on a node; `limits` are the walls around it."""
    return [python, "-I", "-S", _program(python), *shim_words(job, limits, node=node)]


def script_variables(job: BackendJob) -> dict[str, str]:
    """The variables of a script; of one that asked for GPUs, or for none, what shows it those."""
    shown = {} if job.limits.gpus is None else gpus.variables(job.gpus)
    return {**job.environment, **shown}


def _program(python: str, name: str = "shim.py") -> str:
    """The shim, compiled where that is at hand for this Python: it starts some 4 ms earlier."""
    source = Path(shim.__file__).with_name(name)
    if python != sys.executable:
        return str(source)
    compiled = Path(cache_from_source(source))
    try:
        with compiled.open("rb") as file:
            found = file.read(16)
        stat = source.stat()
    except OSError:
        return str(source)
    stamp = (0, int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)
    is_fresh = found == MAGIC_NUMBER + struct.pack("<3I", *stamp)
    return str(compiled if is_fresh else source)


def _reap() -> None:
    for pid, process in list(_shims.items()):
        if process.poll() is not None:
            _shims.pop(pid, None)


async def end_lost(place: LocalAttempt, grace: timedelta) -> None:
    """TERM, then KILL, until nothing of the attempt lives; raises Unreachable if that fails."""
    kill_at = time.monotonic() + grace.total_seconds()
    told: set[proc.Process] = set()
    while left := await asyncio.to_thread(place.left):
        now = time.monotonic()
        if now >= kill_at + _PATIENCE:
            pids = ", ".join(str(process.pid) for process in left)
            raise Unreachable(f"processes of run {place.run} cannot be ended: {pids}")
        for process in left:
            if now >= kill_at:
                process.send(signal.SIGKILL)
            elif process not in told:
                told.add(process)
                process.send(signal.SIGTERM)
                process.send(signal.SIGCONT)
        await asyncio.sleep(_POLL)


async def _until_gone(pid: int, start: str) -> None:
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        while proc.is_alive(pid, start):
            await asyncio.sleep(_SLOW_POLL)
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(fd, gone.set)
        try:
            if proc.is_alive(pid, start):
                await gone.wait()
        finally:
            loop.remove_reader(fd)
    finally:
        os.close(fd)


def guard_of(claim: Mapping[str, Any]) -> tuple[int, str]:
    """Pid and start of the shim that made a claim."""
    return int(claim.get("pid", -1)), str(claim.get("start", ""))
