"""Starts the processes of a distributed run on one machine; the first that fails ends all.

    python -m jupyter_aml.sdk._ranks KIND PROCESSES SERVERS -- COMMAND...

The process of rank 0 speaks to the console of the run, which has a second name
`std_log_process_0.txt`, the others to `std_log_process_<rank>.txt`. The last SERVERS processes are
parameter servers of TensorFlow: they are ended when all workers have.

    python -m jupyter_aml.sdk._ranks rank PORT -- COMMAND...

is what `mpirun` starts, which gives the ranks itself.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = "127.0.0.1"
_GRACE = 10.0
_TAIL = 32 * 1024
_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
"""More processes than cores are the user's choice, and so is root."""


def main(arguments: list[str]) -> int:
    """Run all processes to their end; returns the exit code of the first that failed."""
    end = arguments.index("--")
    command = arguments[end + 1 :]
    if arguments[0] == "rank":
        return _be_a_rank(int(arguments[1]), command)
    kind, count, servers = arguments[0], int(arguments[1]), int(arguments[2])
    if kind == "mpi" and (mpirun := shutil.which("mpirun")):
        return _by_mpirun(mpirun, count, command)
    if kind == "mpi":
        print(
            "there is no mpirun in this environment: the processes are told their ranks, and what "
            "needs MPI itself (mpi4py, horovod) finds each of them alone",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    return _Ranks(kind, count, servers, command).run()


class _Ranks:
    """All processes of the run, by rank."""

    def __init__(self, kind: str, count: int, servers: int, command: list[str]) -> None:
        self._workers = count - servers
        self._told = False
        self._failed: tuple[int, int] | None = None
        signal.signal(signal.SIGTERM, self._tell)
        ports = free_ports(count)
        self._alive: dict[int, subprocess.Popen[bytes]] = {}
        for rank in range(count):
            own = {**os.environ, **variables(kind, rank, count, servers, ports)}
            try:
                self._alive[rank] = start(rank, command, own)
            except OSError as error:
                print(f"rank {rank}: {error.strerror}: {command[0]!r}", file=sys.stderr)
                self._failed = (rank, 127)
                break

    def run(self) -> int:
        """Wait for all, end those that are left over, and say whose fault it was."""
        kill_at = float("inf")
        if self._failed is not None:
            kill_at = self._end()
        while self._alive:
            for rank, process in list(self._alive.items()):
                code = process.poll()
                if code is None:
                    continue
                del self._alive[rank]
                if code != 0 and self._failed is None and not self._is_left_over(rank):
                    self._failed = (rank, code)
                    kill_at = self._end()
            if self._alive and kill_at == float("inf") and min(self._alive) >= self._workers:
                kill_at = self._end()
            if time.monotonic() > kill_at:
                for process in self._alive.values():
                    process.kill()
            if self._alive:
                time.sleep(0.02)
        return self._code()

    def _is_left_over(self, rank: int) -> bool:
        """Whether it was ended because nobody needs it any more."""
        return rank >= self._workers and not any(each < self._workers for each in self._alive)

    def _end(self) -> float:
        """Ask all that live to end; returns when they are ended."""
        for process in self._alive.values():
            process.terminate()
        return time.monotonic() + _GRACE

    def _tell(self, *_: object) -> None:
        # Whoever ends the run signals all of its processes; these are waited for.
        self._told = True

    def _code(self) -> int:
        if self._failed is None:
            return 128 + signal.SIGTERM if self._told else 0
        rank, code = self._failed
        if rank and not self._told:
            _repeat_the_end(rank, code)
        return code if code >= 0 else 128 - code


def start(rank: int, command: list[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the process of a rank, in the group of this one, its output in its log."""
    log = _log_of(rank)
    if log is None:
        return subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL)
    with open(log, "ab") as file:
        return subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )


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


def variables(kind: str, rank: int, count: int, servers: int, ports: list[int]) -> dict[str, str]:
    """What tells one process of the others, under the names that SDK v1 gave it."""
    size, place = str(count), str(rank)
    common = {
        "AZUREML_NODE_COUNT": "1", "AZUREML_PROCESS_COUNT": size,
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true", "AZ_BATCH_MASTER_NODE": f"{HERE}:{ports[0]}",
        "AZ_BATCHAI_MPI_MASTER_NODE": HERE, "AZ_BATCH_NODE_LIST": HERE,
        "AZ_BATCH_HOST_LIST": HERE, "AZ_BATCHAI_TASK_INDEX": place,
    }  # fmt: skip
    if kind == "tensorflow":
        return {**common, "TF_CONFIG": _tf_config(rank, count, servers, ports)}
    met = {
        "RANK": place, "LOCAL_RANK": place, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size,
        "NODE_RANK": "0", "MASTER_ADDR": HERE, "MASTER_PORT": str(ports[0]),
    }  # fmt: skip
    if kind == "pytorch":
        return {**common, **met}
    return {
        **common, **met,
        "OMPI_COMM_WORLD_RANK": place, "OMPI_COMM_WORLD_SIZE": size,
        "OMPI_COMM_WORLD_LOCAL_RANK": place, "OMPI_COMM_WORLD_LOCAL_SIZE": size,
        "OMPI_COMM_WORLD_NODE_RANK": place, "OMPI_UNIVERSE_SIZE": size,
    }  # fmt: skip


def _tf_config(rank: int, count: int, servers: int, ports: list[int]) -> str:
    addresses = [f"{HERE}:{port}" for port in ports]
    workers = count - servers
    cluster = {"worker": addresses[:workers]}
    if servers:
        cluster["ps"] = addresses[workers:]
    task = ("worker", rank) if rank < workers else ("ps", rank - workers)
    return json.dumps(
        {"cluster": cluster, "task": {"type": task[0], "index": task[1]}, "environment": "cloud"}
    )


def free_ports(count: int) -> list[int]:
    """Ports of this machine on which nobody listens now."""
    doors = []
    try:
        for _ in range(count):
            door = socket.socket()
            door.bind((HERE, 0))
            doors.append(door)
        return [door.getsockname()[1] for door in doors]
    finally:
        for door in doors:
            door.close()


def _repeat_the_end(rank: int, code: int) -> None:
    """Say on the console what the process said last that has failed."""
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    print(
        f"rank {rank} ended with {how}, and all others were ended; what it said last, of "
        f"user_logs/std_log_process_{rank}.txt:",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    sys.stderr.buffer.write(_end_of(rank))
    sys.stderr.flush()


def _end_of(rank: int) -> bytes:
    """The last that a process said, where it does not speak to the console."""
    log = _log_of(rank)
    try:
        with open(log or os.devnull, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read()
    except OSError:
        return b""


# ---- MPI ------------------------------------------------------------------------------------


def _by_mpirun(mpirun: str, count: int, command: list[str]) -> int:
    """Let the `mpirun` of the environment start them."""
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    signal.signal(signal.SIGTERM, tell)
    own = [sys.executable, "-m", "jupyter_aml.sdk._ranks", "rank", str(free_ports(1)[0]), "--"]
    words = [mpirun, "-np", str(count), *own, *command]
    code = subprocess.call(words, env={**_MPI, **os.environ}, stdin=subprocess.DEVNULL)
    if code and not told:
        for rank in range(1, count):
            if b"Traceback" in _end_of(rank):
                _repeat_the_end(rank, code)
                break
    return code if code >= 0 else 128 - code


def _be_a_rank(port: int, command: list[str]) -> int:
    """Become the process of the rank that MPI has given."""
    names = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
    sizes = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
    rank = int(next(os.environ[name] for name in names if name in os.environ))
    count = int(next((os.environ[name] for name in sizes if name in os.environ), "1"))
    log = _log_of(rank)
    if log is not None:
        fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
    told = variables("mpi", rank, count, 0, [port])
    # What MPI says of itself counts.
    os.execvpe(command[0], command, {**told, **os.environ})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
