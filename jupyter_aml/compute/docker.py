"""Runs jobs in docker containers, each under our shim, so that their records are those of any run.

The run folder is mounted at its own path. Console, exit record and time limit are the shim's
affair; the container adds the walls, and an end of everything in it when the shim ends.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_aml.compute import machine
from jupyter_aml.compute.attempt import Attempt, make_folders, records, shim_words
from jupyter_aml.compute.cgroups import name_of
from jupyter_aml.compute.protocol import BackendJob, Container, Handle, Phase, Sighting
from jupyter_aml.containers import (
    arguments,
    connect,
    devices,
    mount,
    remove,
    said,
    size,
    tell,
    walls,
)
from jupyter_aml.domain.errors import Invalid, NotFound, Unreachable
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.shim import shim

DOCKER = "docker"
LABEL, ROOT = "aml.job", "aml.root"

_POLL, _LOOK = 0.05, 1.0
_KILLED = 137
_PATIENCE = 10
_GROUP = "/sys/fs/cgroup"
"""Where a container finds its own control groups."""


class DockerBackend:
    """Starts a container for each job and finds it again by its name."""

    def __init__(self, *, url: str | None = None, usual: Limits = NO_LIMITS) -> None:
        """`url` is the address of the engine; None for the one that the variables name.

        `usual` are the limits of jobs that name none, and the most that any may have.
        """
        self._url, self._usual = url, usual
        self._made: Any = None
        self._making = threading.Lock()
        self._seen: dict[str, Phase] = {}

    async def submit(self, job: BackendJob) -> Handle:
        """Start a container, unless one was started for this attempt before."""
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        return await asyncio.to_thread(self._submit, job)

    async def look(self, handle: Handle) -> Sighting:
        """Say where the job stands, by its records and by its container."""
        place = _Place(handle)
        sighting = await asyncio.to_thread(self._look, place)
        self._seen[place.key] = sighting.phase
        return sighting

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Tell the shim in the container."""
        place = _Place(handle)
        sighting = await asyncio.to_thread(self._look, place)
        if sighting.phase in (Phase.WAITING, Phase.ALIVE):
            await asyncio.to_thread(self._tell, place, grace)
        elif sighting.phase is Phase.LOST:
            await asyncio.to_thread(self._remove, place)

    async def wait(self, handle: Handle) -> None:
        """Return when the job may stand elsewhere than at the last `look`."""
        place, looked = _Place(handle), time.monotonic()
        before = self._seen.get(place.key)
        while True:
            if await asyncio.to_thread(place.end) is not None:
                return
            is_late = time.monotonic() - looked > _LOOK
            if is_late or before is Phase.WAITING:
                phase = (await asyncio.to_thread(self._look, place)).phase
                if phase is not before or phase in (Phase.GONE, Phase.LOST):
                    return
                looked = time.monotonic()
            await asyncio.sleep(_POLL)

    async def logs(self, handle: Handle, *, after: int = 0) -> AsyncIterator[bytes]:
        """Yield output from byte `after` on, until the job has ended."""
        place, offset = _Place(handle), after
        while True:
            phase = (await asyncio.to_thread(self._look, place)).phase
            while piece := await asyncio.to_thread(place.piece, offset):
                offset += len(piece)
                yield piece
            if phase in (Phase.GONE, Phase.LOST):
                return
            await asyncio.sleep(_POLL)

    async def forget(self, handle: Handle) -> None:
        """Remove the container; the records belong to the run folder and stay."""
        place = _Place(handle)
        self._seen.pop(place.key, None)
        await asyncio.to_thread(self._remove, place)

    def close(self) -> None:
        """Close the connections to the engine."""
        if self._made is not None:
            self._made.close()
            self._made = None

    # ---- in threads -------------------------------------------------------------------------

    @property
    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = connect(self._url)
            return self._made

    def _submit(self, job: BackendJob) -> Handle:
        folder = RunFolder(job.folder.absolute())
        make_folders(folder)
        handle = _handle(job)
        place = _Place(handle)
        if place.read("claim") is not None:
            return handle
        if job.container is None:
            raise Invalid(f"job {job.id} names no image to run in")
        container = self._container(place) or self._create(job, job.container)
        # Whoever made it may have died before it was started; to start it twice changes nothing.
        if container is not None and container.status == "created":
            with said():
                try:
                    container.start()
                except Exception:
                    remove(container)
                    raise
        return handle

    def _create(self, job: BackendJob, wished: Container) -> Any:
        """Make the container; None where another submit of the job is just doing so."""
        options = _options(job, wished, self._usual)
        if wished.children is not None:
            wished.children.mkdir(exist_ok=True)
        with said():
            try:
                return self._client.containers.create(wished.image, **options)
            except Exception as error:
                if getattr(error, "status_code", None) != 409:
                    raise
                return None

    def _look(self, place: _Place) -> Sighting:
        if (end := place.end()) is not None:
            return self._explained(place, end)
        container = self._container(place)
        if container is None:
            return self._without(place)
        state = container.attrs["State"]
        if state["Status"] in ("created", "running", "restarting", "paused"):
            if place.read("claim") is None:
                return Sighting(phase=Phase.WAITING)
            return Sighting(phase=Phase.ALIVE, started=place.started())
        # It may have written its last record since the first line of this method.
        if (end := place.end()) is not None:
            return self._explained(place, end)
        ended = _ended(state, place)
        return _of_memory(ended, container) if state.get("OOMKilled") else ended

    def _explained(self, place: _Place, end: Sighting) -> Sighting:
        """The end of a job, and whether it was killed for its memory, which no shim can see."""
        if end.exit_code != -9 or end.why is not None:
            return end
        try:
            container = self._container(place)
            if container is None:
                return end
            with said():
                # The shim has written its last word, so this takes no more than a moment.
                container.wait(timeout=_PATIENCE)
                container.reload()
        except (NotFound, Unreachable):
            return end
        return _of_memory(end, container) if container.attrs["State"]["OOMKilled"] else end

    def _without(self, place: _Place) -> Sighting:
        claim: Mapping[str, Any] | None = place.read("claim") or place.claim_for_nobody()
        if claim is not None and claim.get("pid") == 0:
            return Sighting(phase=Phase.GONE, never_started=True)
        if (end := place.end()) is not None:
            return end
        why = "the container of the run was removed by somebody else"
        return Sighting(phase=Phase.GONE, why=why, started=place.started())

    def _tell(self, place: _Place, grace: timedelta) -> None:
        place.wish(grace)
        container = self._container(place)
        if container is None:
            return
        if container.status == "created":
            self._remove(place)
            return
        tell(container, "SIGTERM")

    def _container(self, place: _Place) -> Any:
        """The container of the job; one of the same name in another root is none of ours."""
        for name in place.names:
            try:
                with said():
                    found = self._client.containers.get(name)
            except NotFound:
                continue
            if _is_of(found, place):
                return found
        return None

    def _remove(self, place: _Place) -> None:
        container = self._container(place)
        if container is not None:
            remove(container)


class _Place(Attempt):
    """An attempt in a container."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle.data)
        self._name = handle.data["container"]

    @property
    def names(self) -> tuple[str, str]:
        """What its container is called, and what an earlier version called it."""
        return self._name, self._name.replace(f"aml-{self.root[:8]}-", "aml-", 1)


def _handle(job: BackendJob) -> Handle:
    return Handle(backend=DOCKER, data={**records(job), "container": name_of(job.root, job.id)})


def _options(job: BackendJob, container: Container, usual: Limits) -> dict[str, Any]:
    """How the container is made: as little as a script needs, and nothing of this machine else."""
    folder = RunFolder(job.folder.absolute())
    program = Path(shim.__file__).absolute()
    shims = (program, program.with_name("sampling.py"))
    reading = [mount(path, read_only=True) for path in (*container.mounts, *shims)]
    beside = []
    if container.children is not None:
        beside = [mount(container.children, read_only=False, at=folder.path.parent)]
    wished = arguments(container.arguments)
    return {
        **walls(),
        "command": [
            *(container.python, "-I", "-S", str(program)),
            *shim_words(job, [f"measure={_GROUP}"]),
        ],
        "name": name_of(job.root, job.id),
        "labels": {LABEL: job.id, "aml.run": job.run, ROOT: job.root},
        "mounts": [*reading, *beside, mount(folder.path, read_only=False)],
        "working_dir": "/",
        "shm_size": container.shm_size,
        **_limits(job, wished, usual),
        "environment": {"HOME": "/tmp", **wished["environment"], **job.environment},
    }


def _limits(job: BackendJob, wished: Mapping[str, Any], usual: Limits) -> dict[str, Any]:
    """The limits as docker takes them: those of the job, else of its arguments, else the usual."""
    told = {**_told(usual), **wished, **_told(job.limits)}
    if job.gpus:
        told["device_requests"] = devices(job.gpus)
    asked = Limits(memory=size(told.get("mem_limit")), processes=told.get("pids_limit"))
    machine.check(asked, most=usual)
    # Without this a job may take the same again of swap.
    return told if asked.memory is None else {**told, "memswap_limit": told["mem_limit"]}


def _told(limits: Limits) -> dict[str, Any]:
    told: dict[str, Any] = {"mem_limit": limits.memory, "pids_limit": limits.processes}
    if limits.cpus is not None:
        told["nano_cpus"] = int(limits.cpus * 1e9)
    if limits.gpus == 0:
        told["device_requests"] = []
    return {name: value for name, value in told.items() if value is not None}


def _of_memory(end: Sighting, container: Any) -> Sighting:
    """The end of a job that was killed for its memory, as docker saw it."""
    limit = container.attrs["HostConfig"].get("Memory")
    known = {"memoryLimit": float(limit)} if limit else {}
    return replace(end, why="memory", resources={**known, **end.resources})


def _is_of(container: Any, place: _Place) -> bool:
    """Whether a container is that of a job in this root, by its label, else by its mounts."""
    told = container.labels.get(ROOT)
    if told is not None:
        return bool(told == place.root)
    here = str(place.status.parent)
    return any(each.get("Source") == here for each in container.attrs.get("Mounts", ()))


def _ended(state: Mapping[str, Any], place: Attempt) -> Sighting:
    """The end of a container whose shim left no word."""
    code = int(state.get("ExitCode") or 0)
    if place.read("claim") is None:
        told = str(state.get("Error") or "").strip()
        why = told or f"the image cannot start Python: exit code {code}"
    else:
        why = f"the container ended without a word of the script (exit code {code})"
    shown = -9 if code == _KILLED else code or None
    return Sighting(phase=Phase.GONE, why=why, exit_code=shown, started=place.started())
