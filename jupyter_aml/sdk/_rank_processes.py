"""The processes of a run by rank: started, waited for, ended with the first that fails."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from jupyter_aml.sdk._rank_variables import MPI, Spread

PROGRAM = "jupyter_aml.sdk._ranks"
"""What `mpirun` starts."""
HERE = "127.0.0.1"
PAUSE = 0.02
"""Seconds between two looks at the processes."""
_GRACE = 10.0
_TAIL = 32 * 1024
_PR_SET_PDEATHSIG = 1
_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
"""More processes than cores are the user's choice, and so is root."""


class Process(Protocol):
    """One of the processes, on this node or on another."""

    def poll(self) -> int | None:
        """Its exit code, below 0 for a signal; None while it lives."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Ranks:
    """All processes of the run, by rank."""

    def __init__(
        self,
        workers: int,
        *,
        pause: Callable[[], None] = lambda: time.sleep(PAUSE),
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`pause` lets some time pass; `told` is called once this process is asked to end."""
        self.is_told = False
        self._workers, self._pause, self._on_told = workers, pause, told
        self._alive: dict[int, Process] = {}
        self._failed: tuple[int, int] | None = None
        self._why: str | None = None
        self._kill_at = float("inf")
        signal.signal(signal.SIGTERM, self._tell)

    def begin(self, rank: int, command: list[str], start: Callable[[], Process]) -> None:
        """Start a process, unless one could not be started before."""
        if self._failed is not None:
            return
        try:
            self._alive[rank] = start()
        except OSError as error:
            print(f"rank {rank}: {error.strerror}: {command[0]!r}", file=sys.stderr)
            self._fail(rank, 127)

    def lose(self, some: Iterable[int], why: str) -> None:
        """Take processes for ended that nobody can look at any more, and end all others."""
        for rank in some:
            self._alive.pop(rank, None)
        if self._failed is None and not self.is_told:
            self._why = why
            self._fail(-1, 1)

    def run(self) -> int:
        """Wait for all, end those that are left over, and say whose fault it was."""
        while self._alive:
            for rank, process in list(self._alive.items()):
                code = process.poll()
                if code is None:
                    continue
                del self._alive[rank]
                if code != 0 and self._failed is None and not self._is_left_over(rank):
                    self._fail(rank, code)
            if self._alive and self._kill_at == float("inf") and min(self._alive) >= self._workers:
                self._end()
            if time.monotonic() > self._kill_at:
                for process in self._alive.values():
                    process.kill()
            if self._alive:
                self._pause()
        return self._code()

    def _is_left_over(self, rank: int) -> bool:
        """Whether it was ended because nobody needs it any more."""
        return rank >= self._workers and not any(each < self._workers for each in self._alive)

    def _fail(self, rank: int, code: int) -> None:
        self._failed = (rank, code)
        self._end()

    def _end(self) -> None:
        """Ask all that live to end."""
        for process in self._alive.values():
            process.terminate()
        self._kill_at = time.monotonic() + _GRACE

    def _tell(self, *_: object) -> None:
        # Whoever ends the run signals all of its processes; these are waited for.
        self.is_told = True
        self._on_told()

    def _code(self) -> int:
        if self._failed is None:
            return 128 + signal.SIGTERM if self.is_told else 0
        rank, code = self._failed
        if self._why is not None:
            print(f"{self._why}: all others were ended", file=sys.stderr, flush=True)
        elif rank and not self.is_told:
            repeat_the_end(rank, code)
        return code if code >= 0 else 128 - code


def start(
    rank: int,
    command: list[str],
    own: dict[str, str],
    *,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the process of a rank, in the group of this one, its output in its log.

    `own` are its variables besides those of this process; `before` is called in it first.
    """
    log, all_of_them = _log_of(rank), {**os.environ, **own}
    if log is None:
        return subprocess.Popen(
            command, env=all_of_them, stdin=subprocess.DEVNULL, preexec_fn=before
        )
    with open(log, "ab") as file:
        return subprocess.Popen(
            command, env=all_of_them, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            preexec_fn=before,
        )  # fmt: skip


def _log_of(rank: int) -> str | None:
    """Where a rank speaks to; None for the console, which the first one has."""
    folder = os.path.join(os.environ["AML_RUN_DIR"], "logs")
    place = os.path.join(folder, f"std_log_process_{rank}.txt")
    if rank:
        return place
    try:
        os.link(os.path.join(folder, "std_log.txt"), place)
    except OSError:
        pass  # A disk without links: then it has the one name.
    return None


def tie() -> Callable[[], None]:
    """What ends the process that calls it with its parent, however that ends (Linux)."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def free_ports(count: int, address: str = HERE) -> list[int]:
    """Ports of this machine on which nobody listens now, at an address or with "" at all."""
    doors = []
    try:
        for _ in range(count):
            door = socket.socket()
            door.bind((address, 0))
            doors.append(door)
        return [door.getsockname()[1] for door in doors]
    finally:
        for door in doors:
            door.close()


def repeat_the_end(rank: int, code: int) -> None:
    """Say on the console what the process said last that has failed."""
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    print(
        f"rank {rank} ended with {how}, and all others were ended; what it said last, of "
        f"user_logs/std_log_process_{rank}.txt:",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    sys.stderr.buffer.write(end_of(rank))
    sys.stderr.flush()


def end_of(rank: int) -> bytes:
    """The last that a process said, where it does not speak to the console."""
    log = _log_of(rank)
    try:
        with open(log or os.devnull, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read()
    except OSError:
        return b""


def speak_to_log(rank: int) -> None:
    """Have this process speak to the log of a rank."""
    log = _log_of(rank)
    if log is not None:
        _speak_to(log)


def speak_to_console() -> None:
    """Have this process, which is that of rank 0, speak to the console itself."""
    _log_of(0)
    _speak_to(os.path.join(os.environ["AML_RUN_DIR"], "logs", "std_log.txt"))


def _speak_to(log: str) -> None:
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)


# ---- MPI ------------------------------------------------------------------------------------


def mpirun_for(kind: str) -> str | None:
    """The `mpirun` of the environment, for a run that wants one; says so where there is none."""
    if kind != MPI:
        return None
    found = shutil.which("mpirun")
    if found is None:
        print(
            "there is no mpirun in this environment: the processes are told their ranks, and what "
            "needs MPI itself (mpi4py, horovod) finds each of them alone",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    return found


def start_mpirun(
    mpirun: str,
    spread: Spread,
    command: list[str],
    *,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Let the `mpirun` of the environment start all processes from here."""
    own = [
        *(sys.executable, "-m", PROGRAM, "rank", str(spread.ports[0])),
        *(str(spread.processes), str(len(spread.addresses)), "--"),
    ]
    words = [mpirun, "-np", str(spread.size), *own, *command]
    return subprocess.Popen(
        words, env={**_MPI, **os.environ}, stdin=subprocess.DEVNULL, preexec_fn=before
    )


def say_who_failed(size: int, code: int) -> None:
    """Of processes that `mpirun` started: say on the console what the one said that has failed."""
    for rank in range(1, size):
        if b"Traceback" in end_of(rank):
            repeat_the_end(rank, code)
            break
