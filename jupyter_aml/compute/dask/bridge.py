"""Stands between an engine and a Dask scheduler: takes jobs as files, and submits their shims.

    python bridge.py FOLDER IDLE_SECONDS
    python bridge.py --probe FOLDER MARKER

FOLDER is that of a node (see `jupyter_aml/compute/cluster/node.py`): jobs are handed over as files
there, and a job whose file goes away is no longer wanted. `target.json` in the folder above says
what to connect to. `workers.json` tells of the workers. With --probe it connects, asks a worker for
the file MARKER, and prints what it found as JSON.

A task may be executed twice, as Dask does when a worker is lost; the claim of the shim lets only
the first one start anything. Whatever the worker has started dies with it (Linux).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

# Its types are for those who import it.
distributed: Any = importlib.import_module("distributed")

_LOOK = 0.5
_TOLD = 2.0
_CONNECT = 10


def run_shim(words: list[str], environment: dict[str, str], status: str, attempt: str) -> int:
    """Start a shim on a worker and wait for its end; travels by value and needs nothing of us."""
    import json
    import os
    import subprocess
    import sys

    from distributed import get_worker

    if not os.path.isdir(status):
        raise FileNotFoundError(f"the worker does not see {status}: it must share the root")
    tie = (
        "import ctypes,os,signal,sys;"
        "sys.platform=='linux' and ctypes.CDLL(None).prctl(1,int(signal.SIGKILL),0,0,0);"
        "os.getppid()==int(sys.argv[1]) or sys.exit(1);"
        "os.execv(sys.argv[2],sys.argv[2:])"
    )
    python = words[0] if os.access(words[0], os.X_OK) else sys.executable
    with open("/proc/self/stat", "rb") as stat:
        start = stat.read().rpartition(b")")[2].split()[19].decode()
    draft = f"{status}/.worker.{attempt}.{os.uname().nodename}.{os.getpid()}"
    with open(draft, "w") as file:
        place = {"host": os.uname().nodename, "address": get_worker().address}
        json.dump({"pid": os.getpid(), "start": start, **place}, file)
    try:
        os.link(draft, f"{status}/worker.{attempt}")
    except FileExistsError:
        return -1  # Dask tries the task of a lost worker again; the engine does so itself.
    finally:
        os.unlink(draft)
    shim = subprocess.Popen(
        [python, "-I", "-S", "-c", tie, str(os.getpid()), python, *words[1:]],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while True:
        try:
            return shim.wait(0.2)
        except subprocess.TimeoutExpired:
            if os.path.exists(f"{status}/stop.{attempt}"):
                shim.terminate()


def main(arguments: list[str]) -> int:
    """Be the bridge until the end."""
    if len(arguments) == 3 and arguments[0] == "--probe":
        return _probe(arguments[1], arguments[2])
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, idle = os.path.abspath(arguments[0]), float(arguments[1])
    with _connected(os.path.dirname(folder)) as client:
        return _Bridge(folder, idle, client).serve()


class _Bridge:
    def __init__(self, folder: str, idle: float, client: Any) -> None:
        self._folder, self._idle, self._client = folder, idle, client
        self._futures: dict[str, Any] = {}
        self._leaves = False
        self._told = 0.0

    def serve(self) -> int:
        awake, woken = os.pipe()
        for end in (awake, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)
        self._announce()
        quiet_since = time.monotonic()
        while not self._leaves:
            self._take()
            self._tell()
            left = quiet_since + self._patience() - time.monotonic()
            if not self._futures and left <= 0:
                return 0
            if not os.path.exists(f"{self._folder}/node.json"):
                return 0
            ready, _, _ = select.select([awake], [], [], _LOOK if self._futures else min(left, 5))
            if ready:
                os.read(awake, 4096)
                quiet_since = time.monotonic()
        for future in self._futures.values():
            future.cancel()
        return 0

    def _patience(self) -> float:
        """How long it waits for an engine; that may change (cluster/node.py)."""
        with contextlib.suppress(OSError, ValueError), open(f"{self._folder}/idle") as file:
            return float(file.read())
        return self._idle

    def _hear(self, number: int, frame: Any) -> None:
        if number != signal.SIGUSR1:
            self._leaves = True

    def _announce(self) -> None:
        pid, found = os.getpid(), os.stat(self._folder)
        record = {"pid": pid, "start": _start_of(pid), "boot": _boot()}
        _write(f"{self._folder}/node.json", {**record, "file": [found.st_dev, found.st_ino]})

    def _take(self) -> None:
        """Submit what is new, cancel what is no longer wanted, forget what has ended."""
        there = {name for name in os.listdir(f"{self._folder}/jobs") if not name.startswith(".")}
        for name in there - self._futures.keys():
            with contextlib.suppress(FileNotFoundError), open(self._path(name), "rb") as file:
                self._futures[name] = self._submitted(name, json.load(file))
        for name, future in list(self._futures.items()):
            if name not in there:
                future.cancel()
                del self._futures[name]
            elif future.done():
                self._over(name, future)

    def _submitted(self, name: str, job: Mapping[str, Any]) -> Any:
        status, _, attempt = str(job["lost"]).rpartition("/node.")
        return self._client.submit(
            run_shim, job["words"], job["environment"], status, attempt,
            key=f"aml-{name}-{time.time_ns()}", pure=False, retries=0,
        )  # fmt: skip

    def _over(self, name: str, future: Any) -> None:
        if future.status == "error":
            # A job that was taken back meanwhile is nobody's any more.
            with contextlib.suppress(OSError):
                with open(self._path(name), "rb") as file:
                    lost = str(json.load(file)["lost"])
                _write(lost, {"refused": f"the worker could not begin: {future.exception()}"})
        with contextlib.suppress(OSError):
            os.unlink(self._path(name))
        del self._futures[name]

    def _path(self, name: str) -> str:
        return f"{self._folder}/jobs/{name}"

    def _tell(self) -> None:
        if time.monotonic() - self._told < _TOLD:
            return
        self._told = time.monotonic()
        with contextlib.suppress(OSError):
            _write(f"{self._folder}/workers.json", _workers(self._client))


def _workers(client: Any) -> list[dict[str, Any]]:
    found = client.scheduler_info(n_workers=-1)["workers"]
    return [
        {
            "id": str(worker.get("id") or address),
            "address": address,
            "threads": worker["nthreads"],
            "memory": worker["memory_limit"],
            "busy": bool(worker.get("metrics", {}).get("executing", 0)),
        }
        for address, worker in found.items()
    ]


@contextlib.contextmanager
def _connected(folder: str) -> Any:
    with open(f"{folder}/target.json", "rb") as file:
        target = json.load(file)
    with contextlib.ExitStack() as stack:
        if target.get("address"):
            security = distributed.Security(**target["tls"]) if target.get("tls") else None
            where: Any = target["address"]
            client = distributed.Client(
                where, security=security, timeout=_CONNECT, name="jupyter_aml"
            )
        else:
            cluster = stack.enter_context(_made(target))
            cluster.adapt(
                minimum=target["min"], maximum=target["max"], interval="500ms", wait_count=4
            )
            client = distributed.Client(cluster, timeout=_CONNECT, name="jupyter_aml")
        yield stack.enter_context(client)


def _made(target: Mapping[str, Any]) -> Any:
    name, arguments = target["cluster"], dict(target.get("arguments") or {})
    if name == "LocalCluster":
        # Without TLS every user of this machine could execute what they like as this one.
        usual = {
            "n_workers": 0, "threads_per_worker": 1, "processes": True, "security": True,
            "dashboard_address": None,
        }  # fmt: skip
        return distributed.LocalCluster(**{**usual, **arguments})
    known = {"SSHCluster": "distributed", "KubeCluster": "dask_kubernetes"}
    module, _, kind = name.rpartition(".")
    return getattr(importlib.import_module(module or known[name]), kind)(**arguments)


def _probe(folder: str, marker: str) -> int:
    def sees(path: str) -> bool:
        import os

        return os.path.exists(path)

    try:
        with _connected(folder) as client:
            client.wait_for_workers(1, timeout=_CONNECT * 3)
            found = {"workers": _workers(client), "sees": client.submit(sees, marker).result(30)}
    except Exception as error:
        found = {"error": f"{error}" or type(error).__name__}
    print(json.dumps(found))
    return 0


def _write(path: str, record: Any) -> None:
    draft = f"{os.path.dirname(path)}/.{os.path.basename(path)}.{os.getpid()}"
    with open(draft, "w") as file:
        json.dump(record, file)
    os.rename(draft, path)


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
