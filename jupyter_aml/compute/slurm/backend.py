"""Hands jobs to Slurm, each under our shim, so that their records are those of any run.

The run folder lies on a file system that the nodes share with this machine. Queue and places are
Slurm's affair; console, exit record, grace and our own time limit are the shim's. An attempt is
executed once: jobs are submitted so that Slurm never begins one again by itself.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jupyter_aml.compute.attempt import Attempt, make_folders, records
from jupyter_aml.compute.cgroups import name_of
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.compute.slurm import batch, rows
from jupyter_aml.compute.slurm.commands import Slurm
from jupyter_aml.compute.slurm.options import SlurmOptions
from jupyter_aml.compute.slurm.queue import Queue
from jupyter_aml.compute.slurm.rows import Row
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.runfolder.layout import RunFolder

SLURM = "slurm"

_QUICK, _SLOW = 0.05, 0.5
"""Seconds between two looks at the files of a job: first, and after a while."""
_SOON = 5.0
_LATE = 30.0
"""Seconds that a record which was written on a node may take to be seen here."""
_AGAIN = 3.0
"""Seconds after which a job that was told to end is told once more."""
_PATIENCE = 10.0
"""Seconds beyond the grace after which Slurm itself ends the job."""
_TAIL = 2000


class SlurmBackend:
    """Submits a batch job for each job and finds it again by its name."""

    def __init__(self, options: SlurmOptions | None = None, *, slurm: Slurm | None = None) -> None:
        """`slurm` is given in tests; one of its own is made else."""
        self.options = options or SlurmOptions()
        """What is asked of Slurm from the next job on."""
        self._slurm = slurm or Slurm()
        self._queue = Queue(self._slurm)
        self._submitting: dict[str, asyncio.Task[Handle]] = {}
        self._submitted: dict[str, float] = {}
        self._seen: dict[str, tuple[Phase, str | None]] = {}
        self._ended: dict[str, float] = {}
        self._told: dict[str, tuple[float, float]] = {}

    async def submit(self, job: BackendJob) -> Handle:
        """Hand the job to Slurm, unless it has it already."""
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        key = f"{job.folder.absolute()} {job.id}"
        task = self._submitting.get(key)
        if task is None:
            task = self._submitting[key] = asyncio.create_task(self._submit(job))
            task.add_done_callback(lambda done: self._over(key, done))
        # Shielded: a submit that was begun is brought to its end, and its number written down.
        return await asyncio.shield(task)

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands, by its records and by what Slurm says."""
        place = _Place(handle)
        sighting = await self._look(place)
        self._seen[place.key] = sighting.phase, sighting.reason
        return sighting

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Take the job out of the queue, or tell its shim; Slurm ends what does not hear."""
        place, now = _Place(handle), time.monotonic()
        if await asyncio.to_thread(place.end) is not None:
            return
        first, last = self._told.get(place.key, (now, float("-inf")))
        if now - last < _AGAIN:
            return
        await asyncio.to_thread(place.wish, grace)
        await self._tell(place, is_late=now - first > grace.total_seconds() + _PATIENCE)
        self._told[place.key] = first, now
        self._queue.stir()

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`."""
        place, began = _Place(handle), time.monotonic()
        before = self._seen.get(place.key)
        phase = None if before is None else before[0]
        if phase is Phase.GONE:
            return
        while True:
            try:
                now = await self._by_slurm(place)
            except Unreachable:
                now = None
            if now is not None and now[:2] != before:
                return
            # Of one that Slurm has not begun there are no files to look for.
            is_queued = now is not None and now[2]
            if not is_queued and await asyncio.to_thread(
                place.has, "claim" if phase is Phase.WAITING else "exit"
            ):
                return
            await asyncio.sleep(self._pause(began, is_queued=is_queued))

    async def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""
        place, offset = _Place(handle), after
        while True:
            phase = (await self._look(place)).phase
            while piece := await asyncio.to_thread(place.piece, offset):
                offset += len(piece)
                yield piece
            if phase is Phase.GONE:
                return
            await asyncio.sleep(_QUICK)

    async def forget(self, handle: Handle) -> None:
        """Take out of the queue what stands there by mistake; the records stay."""
        place = _Place(handle)
        for known in (self._seen, self._submitted, self._ended, self._told):
            known.pop(place.key, None)
        left = [row.job for row in (await self._queue.view()).jobs.get(place.name, ()) if row.waits]
        await self._slurm.cancel(left, place.name, "--state=PENDING")

    @property
    def silence(self) -> str | None:
        """What was said when Slurm was asked last and did not answer; None while it does."""
        return self._queue.silence

    async def probe(self) -> str:
        """Ask whether Slurm would take a job with these options; raises Invalid, Unreachable."""
        return await self._slurm.probe(batch.asked(self.options))

    def close(self) -> None:
        """Let go of the threads; the jobs go on."""
        self._slurm.close()

    # ---- submitting -------------------------------------------------------------------------

    def _over(self, key: str, task: asyncio.Task[Handle]) -> None:
        self._submitting.pop(key, None)
        if not task.cancelled():
            task.exception()

    async def _submit(self, job: BackendJob) -> Handle:
        folder = RunFolder(job.folder.absolute())
        options, script = batch.options(job, self.options), batch.script(job, self.options)
        await asyncio.to_thread(make_folders, folder)
        handle = _handle(job)
        place = _Place(handle)
        number = await self._found(place)
        if number is None:
            await asyncio.to_thread(place.note, "asked", {"name": place.name})
            try:
                number = await self._slurm.submit(options, script)
            except Invalid:
                await asyncio.to_thread(place.drop, "asked")
                raise
        await asyncio.to_thread(place.note, "slurm", {"job": number})
        self._submitted[place.key] = time.monotonic()
        self._queue.stir()
        return handle

    async def _found(self, place: _Place) -> int | None:
        """The number of the job where it was submitted before; None where it never was."""
        told = await asyncio.to_thread(place.read, "slurm")
        if told is not None and "job" in told:
            return int(told["job"])
        if not await asyncio.to_thread(place.was_begun):
            return None
        # Whoever asked Slurm for it did not live to hear the answer.
        some = (await self._queue.view(since=time.monotonic())).jobs.get(place.name)
        if some:
            return some[0].job
        return 0 if place.has("claim") else None

    # ---- looking ----------------------------------------------------------------------------

    async def _look(self, place: _Place) -> Sighting:
        end = await asyncio.to_thread(place.end)
        if end is not None:
            return await self._explained(place, end)
        has_begun = await asyncio.to_thread(place.has, "claim")
        try:
            row = await self._row(place)
            going = _going(place, row, has_begun=has_begun)
            if going is None:
                # To be sure: asked after its claim was looked for, and not before.
                row = await self._row(place, since=time.monotonic())
                going = _going(place, row, has_begun=has_begun)
        except Unreachable:
            if await asyncio.to_thread(place.has_pulse):
                return Sighting(phase=Phase.ALIVE, started=place.started())
            raise
        return going or await self._gone(place, row)

    async def _gone(self, place: _Place, row: Row | None) -> Sighting:
        # It may have written its last word since it was looked for.
        end = await asyncio.to_thread(place.late_end)
        if end is not None:
            return await self._explained(place, end)
        claim: Mapping[str, Any] | None = place.read("claim")
        if claim is None:
            claim = await asyncio.to_thread(place.claim_for_nobody)
        if claim.get("pid") == 0:
            return self._never_began(place, row)
        return self._without_a_word(place, row)

    def _never_began(self, place: _Place, row: Row | None) -> Sighting:
        """Nothing was started under the attempt, and nothing can be any more."""
        lost = None if row is None else rows.lost_node(row)
        was_stopped = row is not None and row.state == "CANCELLED" and place.has("grace")
        if row is None or lost is not None or was_stopped:
            return Sighting(phase=Phase.GONE, never_started=True, lost_node=lost)
        why = rows.ended(row, said=place.output(), before=" before the script was started")
        return Sighting(phase=Phase.GONE, why=why)

    def _without_a_word(self, place: _Place, row: Row | None) -> Sighting:
        """The script was started, and left no exit record."""
        started = place.started()
        if row is None:
            why = f"Slurm knows nothing of job {place.job} any more, and nobody saw its end"
            return Sighting(phase=Phase.GONE, why=why, started=started)
        lost = rows.lost_node(row)
        if lost is not None:
            return Sighting(phase=Phase.GONE, lost_node=lost, started=started)
        if row.state == "COMPLETED" and not self._is_late(place):
            # The shim has ended well, so its record is on its way through the file system.
            return Sighting(phase=Phase.ALIVE, started=started)
        is_stopped = row.state == "CANCELLED" and place.has("grace")
        why = "canceled" if is_stopped else rows.ended(row, said=place.output())
        return Sighting(phase=Phase.GONE, why=why, started=started)

    async def _explained(self, place: _Place, end: Sighting) -> Sighting:
        """The end of a job, and what Slurm had to do with it where nobody here asked for it."""
        was_told = end.why == "canceled" and not place.has("grace")
        # Slurm signals the script as well as its shim, and which of them hears first is chance.
        may_be_slurm = end.why is None and end.exit_code != 0
        if not (was_told or may_be_slurm):
            return end
        row = await self._row(place)
        if row is not None and row.lives and not self._is_late(place):
            # Slurm says how it ended once it has tidied up behind it.
            return Sighting(phase=Phase.ALIVE, started=end.started)
        if row is None and was_told:
            why = f"job {place.job} was ended from outside, and Slurm does not know why any more"
            return replace(end, why=why)
        if row is None or row.lives or row.state in ("COMPLETED", "FAILED"):
            return end
        lost = rows.lost_node(row)
        return replace(end, lost_node=lost, why=end.why if lost else rows.ended(row))

    async def _row(self, place: _Place, *, since: float | None = None) -> Row | None:
        """What Slurm knows of the job, asked since then; None where it knows nothing of it."""
        view = await self._queue.view(since=since)
        # A view of before it was submitted says nothing of it.
        submitted = self._submitted.get(place.key)
        if submitted is not None and view.asked < submitted:
            view = await self._queue.view(since=submitted)
        some = view.jobs.get(place.name)
        row = some[0] if some else None
        ended_by_whom = row is not None and row.state == "CANCELLED" and not place.has("grace")
        if (row is None or ended_by_whom) and place.job:
            return await self._slurm.accounted(place.job) or row
        return row

    def _pause(self, began: float, *, is_queued: bool) -> float:
        """Seconds until the next look: more of them where many look, and after a while."""
        many = len(self._seen) / 200
        if is_queued:
            return max(self._queue.pause, many)
        return max(_SLOW if time.monotonic() - began > _SOON else _QUICK, many)

    async def _by_slurm(self, place: _Place) -> tuple[Phase, str | None, bool] | None:
        """Phase and reason as Slurm alone tells them, and whether the job is in its queue.

        None where it does not know.
        """
        some = (await self._queue.view()).jobs.get(place.name)
        if not some:
            return None if self._submitted.get(place.key) else (Phase.GONE, None, False)
        row = some[0]
        before = self._seen.get(place.key, (None, None))[0]
        if row.lives and before is Phase.ALIVE:
            return Phase.ALIVE, None, False
        if row.lives or row.waits:
            return Phase.WAITING, rows.waiting_reason(row), row.state == "PENDING"
        return Phase.GONE, None, False

    def _is_late(self, place: _Place) -> bool:
        first = self._ended.setdefault(place.key, time.monotonic())
        return time.monotonic() - first > _LATE

    # ---- ending -----------------------------------------------------------------------------

    async def _tell(self, place: _Place, *, is_late: bool) -> None:
        view = await self._queue.view(since=self._submitted.get(place.key))
        some = view.jobs.get(place.name, [])
        waiting = [row.job for row in some if row.waits]
        living = [row.job for row in some if row.lives]
        await self._slurm.cancel(waiting, place.name, "--state=PENDING")
        # One that waited a moment ago may have begun since; a stopped one hears no signal.
        deaf = [row.job for row in some if row.lives and (is_late or row.state == "SUSPENDED")]
        await self._slurm.cancel(deaf, place.name)
        hearing = [job for job in (*waiting, *living) if job not in deaf]
        await self._slurm.cancel(hearing, place.name, "--batch", "--signal=TERM")


def _going(place: _Place, row: Row | None, *, has_begun: bool) -> Sighting | None:
    """Where a job stands that waits or lives; None for one of which neither can be said."""
    if row is not None and row.lives and has_begun:
        return Sighting(phase=Phase.ALIVE, started=place.started())
    if row is not None and (row.lives or (row.waits and not has_begun)):
        return Sighting(phase=Phase.WAITING, reason=rows.waiting_reason(row))
    if row is None and has_begun and place.has_pulse():
        return Sighting(phase=Phase.ALIVE, started=place.started())
    return None


class _Place(Attempt):
    """An attempt that was handed to Slurm."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle.data)
        self.name = handle.data["name"]

    @property
    def job(self) -> int:
        """The number of the job; 0 where it is not known."""
        return int((self.read("slurm") or {}).get("job", 0))

    def was_begun(self) -> bool:
        """Whether somebody asked Slurm for it, or it was even started."""
        return self.has("asked") or self.has("claim")

    def has_pulse(self) -> bool:
        """Whether a shim has this attempt and said a moment ago that it lives."""
        return self.has("claim") and super().has_pulse()

    def late_end(self) -> Sighting | None:
        """How it ended, asked of the file system and not of what it remembers."""
        try:
            os.listdir(self.status)
        except OSError:
            return None
        return self.end()

    def drop(self, name: str) -> None:
        """Remove a record."""
        self.record(name).unlink(missing_ok=True)

    def output(self) -> str:
        """The end of what Slurm and the setup lines printed on the node, in one line."""
        path = batch.output_of(RunFolder(self.status.parent), int(self.attempt))
        try:
            with path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - _TAIL))
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return " / ".join([line.strip() for line in lines if line.strip()][-3:])[-300:]


def _handle(job: BackendJob) -> Handle:
    return Handle(backend=SLURM, data={**records(job), "name": name_of(job.root, job.id)})
