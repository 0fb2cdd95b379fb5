"""A shim that waits for its run, beside an interpreter that has imported what the run will import.

    python -I -S warm.py DESCRIPTOR

The socket of that number brings first what to start (see `_Runner`), later the words of one run,
each as JSON behind its length in eight bytes. It answers with lines of JSON: {"taken": N, "pid"}
once the interpreter waits, {"unfit": "why", "taken": N} where it cannot, and might with so few
imports. When the socket is closed before a run has come, nobody is left who could bring one, and
both end. With a run this is its shim like any other; where the interpreter refuses the run, the
script is started anew.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import signal

    from jupyter_aml.shim import shim
else:
    import _signal as signal

    # Started as a program without a path, it finds the other program beside it.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)).removesuffix("/__pycache__"))
    import shim

    del sys.path[0]

ENDED = 5
"""Exit code of a shim to which no run has come."""

_SOURCE, _SINK = 200, 201
"""What the interpreter finds its two pipes as: what it opens itself has the usual numbers."""
_LEAST_ROOM, _MOST_ROOM = 1 << 14, 120_000
_PATIENCE = 2.0
"""Seconds in which a waiting interpreter must have taken on a run."""


def main(arguments: list[str]) -> int:
    """Wait for a run and see it to its end."""
    control, wake = int(arguments[0]), shim.listen()
    os.set_inheritable(control, False)
    adopts = shim.adopt_orphans()
    runner = _Runner(_received(control))
    try:
        job = _waited(runner, control, wake)
    except OSError:
        job = None
    os.close(control)
    if job is None:
        runner.end()
        return ENDED
    os.environ.clear()
    os.environ.update(job["variables"])
    work = shim.Work.told(job["words"])
    assert work is not None
    runner.tell(work, job["variables"])
    refused = work.take()
    if refused:
        runner.end()
        return refused
    os.chdir(work.cwd)
    before = runner.set(work)
    started = time.time()
    if before is None or not runner.go():
        runner.end()
        return work.start(wake, adopts=adopts)
    return work.guard(runner.pid, started, wake, adopts=adopts, before=before)


def _waited(runner: _Runner, control: int, wake: int) -> dict[str, Any] | None:
    """The run that comes; None where none will.

    One may be on its way while its interpreter ends, and is started anew then.
    """
    listened = [control, wake, runner.sink]
    while True:
        heard = select.select(listened, [], [])[0]
        if wake in heard:
            os.read(wake, 65536)
            if shim.is_asked_to_stop():
                return None
        if control in heard:
            job: dict[str, Any] | None = _received(control)
            return job
        if runner.sink in heard and not _is_ready(runner, control):
            listened.remove(runner.sink)


def _is_ready(runner: _Runner, control: int) -> bool:
    """Tell on what the interpreter says, and whether it waits."""
    answer = runner.answer()
    is_ready = answer[0] == "ready" and answer[2] == str(runner.pid)
    told: dict[str, Any] = {"taken": int(answer[1]), "pid": runner.pid}
    if not is_ready:
        told["unfit"] = answer[-1]
    os.write(control, json.dumps(told).encode() + b"\n")
    return is_ready


class _Runner:
    """The interpreter that waits. What it is started with:

    head        the command up to the script, or to the module
    variables   all it starts with, and `differing`: the names of those that each run sets anew
    statements  what to import
    folder      where it waits; nothing is in there
    beside      a folder of the file system that the log of a run will be on
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        source, self._source = os.pipe()
        self.sink, sink = os.pipe()
        output = _nameless(asked["beside"])
        variables = asked["variables"]
        size = sum(len(f"{name}={value}".encode()) + 1 for name, value in variables.items())
        room = min(max(_LEAST_ROOM, 2 * size), _MOST_ROOM)
        word = f"{_SOURCE},{_SINK},"
        os.chdir(asked["folder"])
        self.pid = os.posix_spawn(
            asked["head"][0],
            asked["head"],
            {**variables, "AML_WARM": word + "." * room},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
                (os.POSIX_SPAWN_DUP2, source, _SOURCE),
                (os.POSIX_SPAWN_DUP2, sink, _SINK),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
        )
        os.chdir("/")
        for fd in (output, source, sink):
            os.close(fd)
        differing = asked["differing"]
        self._send(str(len(differing)), *differing, *asked["statements"])

    def tell(self, work: shim.Work, variables: dict[str, str]) -> None:
        """Hand over the run, which does not begin yet."""
        pairs = [f"{name}={value}" for name, value in variables.items()]
        command = work.command
        try:
            self._send(str(len(command)), *command, work.cwd, work.log, *pairs)
        except OSError:
            pass  # It has ended, as its answer will tell.

    def set(self, work: shim.Work) -> tuple[float, float] | None:
        """Wait until it has taken on the run; returns what it used before, None if it refuses."""
        try:
            walled = work.walls.put_around(self.pid)
            if not walled or not select.select([self.sink], [], [], _PATIENCE)[0]:
                return None
            answer = self.answer()
            return (float(answer[1]), float(answer[2])) if answer[0] == "set" else None
        except (OSError, ValueError, IndexError):
            return None

    def go(self) -> bool:
        """Let the script begin; False where it is not there any more."""
        try:
            os.write(self._source, b"g")
        except OSError:
            return False
        os.close(self._source)
        os.close(self.sink)
        return True

    def end(self) -> None:
        """End it, and wait until it is gone."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except OSError:
            pass

    def answer(self) -> list[str]:
        """What it says; that it has ended where it says nothing."""
        size = int.from_bytes(_read(self.sink, 8), "big")
        said = _read(self.sink, size).decode(errors="replace").split("\0")[:-1]
        return said or ["unfit", "0", "it has ended"]

    def _send(self, *fields: str) -> None:
        data = b"".join(os.fsencode(field) + b"\0" for field in fields)
        data = len(data).to_bytes(8, "big") + data
        while data:
            data = data[os.write(self._source, data) :]


def _nameless(folder: str) -> int:
    """A file without a name there; what an interpreter writes while it waits."""
    flags = os.O_RDWR | os.O_APPEND
    try:
        return os.open(folder, flags | os.O_TMPFILE, 0o600)
    except OSError:
        path = f"{folder}/.warm-{os.getpid()}"
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        os.unlink(path)
        return fd


def _received(control: int) -> Any:
    """The next message; None where there is none."""
    size = int.from_bytes(_read(control, 8), "big")
    data = _read(control, size)
    return json.loads(data) if size and len(data) == size else None


def _read(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            return b""
        data += piece
    return data


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
