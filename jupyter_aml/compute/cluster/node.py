"""A node of a cluster on this machine: starts the shims that it is told to, and dies with them.

    python -I -S node.py FOLDER IDLE_SECONDS

It belongs to no server: whoever holds the root finds it by FOLDER, in which it writes `node.json`
once it is up: `{"pid", "start", "boot", "file"}`, the last being device and inode of FOLDER. Jobs
are handed to it as files `FOLDER/jobs/NAME.json`, whole, with a SIGUSR1 to say so: in it are the
`words` and the `environment` of a shim. The file goes away when the shim has ended. SIGTERM ends
the shims, each within the grace of its job, and then the node. It also ends when FOLDER is gone,
and when it has had nothing to do for IDLE_SECONDS and nobody has sent it a signal; where there is
a file `FOLDER/idle`, the seconds in it count from then on. What a node has
started does not outlive it, as on a machine that is switched off (Linux).
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from typing import Any

_LOOK = 30.0
"""Seconds between two looks whether its folder is still there."""
_ENDED = "its node was told to end: somebody has ended its process, or the machine goes down"
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Be a node until the end."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    return _Node(os.path.abspath(arguments[0]), float(arguments[1])).serve()


class _Node:
    def __init__(self, folder: str, idle: float) -> None:
        self._folder, self._idle = folder, idle
        self._jobs: dict[int, str] = {}
        """Files of the jobs that run, by the pids of their shims."""
        self._leaves = False
        self._libc = _libc()

    def serve(self) -> int:
        awake, woken = os.pipe()
        for end in (awake, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)
        self._announce()
        quiet_since = time.monotonic()
        while True:
            self._reap()
            if self._leaves:
                self._note()
                self._end()
                if not self._jobs:
                    return 0
            else:
                self._take()
            left = quiet_since + self._patience() - time.monotonic()
            if self._jobs:
                left = _LOOK
            elif left <= 0 or not os.path.exists(f"{self._folder}/node.json"):
                return 0
            ready, _, _ = select.select([awake], [], [], min(left, _LOOK))
            if ready:
                os.read(awake, 4096)
                quiet_since = time.monotonic()

    def _patience(self) -> float:
        try:
            with open(f"{self._folder}/idle") as file:
                return float(file.read())
        except (OSError, ValueError):
            return self._idle

    def _hear(self, number: int, frame: Any) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._leaves = True

    def _announce(self) -> None:
        pid = os.getpid()
        found = os.stat(self._folder)
        place = [found.st_dev, found.st_ino]
        record = {"pid": pid, "start": _start_of(pid), "boot": _boot(), "file": place}
        draft = f"{self._folder}/.node.json.{pid}"
        with open(draft, "w") as file:
            json.dump(record, file)
        os.rename(draft, f"{self._folder}/node.json")

    def _take(self) -> None:
        """Start what was handed over and does not run yet."""
        jobs = f"{self._folder}/jobs"
        for name in sorted(os.listdir(jobs)):
            path = f"{jobs}/{name}"
            if name.startswith(".") or path in self._jobs.values():
                continue
            try:
                with open(path, "rb") as file:
                    job = json.load(file)
                self._jobs[self._start(job["words"], job["environment"])] = path
            except FileNotFoundError:
                continue  # It was taken back.
            except (OSError, ValueError, KeyError, TypeError) as error:
                print(f"{path}: {error}", file=sys.stderr, flush=True)
                os.unlink(path)

    def _start(self, words: list[str], environment: dict[str, str]) -> int:
        node = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            if self._libc is not None:
                self._libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
                if os.getppid() != node:
                    os._exit(1)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.chdir("/")
            nothing = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(nothing, fd)
            os.closerange(3, 256)
            os.execve(words[0], words, environment)
        finally:
            os._exit(127)

    def _reap(self) -> None:
        while self._jobs:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            path = self._jobs.pop(pid, None)
            if path is not None:
                try:
                    os.unlink(path)
                except OSError:
                    pass

    def _note(self) -> None:
        """Write down, where the engine has not, that the jobs lose their node."""
        for path in self._jobs.values():
            try:
                with open(path, "rb") as file:
                    lost = str(json.load(file)["lost"])
                fd = os.open(lost, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(fd, json.dumps({"lost": _ENDED}).encode())
                os.close(fd)
            except (OSError, ValueError, KeyError):
                continue

    def _end(self) -> None:
        for pid in self._jobs:
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError:
                pass


def _libc() -> Any:
    """The C library, where it can tie a process to its parent; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _boot() -> str:
    """Name the time since this machine was started; "" where it has no such name."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """When a process started, as /proc tells it; "" where there is no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
