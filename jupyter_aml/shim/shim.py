"""The process beside a run: starts the script, guards it, and writes down how it ended.

    python -I -S shim.py STATUS_DIR ATTEMPT LOG_FILE CWD GRACE_SECONDS LIMIT_SECONDS [WALL...]
        -- COMMAND...

It needs neither the server nor the kernel that started it. A limit of 0 is none. SIGTERM ends
the script's group, and kills it once the grace has passed. A wall is one of these words:

    cgroup=FOLDER    a control group for the script, each followed by
    home=FOLDER      that of the shim, which goes back to it
    measure=FOLDER   the control group that knows what memory the script took
    memory=BYTES     the most addresses that a process of the script may have
    processes=N      the most processes that its user may have
    cpus=N,...       the cores that it may use

Beside them `run=FOLDER` names the folder of the run, where that is not the parent of STATUS_DIR.

Into STATUS_DIR it writes, each as a line of JSON:

    claim.N   {"pid", "start", "boot", "time",          made once: who has it may start attempt N;
               "root", "file": [device, inode]}         of which root it is, and of which file
    pids.N    {"shim", "shimStart", "child", "childStart", "time", "python"}
    pulse     empty; its mtime is at most some seconds old while a shim lives
    exit.N    {"code", "time", "started", "why", "maxRssKb", "userSeconds", "systemSeconds"},
              and of a script that failed {"memoryPeak", "memoryLimit", "oomKills"}, if measured

A code below 0 is a signal. `why` is null, "canceled", "timeout", "memory" of a script that was
killed for what it took, or "spawn failed: ...". What the run takes of its machine is sampled by a
thread (see sampling.py, which lies beside this file) into the folder `system` beside STATUS_DIR.
"""

from __future__ import annotations

import errno
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any

    _Usage = tuple[int, float, float]  # peak memory in KiB, user and system seconds
else:
    # The public module makes enums of all signals, which takes longer than everything else here.
    import _signal as signal

TAKEN = 3
"""Exit code of a shim whose attempt was claimed by another; it has started nothing."""
NO_CLAIM = 4
"""Exit code of a shim that could not write its claim; it has started nothing."""
NOT_SPAWNED = 127

_PULSE_SECONDS = 5.0
_PATIENCE_SECONDS = 0.25
_GIVE_UP_SECONDS = 5.0
_SAMPLE_AFTER_SECONDS = 0.5
_NEVER = float("inf")
_KILLED = (-9, 137)
"""How a script ends that is killed, and how a shell ends that waited for it."""
_FIRST_TO_GO = 500
"""Where the memory of the whole machine is used up, a script goes before its server."""
_PR_SET_CHILD_SUBREAPER = 36
_RESERVED = b" " * 4096
# A script that puts a pipe or a link in the place of a record must not make its shim wait.
_OWN_FILE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK

_stop_asked = False


def main(arguments: list[str]) -> int:
    """Run one attempt to its end; returns the exit code of the shim, not of the script."""
    work = Work.told(arguments)
    if work is None:
        print(__doc__, file=sys.stderr)
        return 2
    wake = listen()
    refused = work.take()
    return refused or work.start(wake, adopts=adopt_orphans())


class Work:
    """One attempt: where it writes, what it starts, and for how long."""

    def __init__(self, words: list[str], walls: list[str], command: list[str]) -> None:
        status, self.attempt, log, self.cwd = words[:4]
        self.status, self.log = os.path.abspath(status), os.path.abspath(log)
        self._grace, self._limit = float(words[4]), float(words[5])
        self.walls, self.command = Walls(walls), command
        self._run = self.walls.run or os.path.dirname(self.status)

    @classmethod
    def told(cls, arguments: list[str]) -> Work | None:
        """The attempt that a command line asks for; None where it says too little."""
        end = arguments.index("--") if "--" in arguments else 0
        if end < 6 or end == len(arguments) - 1:
            return None
        return cls(arguments[:6], arguments[6:end], arguments[end + 1 :])

    def take(self) -> int:
        """Claim the attempt for this process; returns 0, or why it may not, as an exit code."""
        try:
            return 0 if claim(self.status, self.attempt, os.getpid()) else TAKEN
        except OSError:
            return NO_CLAIM

    def start(self, wake: int, *, adopts: bool) -> int:
        """Start the script and stay until its end."""
        started = time.time()
        try:
            secrets = f"{self._run}/secrets.json"
            child = _spawn(self.command, self.cwd, self.log, secrets, self.walls)
        except (OSError, ValueError) as error:
            why = f"spawn failed: {_sentence(error)}"
            # The log itself may be what is wrong; the exit record says so too.
            _try(_say, self.log, why)
            _write_exit(self.status, self.attempt, started, NOT_SPAWNED, why)
            return 0
        return self.guard(child, started, wake, adopts=adopts)

    def guard(
        self,
        child: int,
        started: float,
        wake: int,
        *,
        adopts: bool,
        before: tuple[float, float] = (0.0, 0.0),
    ) -> int:
        """Stay beside the script until its end; `before` are seconds that it used before."""
        # The script has been started, which counts for more than our notes on it.
        _try(_write_pids, self.status, self.attempt, child, started)
        _begin_sampling(f"{self._run}/system")
        guard = _Guard(self.status, self.attempt, child, wake, adopts=adopts)
        guard.watch(grace=self._grace, limit=self._limit or _NEVER)
        guard.end_leftovers()
        code, (peak, user, system) = guard.reap()
        usage = peak, max(0.0, user - before[0]), max(0.0, system - before[1])
        taken = _memory_taken(self.walls.measure) if code and self.walls.measure else {}
        if guard.why is None and code in _KILLED and taken.get("oomKills"):
            guard.why = "memory"
        _write_exit(self.status, self.attempt, started, code, guard.why, usage, taken)
        return 0


# ---- facts that other rooms ask for too -----------------------------------------------------


def start_of(pid: int) -> str:
    """Say when a process began, in words that no later process of that pid gets; "" if none is."""
    if os.path.isdir("/proc/self"):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name may hold blanks and parentheses; what follows the last one is regular.
                return file.read().rpartition(b")")[2].split()[19].decode()
        except (OSError, IndexError):
            return ""
    with os.popen(f"LC_ALL=C ps -o lstart= -p {pid:d}") as answer:
        return answer.read().strip()


def boot() -> str:
    """Name the time since this machine was started; "" where it has no such name."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def claim(status: str, attempt: str, pid: int) -> bool:
    """Take the attempt for this process, or with pid 0 for nobody and for ever; False if taken.

    Raises OSError where the folder cannot be written.
    """
    final = f"{status}/claim.{attempt}"
    draft = f"{final}.{os.getpid()}-{time.monotonic_ns()}"
    start = start_of(pid) if pid else ""
    root = _quoted(os.environ.get("AML_ROOT_ID", ""))
    text = f'{{"pid":{pid},"start":"{start}","boot":"{boot()}","time":{time.time()!r},"root":{root}'
    try:
        _touch(draft)
        _write(draft, _of_file(text, os.stat(draft)))
        os.link(draft, final)
        return True
    except FileExistsError:
        # NFS may say so of a link that it has just made itself and asks for again.
        return os.stat(draft).st_nlink > 1
    except OSError as error:
        # Some file systems have no links; there the claim has its content a moment later.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        return _claim_without_link(final, text)
    finally:
        _try(os.unlink, draft)


def _of_file(text: str, file: os.stat_result) -> bytes:
    """The claim as it is written into that file; a copy of it lies in another."""
    return f'{text},"file":[{file.st_dev},{file.st_ino}]}}\n'.encode()


def _claim_without_link(final: str, text: str) -> bool:
    try:
        fd = os.open(final, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    try:
        os.write(fd, _of_file(text, os.fstat(fd)))
    finally:
        os.close(fd)
    return True


# ---- the script -----------------------------------------------------------------------------


class _Guard:
    """Looks after one started script until it and all it has started are gone."""

    def __init__(self, status: str, attempt: str, child: int, wake: int, *, adopts: bool) -> None:
        self.why: str | None = None
        self._status, self._attempt = status, attempt
        self._child, self._wake, self._adopts = child, wake, adopts
        self._reaped: tuple[int, _Usage] | None = None
        self._kill_at = self._limit_at = _NEVER
        self._pulse_at = 0.0

    def watch(self, *, grace: float, limit: float) -> None:
        """Wait for the end of the script; bring it about when asked to or out of time."""
        self._limit_at = time.monotonic() + limit
        while not self._has_ended():
            now = time.monotonic()
            if self.why is None and (_stop_asked or now >= self._limit_at):
                self.why = "canceled" if _stop_asked else "timeout"
                self._limit_at = _NEVER
                self._kill_at = now + _asked_grace(self._status, self._attempt, grace)
                self._signal_group(signal.SIGTERM)
                # A stopped process would never see it.
                self._signal_group(signal.SIGCONT)
            if now >= self._kill_at:
                self._kill_at = now + 1
                self._signal_group(signal.SIGKILL)
            if now >= self._pulse_at:
                self._pulse_at = now + _PULSE_SECONDS
                # A pulse that is missed says nothing; the pid tells who lives.
                _try(_touch, f"{self._status}/pulse")
            self._sleep(min(self._kill_at, self._limit_at, self._pulse_at) - now)

    def end_leftovers(self) -> None:
        """Kill what the script has left running, after a moment in which it may end by itself.

        The moment is for those who tidy up behind the script: resource trackers, a `tee`.
        """
        now = time.monotonic()
        kill_at, give_up_at = now + _PATIENCE_SECONDS, now + _GIVE_UP_SECONDS
        while self._has_others() and now < give_up_at:
            if now >= kill_at:
                self._signal_group(signal.SIGKILL)
                for pid in self._children():
                    _try(os.kill, pid, signal.SIGKILL)
            self._sleep(0.02)
            now = time.monotonic()

    def reap(self) -> tuple[int, _Usage]:
        """Return exit code (negative for a signal) and resources of the script."""
        if self._reaped is None:
            self._reaped = _end_of(self._child, 0)
        assert self._reaped is not None
        return self._reaped

    def _has_ended(self) -> bool:
        # The script stays a zombie until the last, so that its pid and group cannot become
        # those of a stranger while they are still signalled.
        if sys.platform == "darwin":
            self._reaped = self._reaped or _end_of(self._child, os.WNOHANG)
            return self._reaped is not None
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while (ended := os.waitid(os.P_ALL, 0, options)) is not None:
            if ended.si_pid == self._child:
                return True
            os.waitpid(ended.si_pid, 0)
        return False

    def _has_others(self) -> bool:
        if self._adopts:
            return bool(self._children())
        if self._reaped is None:
            # As long as the script is a zombie its group exists, so nobody can be told from none.
            self._signal_group(signal.SIGKILL)
            return False
        try:
            os.killpg(self._child, 0)
        except OSError:
            return False
        return True

    def _children(self) -> list[int]:
        """The living children besides the script: what it has started and left to us."""
        if not self._adopts:
            return []
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                pids = [int(word) for word in file.read().split()]
        except OSError:
            return []
        others = []
        for pid in pids:
            if pid != self._child and os.waitpid(pid, os.WNOHANG)[0] == 0:
                others.append(pid)
        return others

    def _signal_group(self, number: int) -> None:
        # The group may be empty, or hold only such as have changed their user.
        _try(os.killpg, self._child, number)

    def _sleep(self, seconds: float) -> None:
        """Return after that time, or earlier when a signal comes or came."""
        import select

        if select.select([self._wake], [], [], max(0.0, min(seconds, 3600.0)))[0]:
            os.read(self._wake, 65536)


def _end_of(child: int, options: int) -> tuple[int, _Usage] | None:
    pid, status, usage = os.wait4(child, options)
    if not pid:
        return None
    rss = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return os.waitstatus_to_exitcode(status), (rss, usage.ru_utime, usage.ru_stime)


def listen() -> int:
    """Turn signals into bytes of a pipe, so that none is lost between a look and a sleep."""
    wake, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, _notice)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return wake


def is_asked_to_stop() -> bool:
    """Whether a signal has come that ends the script."""
    return _stop_asked


def _notice(number: int, _frame: object) -> None:
    global _stop_asked
    _stop_asked = _stop_asked or number != signal.SIGCHLD


def adopt_orphans() -> bool:
    """Become the parent of whatever the script leaves behind (Linux); says whether it worked."""
    if sys.platform != "linux" or not os.path.exists("/proc/self/task"):
        return False
    call = (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        # `import ctypes` takes 4 ms of the way to the script's first line, this less than one.
        from _ctypes import call_function, dlopen, dlsym

        this = dlopen(None, 0)  # type: ignore[arg-type]
        return bool(call_function(dlsym(this, "prctl"), call) == 0)
    except (ImportError, OSError, TypeError):
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(*call) == 0)
    except (ImportError, OSError):
        return False


class Walls:
    """The limits of the script: this process takes them on while it starts it, and off again.

    So no moment is left in which the script has none.
    """

    def __init__(self, words: list[str]) -> None:
        told = [word.partition("=") for word in words]
        self._groups = [value for name, _, value in told if name == "cgroup"]
        self._homes = [value for name, _, value in told if name == "home"]
        self._told = {name: value for name, _, value in told}
        self._before: dict[int, tuple[int, int]] = {}
        self._cores: set[int] = set()
        self._standing = b""
        self.measure = self._told.get("measure", "")
        self.run = self._told.get("run", "")

    def put_on(self) -> None:
        """Take on what the next process shall inherit; raises OSError or ValueError."""
        self._standing = _read("/proc/self/oom_score_adj")
        if self._standing:
            standing = b"%d" % max(_FIRST_TO_GO, int(self._standing))
            _try(_overwrite, "/proc/self/oom_score_adj", standing)
        for group in self._groups:
            _overwrite(f"{group}/cgroup.procs", b"0")
        if "cpus" in self._told:
            self._cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, map(int, self._told["cpus"].split(",")))
        if "memory" in self._told or "processes" in self._told:
            import resource

            for name, kind in ("memory", resource.RLIMIT_AS), ("processes", resource.RLIMIT_NPROC):
                if name in self._told:
                    self._before[kind] = _, hard = resource.getrlimit(kind)
                    most = int(self._told[name])
                    low = most if hard == resource.RLIM_INFINITY else min(most, hard)
                    resource.setrlimit(kind, (low, hard))

    def put_around(self, child: int) -> bool:
        """Have them around a process that runs; False where that cannot be for all it has done."""
        if "memory" in self._told or self._told.get("cpus"):
            return False
        standing = _read(f"/proc/{child}/oom_score_adj")
        if standing:
            standing = b"%d" % max(_FIRST_TO_GO, int(standing))
            _try(_overwrite, f"/proc/{child}/oom_score_adj", standing)
        for group in self._groups:
            _overwrite(f"{group}/cgroup.procs", b"%d" % child)
        if "processes" in self._told:
            import resource

            most, hard = (
                int(self._told["processes"]),
                resource.prlimit(child, resource.RLIMIT_NPROC)[1],
            )
            low = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(child, resource.RLIMIT_NPROC, (low, low))
        return True

    def take_off(self) -> None:
        """Be as before: the shim must outlive a script that is out of memory."""
        for kind, limits in self._before.items():
            import resource

            resource.setrlimit(kind, limits)
        if self._cores:
            _try(os.sched_setaffinity, 0, self._cores)
        for home in self._homes:
            # Where it may not leave, it counts as part of the script.
            _try(_overwrite, f"{home}/cgroup.procs", b"0")
        if self._standing:
            _try(_overwrite, "/proc/self/oom_score_adj", self._standing)

    def close_in(self, child: int) -> None:
        """Make the limits of the script such that it cannot raise them itself."""
        for kind in self._before:
            import resource

            soft = resource.prlimit(child, kind)[0]
            _try(resource.prlimit, child, kind, (soft, soft))


def _spawn(command: list[str], cwd: str, log: str, secrets: str, walls: Walls) -> int:
    """Start the script in a session of its own, its output straight in the log."""
    variables = _revealed(dict(os.environ), secrets)
    os.makedirs(os.path.dirname(log) or ".", exist_ok=True)
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.chdir(cwd)
        walls.put_on()
        child = os.posix_spawnp(
            command[0],
            command,
            variables,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, fd, 1),
                (os.POSIX_SPAWN_DUP2, fd, 2),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
        )
    finally:
        walls.take_off()
        os.close(fd)
    walls.close_in(child)
    return child


def _revealed(variables: dict[str, str], secrets: str) -> dict[str, str]:
    """The variables with the values of those that are hidden from everybody but the script."""
    hidden = [name for name, value in variables.items() if value == "***"]
    if not hidden:
        return variables
    # Its import takes a millisecond of the way to the script's first line.
    import json

    fd = os.open(secrets, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, encoding="utf-8") as file:
        known = json.load(file)
    return {**variables, **{name: known[name] for name in hidden if name in known}}


def _begin_sampling(folder: str) -> None:
    """Measure the run from a thread, so that a driver that hangs keeps nobody from ending it."""
    if os.environ.get("AML_SYSTEM_METRICS") == "0":
        return
    try:
        # The public module takes 2 ms more.
        from _thread import start_new_thread

        start_new_thread(_sample, (folder,))
    except (ImportError, RuntimeError):
        pass  # No thread is to be had: the run goes on without being measured.


def _sample(folder: str) -> None:
    # Most of what a short run needs is over by then.
    time.sleep(_SAMPLE_AFTER_SECONDS)
    _sampling().follow(folder)


def _memory_taken(group: str) -> dict[str, int]:
    """What a control group tells of the memory that was taken, and of who was killed for it."""
    try:
        taken: dict[str, int] = _sampling().memory_of(group)
        return taken
    except (ImportError, OSError):
        return {}


def _sampling() -> Any:
    """The module beside this file."""
    here = os.path.dirname(os.path.abspath(__file__))
    if os.path.basename(here) == "__pycache__":
        here = os.path.dirname(here)
    sys.path.insert(0, here)
    try:
        return __import__("sampling")
    finally:
        sys.path.remove(here)


# ---- files ----------------------------------------------------------------------------------


def _write_pids(status: str, attempt: str, child: int, started: float) -> None:
    me = os.getpid()
    text = (
        f'{{"shim":{me},"shimStart":"{start_of(me)}",'
        f'"child":{child},"childStart":"{start_of(child)}","time":{started!r},'
        f'"python":{_quoted(sys.version.split()[0])}}}\n'
    )
    draft = f"{status}/pids.{attempt}.tmp"
    _write(draft, text.encode())
    os.rename(draft, f"{status}/pids.{attempt}")
    # A disk that is full at the end must still take the exit record.
    _write(f"{status}/exit.{attempt}.tmp", _RESERVED)
    _sync(f"{status}/claim.{attempt}")
    _sync(status)


def _write_exit(
    status: str,
    attempt: str,
    started: float,
    code: int,
    why: str | None,
    usage: _Usage = (0, 0.0, 0.0),
    taken: dict[str, int] | None = None,
) -> None:
    """Publish the exit record; on a full disk, as soon as there is room."""
    rss, user, system = usage
    more = "".join(f',"{name}":{count}' for name, count in (taken or {}).items())
    text = (
        f'{{"code":{code},"time":{time.time()!r},"started":{started!r},'
        f'"why":{"null" if why is None else _quoted(why)},"maxRssKb":{rss},'
        f'"userSeconds":{user:.3f},"systemSeconds":{system:.3f}{more}}}\n'
    ).encode()
    draft = f"{status}/exit.{attempt}.tmp"
    while True:
        try:
            _write(draft, text, sync=True)
            os.rename(draft, f"{status}/exit.{attempt}")
            _sync(status)
            return
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        time.sleep(1)


def _write(path: str, data: bytes, *, sync: bool = False) -> None:
    # Written over, not truncated first: blocks that were reserved stay ours.
    fd = os.open(path, _OWN_FILE, 0o600)
    try:
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.ftruncate(fd, len(data))
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def _overwrite(path: str, data: bytes) -> None:
    """Write into a file of the kernel."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def _read(path: str) -> bytes:
    """A small file of the kernel; nothing where there is none."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _touch(path: str) -> None:
    os.close(os.open(path, _OWN_FILE, 0o600))
    os.utime(path)


def _try(call: Callable[..., object], *arguments: object) -> None:
    """Make a call whose failure leaves nothing to be done."""
    # No contextlib.suppress: its import would take 2 ms.
    try:
        call(*arguments)
    except OSError:
        pass


def _asked_grace(status: str, attempt: str, usual: float) -> float:
    """The seconds that `grace.N` holds, where who stops the run left such a wish."""
    try:
        fd = os.open(f"{status}/grace.{attempt}", os.O_RDONLY | os.O_NONBLOCK)
        try:
            return float(os.read(fd, 64))
        finally:
            os.close(fd)
    except (OSError, ValueError):
        return usual


def _say(log: str, sentence: str) -> None:
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, sentence.encode("utf-8", "backslashreplace") + b"\n")
    finally:
        os.close(fd)


def _sentence(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + ("" if error.filename is None else f": {error.filename!r}")
    return str(error)


def _quoted(text: str) -> str:
    """The text as JSON, in ASCII."""
    units = text.encode("utf-16-be", "surrogatepass")
    letters = []
    for high, low in zip(units[::2], units[1::2], strict=True):
        letter = chr(low)
        plain = high == 0 and 32 <= low < 127 and letter not in '"\\'
        letters.append(letter if plain else f"\\u{high:02x}{low:02x}")
    return '"' + "".join(letters) + '"'


if __name__ == "__main__":
    # Nothing is left to tidy up, and a waiting engine is told some milliseconds earlier.
    os._exit(main(sys.argv[1:]))
