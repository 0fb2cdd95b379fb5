"""The nodes of a cluster as files and processes: started, handed jobs, ended, found again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_aml.compute import proc
from jupyter_aml.compute.cluster import node
from jupyter_aml.compute.target import NodeState
from jupyter_aml.domain.errors import StorageFailed, Unreachable
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.shim import shim

PROGRAM = (sys.executable, "-I", "-S", node.__file__)
"""What a node of this machine is."""
_POLL = 0.005
_MOMENT = 0.02
_PATIENCE = 20.0
"""Seconds within which a node is up or gone, or is given up."""
_NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
"""Variables that a node has of the server's; those of a job come with it."""


_processes: dict[int, subprocess.Popen[bytes]] = {}
"""Nodes started by this process and not reaped yet; children belong to the whole process."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A job on a node."""

    lost: Path
    """Where to write down that the node was taken from it."""
    part: int = 0
    """Which of the nodes of the job this is, from 0 on."""


@dataclass(slots=True)
class LiveNode:
    """A node, as the pool knows it. `pid` and `start` are those of its process."""

    folder: Path
    pid: int
    start: str
    state: NodeState
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    heard: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was last told that there is an engine."""
    jobs: dict[str, Seat] = field(default_factory=dict)
    """The jobs that it was handed and that nobody has forgotten, by their ids."""
    note: str = ""
    idle: float | None = None
    """For how many seconds it waits for an engine; None where nobody knows."""

    @property
    def id(self) -> str:
        """Its name among the nodes of its cluster."""
        return self.folder.name

    @property
    def lives(self) -> bool:
        """Whether its process does."""
        _reap()
        return proc.is_alive(self.pid, self.start)

    def turn(self, state: NodeState) -> None:
        """Be in another state from now on."""
        if state is not self.state:
            self.state, self.since = state, datetime.now(UTC)

    def tell(self, number: int) -> None:
        """Send its process a signal."""
        proc.send(self.pid, self.start, number)

    def job_file(self, job: str) -> Path:
        """Where a job of that id is handed over."""
        return self.folder / "jobs" / f"{job}.json"


async def start(
    folder: Path,
    *,
    idle: float,
    program: Sequence[str] = PROGRAM,
    variables: Mapping[str, str] | None = None,
    patience: float = _PATIENCE,
) -> LiveNode:
    """Start a node and return when it is up; raises StorageFailed or Unreachable.

    It ends by itself when it hears nothing for `idle` seconds; `patience` is within how many
    seconds it is up. `program` takes the node's folder and `idle` as arguments, and has
    `variables`, by default those that any program needs.
    """
    name = f"node-{secrets.token_hex(3)}"
    work = asyncio.to_thread(_started, folder / name, idle, program, variables)
    starting = asyncio.create_task(work)
    try:
        # Shielded: whoever gives up waits for the process, so as to end it.
        made = await asyncio.shield(starting)
        give_up = time.monotonic() + patience
        while not (made.folder / "node.json").exists():
            if not made.lives or time.monotonic() > give_up:
                raise Unreachable(f"node {name} did not come up: {_last_words(made.folder)}")
            await asyncio.sleep(_POLL)
    except BaseException:
        with contextlib.suppress(StorageFailed):
            made = await starting
            made.tell(signal.SIGKILL)
            while made.lives:
                await asyncio.sleep(_POLL)
            await asyncio.to_thread(remove_tree, made.folder)
        raise
    made.turn(NodeState.IDLE)
    return made


def found(folder: Path) -> list[LiveNode]:
    """The nodes that an earlier engine left; what is left of those that are gone is removed.

    A folder that was copied while its node lives is none: the node belongs to where it was.
    """
    nodes = []
    for path in sorted(folder.glob("node-*")):
        record = _read(path)
        if record is not None and proc.is_alive(int(record["pid"]), str(record["start"])):
            jobs = {file.stem: _seat_of(file) for file in _job_files(path)}
            state = NodeState.BUSY if jobs else NodeState.IDLE
            nodes.append(LiveNode(path, int(record["pid"]), str(record["start"]), state, jobs=jobs))
        else:
            remove_tree(path)
    return nodes


def allow(node: LiveNode, idle: float) -> None:
    """Have a node end by itself when it hears nothing for so many seconds from now on. Blocks.

    Raises StorageFailed.
    """
    path = node.folder / "idle"
    draft = path.with_name(f".{path.name}")
    try:
        draft.write_text(repr(idle))
        os.rename(draft, path)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
    node.idle = idle
    node.tell(signal.SIGUSR1)


async def end(some: Iterable[LiveNode]) -> None:
    """End nodes and what runs on them, and remove what they leave."""
    there = list(some)
    for each in there:
        each.tell(signal.SIGTERM)
    kill_at = time.monotonic() + _PATIENCE
    while living := [each for each in there if each.lives]:
        if time.monotonic() > kill_at:
            for each in living:
                each.tell(signal.SIGKILL)
        await asyncio.sleep(_MOMENT)
    for each in there:
        await asyncio.to_thread(clear, each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a node shall start of a job: the command line and variables of its shim."""

    words: Sequence[str]
    environment: Mapping[str, str]
    lost: Path
    """Where to write down why its node was taken from it."""


def hand_over(to: LiveNode, job: str, order: Order, *, part: int = 0) -> None:
    """Let a node start the shim of a job, as that of its nodes; raises StorageFailed."""
    path = to.job_file(job)
    draft = path.with_name(f".{path.name}")
    told = {"words": list(order.words), "environment": dict(order.environment)}
    text = json.dumps({**told, "lost": str(order.lost), "part": part})
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        os.rename(draft, path)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
    to.jobs[job] = Seat(order.lost, part)
    to.turn(NodeState.BUSY)
    to.tell(signal.SIGUSR1)


def take_back(node: LiveNode, job: str) -> None:
    """Take a job back that the node may not have started yet; one that runs goes on."""
    with contextlib.suppress(OSError):
        node.job_file(job).unlink()
    release(node, job)


def release(node: LiveNode, job: str) -> None:
    """Have the place of a job on its node; twice is once."""
    node.jobs.pop(job, None)
    if not node.jobs and node.state is NodeState.BUSY:
        node.turn(NodeState.IDLE)


def kept(node: LiveNode) -> set[str]:
    """The jobs that wait or run on a node now; it takes away the files of all others. Blocks."""
    return {file.stem for file in _job_files(node.folder)}


def clear(gone: LiveNode) -> None:
    """Remove what a node left that is gone."""
    _reap()
    remove_tree(gone.folder)


def _started(
    folder: Path, idle: float, program: Sequence[str], variables: Mapping[str, str] | None
) -> LiveNode:
    if variables is None:
        variables = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    try:
        (folder / "jobs").mkdir(parents=True, mode=0o700)
        with open(folder / "log.txt", "wb") as log:
            process = subprocess.Popen(
                [*program, str(folder), repr(idle)],
                env=dict(variables),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise StorageFailed(f"cannot start a node in {folder}: {error.strerror}") from error
    begun = shim.start_of(process.pid)
    _processes[process.pid] = process
    return LiveNode(folder, process.pid, begun, NodeState.STARTING, idle=idle)


def _reap() -> None:
    for pid, process in list(_processes.items()):
        if process.poll() is not None:
            _processes.pop(pid, None)


def _job_files(folder: Path) -> Iterator[Path]:
    return (folder / "jobs").glob("[!.]*.json")


def _seat_of(file: Path) -> Seat:
    try:
        told = json.loads(file.read_bytes())
        return Seat(Path(told["lost"]), int(told.get("part", 0)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Seat(file.with_name(f".{file.name}.lost"))


def _last_words(folder: Path) -> str:
    try:
        said = (folder / "log.txt").read_text(errors="replace").strip()
    except OSError:
        said = ""
    return said.splitlines()[-1] if said else "it said nothing"


def _read(folder: Path) -> dict[str, Any] | None:
    """Who the node of this folder is; None where it is none of this folder or of this boot."""
    try:
        record = json.loads((folder / "node.json").read_bytes())
        place = folder.stat()
        is_here = record["file"] == [place.st_dev, place.st_ino] and record["boot"] == shim.boot()
        return record if is_here and {"pid", "start"} <= record.keys() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
