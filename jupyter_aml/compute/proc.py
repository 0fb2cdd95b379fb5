"""Finds and ends processes of a run without ever touching a stranger's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.shim.shim import start_of

_PROC = Path("/proc")
_DEAD = (b"Z", b"X")
_KERNEL_THREAD = 0x00200000
"""The flag of /proc/PID/stat."""
_ASKED, _MOMENT = 20, 0.002
"""How often a process without variables is asked for them, and the seconds between."""
HAS_PROC = (_PROC / "self" / "stat").exists()


@dataclass(frozen=True, slots=True)
class Process:
    """A living process, told from later ones of the same pid by its start."""

    pid: int
    start: str
    parent: int
    session: int

    def send(self, number: int) -> None:
        """Signal this process, and none that has taken its pid since."""
        if not hasattr(os, "pidfd_open"):
            if is_alive(self.pid, self.start):
                with contextlib.suppress(OSError):
                    os.kill(self.pid, number)
            return
        try:
            fd = os.pidfd_open(self.pid)
        except OSError:
            # It is gone, which is what a signal is for, or the kernel has no pidfds.
            if is_alive(self.pid, self.start):
                with contextlib.suppress(OSError):
                    os.kill(self.pid, number)
            return
        try:
            # From here on the descriptor stands for one process; now see that it is the one meant.
            if start_of(self.pid) == self.start:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)


def is_alive(pid: int, start: str) -> bool:
    """Say whether that very process lives; one that only waits to be reaped does not."""
    if HAS_PROC:
        fields = _stat(pid)
        return bool(fields) and fields[19].decode() == start and fields[0] not in _DEAD
    return any(one.pid == pid and one.start == start for one in _from_ps())


def send(pid: int, start: str, number: int) -> None:
    """Signal the process of that pid and start, if it still lives."""
    Process(pid, start, 0, 0).send(number)


def of_run(
    run: str, attempt: str, roots: Iterable[tuple[int, str]], *, root: str = ""
) -> list[Process]:
    """List the living processes of one attempt of a run, other than this process.

    Those are: the roots (pid and start) with their sessions, everything that carries the run's
    id in its environment (Linux), and all descendants of these. What carries the id of a run in
    another root than that of the token `root` is a stranger.
    """
    # Should this very process carry the run's id, then all other runs descend from it.
    alive = [one for one in _all_of_this_user() if one.pid != os.getpid()]
    known = dict(roots)
    sessions = {one.session for one in alive if known.get(one.pid) == one.start != ""}
    sessions &= set(known)
    ours = {
        one.pid
        for one in alive
        if one.session in sessions
        or known.get(one.pid) == one.start != ""
        or _carries(one.pid, run, attempt, root)
    }
    children = {one.pid for one in alive if one.parent in ours}
    while not children <= ours:
        ours |= children
        children = {one.pid for one in alive if one.parent in ours}
    return [one for one in alive if one.pid in ours]


def _carries(pid: int, run: str, attempt: str, root: str) -> bool:
    if not HAS_PROC:
        return False
    variables = _variables(pid).split(b"\0")
    if b"AML_RUN_ID=" + os.fsencode(run) not in variables:
        return False
    return _is_or_unsaid(variables, "AML_ATTEMPT", attempt) and (
        not root or _is_or_unsaid(variables, "AML_ROOT_ID", root)
    )


def _variables(pid: int) -> bytes:
    """The variables of a process as they were when it started; none where it is gone.

    In the middle of an exec a process shows none, and would be taken for a stranger's: it is asked
    again for a moment, unless it is a thread of the kernel, which never has any.
    """
    for _ in range(_ASKED):
        try:
            variables = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            return b""
        fields = _stat(pid)
        if variables or not fields or fields[0] in _DEAD or int(fields[6]) & _KERNEL_THREAD:
            return variables
        time.sleep(_MOMENT)
    return b""


def _is_or_unsaid(variables: Iterable[bytes], name: str, value: str) -> bool:
    said = [item for item in variables if item.startswith(os.fsencode(f"{name}="))]
    return not said or os.fsencode(f"{name}={value}") in said


def _all_of_this_user() -> list[Process]:
    return _from_proc() if HAS_PROC else _from_ps()


def _from_proc() -> list[Process]:
    user, found = os.geteuid(), []
    for name in os.listdir(_PROC):
        if not name.isdigit():
            continue
        try:
            if os.stat(_PROC / name).st_uid != user:
                continue
        except OSError:
            # It has ended since the listing.
            continue
        fields = _stat(int(name))
        if fields and fields[0] not in _DEAD:
            found.append(Process(int(name), fields[19].decode(), int(fields[1]), int(fields[3])))
    return found


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the state on; none where there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return []
    # The name may hold blanks and parentheses; what follows the last one is regular.
    return text.rpartition(b")")[2].split()


def _from_ps() -> list[Process]:
    # The group stands for the session here: ps of macOS does not tell sessions.
    listing = subprocess.run(
        ["ps", "-U", str(os.geteuid()), "-o", "pid=,ppid=,pgid=,stat=,lstart="],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = []
    for line in listing.stdout.splitlines():
        pid, parent, group, state, start = line.split(None, 4)
        if not state.startswith("Z"):
            found.append(Process(int(pid), start.strip(), int(parent), int(group)))
    return found
