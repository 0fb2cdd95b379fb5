"""Runs jobs on an attached machine, and has their run folders here as if they ran here.

A job is sent in the background: until it has begun it waits, and says for what. A claim is made
here before anything is begun there, so that a run that was given up is never begun; there it is
the shim that claims, so that it is begun once. The exit record comes last, when all files are here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from datetime import timedelta
from typing import IO, Any
from uuid import uuid4

from jupyter_aml.compute.attempt import make_folders
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.compute.ssh import far, sending
from jupyter_aml.compute.ssh.builds import Builds
from jupyter_aml.compute.ssh.machine import PIECE, Machine, Secret
from jupyter_aml.compute.ssh.options import SshOptions
from jupyter_aml.compute.ssh.place import Place
from jupyter_aml.compute.ssh.sending import Parcel
from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.runfolder.layout import RunFolder

_LOG = logging.getLogger("jupyter_aml.compute")
SSH = "ssh"

_POLL = 0.05
_LOOK = 2.0
"""Seconds after which a job is looked at though nothing was told of it."""
_PATIENCE = 5.0
_UNTOLD = 60.0
"""Seconds that the files of a job which has ended may take without a word of them."""


class SshBackend:
    """Sends jobs to a machine and finds them again by their handles."""

    def __init__(self, options: SshOptions, secret: Secret = str) -> None:
        """`secret` gives the value of a setting that stands in the vault."""
        self.machine = Machine(options, secret, pushed=self._pushed, linked=self._linked)
        self.builds = Builds(self.machine, lambda: self._once(sending.shim_parcel()))
        self._places: dict[str, Place] = {}
        self._seen: dict[str, Phase] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._uploads: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def submit(self, job: BackendJob) -> Handle:
        """Begin to send the job, unless that was done before."""
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        if job.container is not None:
            raise Invalid(
                f"the environment of job {job.id} is an image, which cannot run on the attached "
                f"machine {self.machine.options.where}: send it in one of Python packages"
            )
        handle = far.handle(SSH, job)
        await asyncio.to_thread(make_folders, RunFolder(job.folder.absolute()))
        place = self._place(handle)
        is_sent = await asyncio.to_thread(place.is_sent)
        task = self._sending.get(place.key)
        if not is_sent and (task is None or task.done() or task.get_loop() is not _loop()):
            self._sending[place.key] = asyncio.create_task(self._send(job, place))
        return handle

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands, by its records here and by who of it lives there."""
        place = self._place(handle)
        sighting = await self._look(place)
        self._seen[place.key] = sighting.phase
        return sighting

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Give up what has not begun; else tell the shim, or end what it has left."""
        place = self._place(handle)
        if await asyncio.to_thread(place.end) is not None:
            return
        if not await asyncio.to_thread(place.is_claimed):
            await asyncio.to_thread(place.claim_for_nobody)
            place.stir()
            return
        if (await self._look(place)).phase is Phase.LOST:
            await self._end_lost(place, grace)
            return
        await self._call(place, "stop", grace=grace.total_seconds())

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`."""
        place = self._place(handle)
        if self._seen.get(place.key) in (Phase.GONE, Phase.LOST):
            return
        self._keep_following(place)
        await place.moved(_LOOK)

    async def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""
        place, offset = self._place(handle), after
        while True:
            phase = (await self._look(place)).phase
            while piece := await asyncio.to_thread(place.piece, offset):
                offset += len(piece)
                yield piece
            if phase in (Phase.GONE, Phase.LOST):
                return
            self._keep_following(place)
            await place.news(_POLL)

    async def forget(self, handle: Handle) -> None:
        """Have what is there of its files, and remove its folder there."""
        place = self._place(handle)
        await self._give_up_sending(place)
        is_claimed = await asyncio.to_thread(place.is_claimed)
        if is_claimed or place.is_made:
            if is_claimed and await asyncio.to_thread(place.end) is None:
                await self._fetch(place)
            await self._call(place, "unfollow")
            await self._call(place, "forget")
        await asyncio.to_thread(place.copy.end)
        self._seen.pop(place.key, None)
        self._places.pop(place.key, None)

    def change(self, options: SshOptions) -> None:
        """Connect with these from now on."""
        if options != self.machine.options:
            self.machine.options = options
            self.machine.drop()

    def close(self) -> None:
        """Let go of the connection; the jobs go on."""
        for task in (*self._sending.values(), *self._tasks):
            if not task.get_loop().is_closed():
                task.cancel()
        self.machine.close()

    # ---- sending ----------------------------------------------------------------------------

    async def _send(self, job: BackendJob, place: Place) -> None:
        """Send a job until it has begun, was given up, or can never begin."""
        while True:
            try:
                await self._sent(job, place)
                return
            except Unreachable as error:
                place.reason = str(error)
                place.stir()
                await self.machine.until_again()
            except AmlError as error:
                await asyncio.to_thread(place.fail, str(error))
                place.stir()
                return
            except Exception as error:  # Else the run would wait for a task that is gone.
                _LOG.exception("run %s cannot be sent", place.run)
                await asyncio.to_thread(place.fail, f"jupyter_aml failed: {error!r}")
                place.stir()
                return
            if await asyncio.to_thread(place.is_given_up):
                return

    async def _give_up_sending(self, place: Place) -> None:
        """End what is sent of a job that nobody wants any more."""
        task = self._sending.pop(place.key, None)
        if task is not None and task.get_loop() is _loop():
            task.cancel()
            await asyncio.wait([task])

    async def _sent(self, job: BackendJob, place: Place) -> None:
        where, folder = self.machine.options.where, RunFolder(job.folder.absolute())
        place.reason = f"connecting to {where}"
        home = (await self.machine.link()).about["home"]
        runtime = sending.runtime_parcel(job)
        snapshot = await asyncio.to_thread(sending.snapshot_parcel, folder)
        guard = sending.shim_parcel()
        for what, parcel in ("the runtime", guard), ("the runtime", runtime and runtime[0]), (
            "the snapshot", snapshot,
        ):  # fmt: skip
            if parcel is not None:
                place.reason = f"sending {what} to {where}"
                await self._once(parcel)
        place.reason = f"sending the files of the run to {where}"
        upload = Parcel(f"uploads/{uuid4().hex}", lambda: sending.own_files(folder))
        await self._upload(upload)
        place.is_made = True
        await self._call(
            place,
            "make",
            upload=upload.place,
            data=await asyncio.to_thread(far.data, job, f"{home}/{place.folder}"),
            snapshot=None if snapshot is None else snapshot.place,
        )
        wanted = far.translated(job, f"{home}/{place.folder}", home, runtime)
        if not await asyncio.to_thread(place.claim):
            return
        told = await self._call(
            place, "start", **wanted, python=self.machine.options.python,
            shim=f"{guard.place}/{sending.SHIM}",
        )  # fmt: skip
        await asyncio.to_thread(place.note, "ssh", told)
        place.reason = None
        self._keep_following(place)
        place.stir()

    async def _once(self, parcel: Parcel) -> None:
        """Send a folder, unless it is there."""
        async with self._uploads.setdefault(parcel.place, asyncio.Lock()):
            told = await self.machine.call("missing", places=[parcel.place])
            if told["missing"]:
                await self._upload(parcel)

    async def _upload(self, parcel: Parcel) -> None:
        upload = uuid4().hex
        pack = sending.packed(parcel.files())
        file: IO[bytes] = await asyncio.to_thread(pack.__enter__)
        try:
            offset, is_last = 0, False
            while not is_last:
                data = await asyncio.to_thread(file.read, PIECE)
                is_last = len(data) < PIECE
                await self.machine.call(
                    "put", data, upload=upload, place=parcel.place, offset=offset, last=is_last
                )
                offset += len(data)
        finally:
            await asyncio.to_thread(pack.__exit__, None, None, None)

    # ---- looking ----------------------------------------------------------------------------

    async def _look(self, place: Place) -> Sighting:
        end = await asyncio.to_thread(place.end)
        if end is not None:
            return end
        if await asyncio.to_thread(place.is_given_up):
            return Sighting(phase=Phase.GONE, never_started=True)
        begun = await asyncio.to_thread(place.read, "ssh")
        if begun is None:
            return Sighting(phase=Phase.WAITING, reason=place.reason)
        self._keep_following(place)
        told = await self._call(place, "state")
        return await self._judged(place, told, begun)

    async def _judged(
        self, place: Place, told: Mapping[str, Any], begun: Mapping[str, Any]
    ) -> Sighting:
        started = await asyncio.to_thread(place.started)
        claim, where = told["claim"], self.machine.options.where
        if told["lives"] or told["ended"]:
            # Of one that has ended the files are on their way, and its exit record behind them.
            return Sighting(phase=Phase.ALIVE, started=started)
        if told["begins"]:
            return Sighting(phase=Phase.WAITING)
        if claim is not None and claim.get("pid") == 0:
            return Sighting(phase=Phase.GONE, never_started=True)
        if told["boot"] != begun.get("boot"):
            lost = f"{where} was started again"
            return Sighting(phase=Phase.GONE, lost_node=lost, started=started)
        if claim is None and told["is_there"]:
            # Whoever was started for it is gone: from now on nobody begins it.
            await self._call(place, "stop", grace=0)
            return Sighting(phase=Phase.WAITING)
        # Its end may have come between two looks of the other side.
        end = await asyncio.to_thread(place.end)
        return end or Sighting(phase=Phase.LOST, started=started)

    def _place(self, handle: Handle) -> Place:
        place = Place(handle)
        return self._places.setdefault(place.key, place)

    async def _call(self, place: Place, verb: str, **fields: Any) -> dict[str, Any]:
        return await self.machine.call(
            verb, folder=place.folder, attempt=place.attempt, job=place.run, root=place.root,
            key=place.key, **fields,
        )  # fmt: skip

    # ---- following --------------------------------------------------------------------------

    def _keep_following(self, place: Place) -> None:
        """Have a job followed over the connection that there is, or that will be."""
        if place.is_followed and self.machine.is_linked:
            return
        if place.beginning is None or place.beginning.done():
            place.beginning = self._task(self._follow(place))

    async def _follow(self, place: Place) -> None:
        try:
            have = await asyncio.to_thread(place.copy.have)
            link = await self.machine.link()
            place.is_followed = True
            await link.call(
                "follow", json.dumps(have).encode(), folder=place.folder, attempt=place.attempt,
                key=place.key, others=place.others,
            )  # fmt: skip
        except AmlError:
            place.is_followed = False

    def _linked(self) -> None:
        self._task(self.builds.end_left())
        for place in self._places.values():
            place.is_followed = False

    async def _pushed(self, told: dict[str, Any], data: bytes) -> None:
        """Take what the other side tells by itself."""
        if told["push"] == "lost":
            for place in self._places.values():
                place.is_followed = False
                place.stir()
            return
        followed = self._places.get(told["run"])
        if followed is None:
            return
        try:
            await self._taken(followed, told, data)
        except StorageFailed:
            # It is told again from where it is whole once there is room: the look goes on.
            followed.is_followed = False
        followed.stir(is_move=self._is_move(followed, told))

    def _is_move(self, place: Place, told: Mapping[str, Any]) -> bool:
        is_begin = told.get("path", "").startswith("status/pids.")
        return told["push"] == "record" and not (
            is_begin and self._seen.get(place.key) is Phase.ALIVE
        )

    async def _taken(self, place: Place, told: dict[str, Any], data: bytes) -> None:
        if told["push"] == "over":
            place.has_all.set()
        elif told["push"] == "names":
            wrong = await asyncio.to_thread(place.copy.compare, told)
            self._task(self._confirm(place, wrong))
        else:
            await asyncio.to_thread(place.copy.take, told, data)

    async def _confirm(self, place: Place, wrong: list[str]) -> None:
        try:
            await self._call(place, "confirm", again=wrong)
        except AmlError:
            place.is_followed = False

    async def _fetch(self, place: Place) -> None:
        """Have all files of a job that left no exit record."""
        told = await self._call(place, "state")
        if not told["is_there"]:
            return
        place.has_all.clear()
        await self._follow(place)
        await self._call(place, "finish")
        try:
            async with asyncio.timeout(_UNTOLD):
                await place.has_all.wait()
        except TimeoutError as error:
            raise Unreachable(
                f"the files of run {place.run} do not come from {self.machine.options.where}"
            ) from error

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ---- ending -----------------------------------------------------------------------------

    async def _end_lost(self, place: Place, grace: timedelta) -> None:
        """TERM, then KILL, until nothing of the attempt lives there."""
        kill_at = time.monotonic() + grace.total_seconds()
        signals = [int(signal.SIGTERM), int(signal.SIGCONT)]
        while True:
            told = await self._call(place, "end", signals=signals)
            if not told["left"]:
                return
            now = time.monotonic()
            if now >= kill_at + _PATIENCE:
                pids = ", ".join(map(str, told["left"]))
                raise Unreachable(f"processes of run {place.run} cannot be ended: {pids}")
            signals = [int(signal.SIGKILL)] if now >= kill_at else []
            await asyncio.sleep(_POLL)


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
