"""Keeps interpreters waiting for the next run of the environments that ran last.

What waits is a shim with its interpreter (shim/warm.py), which has imported what the script of the
last run imports first. It is handed a run that starts the same way: the same interpreter and
script, the same variables but for those that each run has anew, and imports that begin the same.
Every other run is started as if nothing waited, and what waits is used once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from jupyter_aml.compute.imports import leading
from jupyter_aml.compute.protocol import BackendJob
from jupyter_aml.compute.warm_folder import WarmFolder, sweep
from jupyter_aml.domain.run import CELL_RUNNER

DIFFERING = frozenset({
    "AML_RUN_DIR", "AML_RUN_ID", "AML_RUN_NUMBER", "AML_WORKSPACE", "AML_EXPERIMENT", "AML_ATTEMPT",
    "AZUREML_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_EXPERIMENT_NAME",
})  # fmt: skip
"""Variables that say which run it is; a run in which any other has a new value is started anew."""

_HIDDEN = "***"
_CELL_IMPORTS = (
    "import runpy", "import jupyter_aml.sdk", "import __future__", "import ast", "import asyncio",
    "import inspect", "import json", "import linecache", "import traceback",
)  # fmt: skip
"""What the runner of cells imports before it looks at the cell."""
_CALM, _IDLE, _LOOK = 0.3, 600.0, 1.0
"""Seconds from a run to the next interpreter, that this may wait, and from look to look."""

_LOG = logging.getLogger("jupyter_aml.compute")


@dataclass(frozen=True, slots=True)
class Start:
    """How a run starts. Who waits for the one may be handed the other where these are equal."""

    head: tuple[str, ...]
    """The command up to the script."""
    variables: tuple[tuple[str, str], ...]
    """All of them; what differs from run to run is empty."""
    beside: str
    """The folder of its run folder."""

    @classmethod
    def of(cls, job: BackendJob) -> Start | None:
        """None for a job that no interpreter can wait for."""
        head = _head(job)
        is_plain = job.container is None and not job.limits and not job.gpus
        if not head or not is_plain or sys.platform != "linux":
            return None
        variables = dict(job.environment)
        if _HIDDEN in variables.values() or not _has_place_to_wait(variables):
            return None
        variables |= dict.fromkeys(DIFFERING & variables.keys(), "")
        return cls(head, tuple(variables.items()), str(job.folder.absolute().parent))


def _head(job: BackendJob) -> tuple[str, ...]:
    """The command up to the script, which lies in the working folder of its run; or nothing."""
    command = job.command
    if command[0] != job.interpreter or not os.path.isabs(command[0]):
        return ()
    if command[1:3] == ("-m", CELL_RUNNER) and len(command) > 3:
        return command[:3]
    script = command[1] if len(command) > 1 else "-"
    is_inside = not script.startswith(("-", "/")) and ".." not in script.split("/")
    return command[:2] if is_inside and script.endswith(".py") else ()


def _has_place_to_wait(variables: Mapping[str, str]) -> bool:
    """Whether our part of the path is there, which knows how to wait."""
    path = variables.get("PYTHONPATH", "").split(os.pathsep)
    return any(os.path.isfile(f"{each}/_aml_waiting.py") for each in path)


def _imports(job: BackendJob) -> tuple[str, ...]:
    """What the script of a job imports first."""
    is_cell = job.command[1] == "-m"
    script = job.cwd / job.command[3 if is_cell else 1]
    try:
        found = leading(script.read_bytes())
    except OSError:
        return ()
    return (*_CELL_IMPORTS, *found) if is_cell else found


class WarmRunners:
    """Has at most so many waiting. Safe in threads; its own starts, watches and ends them."""

    def __init__(self, most: int, program: Callable[[], Sequence[str]]) -> None:
        """`program` is what the waiting shim is started with."""
        self._most, self._program = most, program
        self._lock = Lock()
        self._known: OrderedDict[Start, _Known] = OrderedDict()
        """The last to run is the last one."""
        self._thread: Thread | None = None
        self._alarm, self._bell = -1, -1
        self._folder: WarmFolder | None = None
        self._ended: list[subprocess.Popen[bytes]] = []
        self._is_closed = False

    def take(self, job: BackendJob, words: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """Hand a job to who waits for it; returns its shim, None where it is to be started.

        `words` are those of the shim.
        """
        start = Start.of(job) if self._known else None
        if start is None:
            return None
        with self._lock:
            known = self._known.get(start)
            waiting = None if known is None else known.waiting
            if waiting is None or waiting.taken is None:
                return None
            imports = _imports(job)
            if imports[: waiting.taken] != waiting.statements[: waiting.taken]:
                return None
            assert known is not None
            known.waiting = None
        variables = dict(job.environment)
        if not waiting.hand({"words": list(words), "variables": variables}):
            self._ended.append(waiting.shim)
            return None
        return waiting.shim

    def ran(self, job: BackendJob) -> None:
        """Have one wait for the next run that starts like this one."""
        start = Start.of(job) if self._most > 0 and not self._is_closed else None
        if start is None:
            return
        with self._lock:
            known = self._known.setdefault(start, _Known())
            self._known.move_to_end(start)
            known.job, known.due = job, time.monotonic() + _CALM
            for other in list(self._known)[: -self._most]:
                self._drop(other)
            self._begin()
        self._ring()

    def waiting(self, job: BackendJob) -> tuple[int, int] | None:
        """The pids of shim and interpreter that wait for such a job, if any do."""
        start = Start.of(job)
        with self._lock:
            known = None if start is None else self._known.get(start)
            one = None if known is None else known.waiting
            return None if one is None or one.taken is None else (one.shim.pid, one.pid)

    def close(self) -> None:
        """End all that wait."""
        self._is_closed = True
        self._ring()
        if self._thread is not None:
            self._thread.join()

    # ---- its thread -------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._thread is None:
            self._alarm, self._bell = os.pipe()
            os.set_blocking(self._bell, False)
            self._folder = WarmFolder()
            self._thread = Thread(target=self._serve, name="warm runners", daemon=True)
            self._thread.start()

    def _ring(self) -> None:
        if self._bell >= 0:
            with contextlib.suppress(OSError):
                os.write(self._bell, b"!")

    def _serve(self) -> None:
        sweep()
        while not self._is_closed:
            with self._lock:
                due = self._tend(time.monotonic())
            for start, known, job in due:
                self._renew(start, known, _imports(job))
            with self._lock:
                waiting, wait = self._all(), self._until(time.monotonic())
            self._listen(waiting, wait)
        with self._lock:
            for start in list(self._known):
                self._drop(start)
        for shim in self._ended:
            shim.wait()
        bell, self._bell = self._bell, -1
        os.close(bell)
        os.close(self._alarm)
        assert self._folder is not None
        self._folder.remove()

    def _tend(self, now: float) -> list[tuple[Start, _Known, BackendJob]]:
        """End what has waited for too long; returns for what one is to be started."""
        self._ended = [shim for shim in self._ended if shim.poll() is None]
        due = []
        for start, known in list(self._known.items()):
            if known.waiting is not None and now > known.waiting.since + _IDLE:
                self._drop(start)
            elif known.job is not None and now >= known.due:
                due.append((start, known, known.job))
                known.job = None
        return due

    def _renew(self, start: Start, known: _Known, imports: tuple[str, ...]) -> None:
        """Have one that has made these imports. Not under the lock: a process takes a while."""
        wanted = known.fit(imports)
        with self._lock:
            if known.waiting is not None and known.waiting.statements == wanted:
                return
            if known.waiting is not None:
                self._end(known.waiting)
                known.waiting = None
        if wanted is None or self._folder is None:
            return
        try:
            waiting = _Waiting(start, wanted, self._program(), self._folder.place)
        except OSError as error:
            _LOG.warning("no interpreter can be started ahead of runs: %s", error)
            return
        with self._lock:
            known.waiting = waiting
            if self._known.get(start) is not known:
                self._end(waiting)

    def _until(self, now: float) -> float:
        due = [known.due for known in self._known.values() if known.job is not None]
        wait = _IDLE if not self._ended else _LOOK
        wait = wait if not self._all() else min(wait, _LOOK * 10)
        return max(0.0, min([wait, *(each - now for each in due)]))

    def _all(self) -> list[_Waiting]:
        return [known.waiting for known in self._known.values() if known.waiting is not None]

    def _listen(self, waiting: Sequence[_Waiting], timeout: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._alarm, selectors.EVENT_READ)
            for each in waiting:
                # One that was handed out meanwhile has no socket any more.
                with contextlib.suppress(ValueError, OSError):
                    selector.register(each.socket, selectors.EVENT_READ, each)
            for key, _ in selector.select(timeout):
                if key.data is None:
                    os.read(self._alarm, 4096)
                else:
                    self._hear(key.data)

    def _hear(self, waiting: _Waiting) -> None:
        with self._lock:
            found = ((start, known) for start, known in self._known.items())
            mine = [(start, known) for start, known in found if known.waiting is waiting]
            if not mine or waiting.hear():
                return
            (start, known), known.waiting = mine[0], None
            self._end(waiting)
        if waiting.taken is None:
            _LOG.info("nothing waits with %s: %s", list(waiting.statements), waiting.why)
            known.most[waiting.statements] = min(waiting.fit, len(waiting.statements) - 1)
            self._renew(start, known, waiting.statements)

    def _drop(self, start: Start) -> None:
        known = self._known.pop(start)
        if known.waiting is not None:
            self._end(known.waiting)

    def _end(self, waiting: _Waiting) -> None:
        waiting.socket.close()
        self._ended.append(waiting.shim)


class _Known:
    """What is known of one way to start."""

    def __init__(self) -> None:
        self.job: BackendJob | None = None
        """The last that started so, where one is to be started for the next; when `due`."""
        self.due = 0.0
        self.waiting: _Waiting | None = None
        self.most: dict[tuple[str, ...], int] = {}
        """How many of some imports can be made ahead, where not all can; -1 for not even none."""

    def fit(self, imports: tuple[str, ...]) -> tuple[str, ...] | None:
        """The imports of these that can be made ahead; None where none may wait."""
        while imports in self.most:
            if self.most[imports] < 0:
                return None
            imports = imports[: self.most[imports]]
        return imports


class _Waiting:
    """A shim and its interpreter."""

    def __init__(
        self, start: Start, statements: tuple[str, ...], program: Sequence[str], folder: str
    ) -> None:
        self.statements, self.since = statements, time.monotonic()
        self.pid, self.why, self.fit = -1, "it has ended", 0
        self.taken: int | None = None
        """How many of the statements were executed; None until it waits."""
        self.socket, theirs = socket.socketpair()
        variables = dict(start.variables)
        with theirs:
            self.shim = subprocess.Popen(
                [*program, str(theirs.fileno())],
                env=variables,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )
        self._send({
            "head": start.head, "variables": variables, "statements": statements,
            "differing": sorted(DIFFERING & variables.keys()), "folder": folder,
            "beside": start.beside,
        })  # fmt: skip

    def hear(self) -> bool:
        """Take in what it says; returns whether it waits."""
        try:
            told = json.loads(self.socket.recv(65536) or b"{}")
        except (OSError, ValueError):
            told = {}
        if "unfit" in told:
            self.why, self.fit = told["unfit"], told["taken"]
            return False
        if "taken" in told:
            self.taken, self.pid = told["taken"], told["pid"]
        return "taken" in told

    def hand(self, job: dict[str, Any]) -> bool:
        """Give it its run; False where nobody is there to take it."""
        try:
            self._send(job)
        except OSError:
            return False
        finally:
            self.socket.close()
        return True

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        self.socket.sendall(len(data).to_bytes(8, "big") + data)
