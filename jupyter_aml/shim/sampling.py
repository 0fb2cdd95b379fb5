"""What a run takes of its machine, measured from beside it: CPU, memory, disk, network, GPUs.

Needs /proc, so that on other systems than Linux nothing is measured. A sample costs what it reads:
one small file a process, one a thread, and is taken the more seldom the dearer it is.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RATE, SLOWEST = 2.0, 60.0
"""Seconds between two samples: at first, and at most."""
_SLOWER = 300.0
"""After that many times its distance, samples come further apart: at most some 1,000 a day."""
SHARE = 0.005
"""The part of one core that sampling may take."""
_READ = 1 << 16
_DEAD = (b"Z", b"X")


def follow(folder: str) -> None:
    """Write records of what the children of this process take into a file below `folder`, for ever.

    A disk that is full or a process that cannot be looked at costs a sample, nothing else.
    """
    if not os.path.exists("/proc/self/stat"):
        return
    sampler, writer, begun = Sampler(os.getpid()), Writer(folder), time.monotonic()
    wait = RATE / 2
    while True:
        time.sleep(wait)
        before = time.thread_time()
        writer.write(sampler.sample())
        wait = pause(time.monotonic() - begun, time.thread_time() - before)


def pause(age: float, cost: float) -> float:
    """Seconds until the next sample of a run of that age, when the last took so much CPU time."""
    return max(min(max(RATE, age / _SLOWER), SLOWEST), cost / SHARE)


class Sampler:
    """Measures all processes below one, that one left out."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._tick = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._gpus = gpus()
        self._before = self._counters()
        self._at = time.monotonic()

    def sample(self) -> dict[str, float]:
        """Return what was used since the last sample, and what is held now."""
        now, counters = time.monotonic(), self._counters()
        seconds = max(now - self._at, 1e-3)
        # What nobody waited for is lost with its process, so that a sum may become less.
        rates = {
            name: round(max(0.0, count - self._before[name]) / seconds, 1)
            for name, count in counters.items()
            if name != "memory" and name in self._before
        }
        self._before, self._at = counters, now
        measured = {"cpu": rates.pop("cpu", 0.0), "memory": counters["memory"], **rates}
        for gpu in self._gpus:
            measured.update(gpu.sample())
        return measured

    def _counters(self) -> dict[str, float]:
        """Sums that only grow, and the memory held.

        A process that was waited for lives on in its parent's sums, up to the root's.
        """
        ticks = pages = 0
        disk: list[tuple[int, int]] = []
        for pid in tree(self._root):
            fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            if len(fields) < 22:
                continue
            ticks += int(fields[13]) + int(fields[14])
            if pid != self._root:
                ticks += int(fields[11]) + int(fields[12])
                pages += int(fields[21])
            disk += _disk(pid)
        counters: dict[str, float] = {
            "cpu": ticks * 100 / self._tick,
            "memory": pages * self._page,
        }
        if disk:
            counters["disk read"] = sum(read for read, _ in disk)
            counters["disk write"] = sum(written for _, written in disk)
        return counters | _network()


def tree(root: int) -> list[int]:
    """The pids of a process and of all below it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            waiting += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _disk(pid: int) -> list[tuple[int, int]]:
    """Bytes that a process had from disks and gave to them; nothing where we may not know."""
    counts = dict(line.split(b": ") for line in _read(f"/proc/{pid}/io").splitlines())
    if b"write_bytes" not in counts:
        return []
    return [(int(counts[b"read_bytes"]), int(counts[b"write_bytes"]))]


def _network() -> dict[str, float]:
    """Bytes that came and went, of the whole machine or container: no process is told apart."""
    came = went = 0
    lines = _read("/proc/self/net/dev").splitlines()[2:]
    for line in lines:
        name, _, counts = line.partition(b":")
        if name.strip() != b"lo":
            fields = counts.split()
            came, went = came + int(fields[0]), went + int(fields[8])
    return {"network in": came, "network out": went} if lines else {}


def _read(path: str) -> bytes:
    """The content of a file of the kernel; nothing where it is gone or closed to us."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, _READ)
    except OSError:
        return b""
    finally:
        os.close(fd)


# ---- memory of a control group --------------------------------------------------------------


def memory_of(group: str) -> dict[str, int]:
    """Peak and limit in bytes, and how many processes were killed for more; what is known of it.

    `group` is a folder of either version, or one that holds those of version 1 by name.
    """
    told: dict[str, int] = {}
    for folder in (group, f"{group}/memory"):
        for name, files in _OF_A_GROUP.items():
            for file in files:
                value = _read(f"{folder}/{file}").strip()
                if value.isdigit() and int(value) < _NONE:
                    told.setdefault(name, int(value))
        for file in ("memory.events", "memory.oom_control"):
            for line in _read(f"{folder}/{file}").splitlines():
                key, _, value = line.partition(b" ")
                if key == b"oom_kill" and value.isdigit():
                    told.setdefault("oomKills", int(value))
    return told


_NONE = 1 << 60
"""A limit of version 1 from which on there is none."""
_OF_A_GROUP = {
    "memoryPeak": ("memory.peak", "memory.max_usage_in_bytes"),
    "memoryLimit": ("memory.max", "memory.limit_in_bytes"),
}


# ---- GPUs -----------------------------------------------------------------------------------


class Gpu:
    """One GPU, asked through NVIDIA's library."""

    def __init__(self, library: Any, number: int, handle: Any) -> None:
        self._library, self._number, self._handle = library, number, handle

    @property
    def name(self) -> str:
        """What its maker calls it."""
        import ctypes

        text = ctypes.create_string_buffer(96)
        if self._library.nvmlDeviceGetName(self._handle, text, 96) != 0:
            return f"GPU {self._number}"
        return text.value.decode("utf-8", "replace")

    def sample(self) -> dict[str, float]:
        """Percent of the time in which it was at work, and the bytes in use."""
        import ctypes

        busy, memory = (ctypes.c_uint * 2)(), (ctypes.c_ulonglong * 3)()
        measured: dict[str, float] = {}
        if self._library.nvmlDeviceGetUtilizationRates(self._handle, busy) == 0:
            measured[f"gpu {self._number}"] = busy[0]
        if self._library.nvmlDeviceGetMemoryInfo(self._handle, memory) == 0:
            measured[f"gpu {self._number} memory"] = memory[2]
        return measured


def gpus() -> list[Gpu]:
    """The GPUs that this process may use; none where NVIDIA's library is not there."""
    try:
        # `import ctypes` costs 4 ms, which most machines can be spared.
        from _ctypes import dlopen

        dlopen("libnvidia-ml.so.1", 0)
        import ctypes

        library = ctypes.CDLL("libnvidia-ml.so.1")
        count = ctypes.c_uint()
        if library.nvmlInit_v2() != 0 or library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return []
        found = []
        for number in range(count.value):
            handle = ctypes.c_void_p()
            got = library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(handle))
            if got == 0 and _is_visible(number):
                found.append(Gpu(library, number, handle))
        return found
    except (ImportError, OSError, AttributeError, TypeError):
        return []


def _is_visible(number: int) -> bool:
    """Whether CUDA would show it to the run; what is not named by number is shown."""
    words = os.environ.get("CUDA_VISIBLE_DEVICES")
    if words is None:
        return True
    named = [word.strip() for word in words.split(",")]
    if all(word.lstrip("-").isdigit() for word in named):
        return str(number) in named
    return words != ""


# ---- records --------------------------------------------------------------------------------


class Writer:
    """Appends samples as number records to a file of its own, made with the first one."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._fd = -1
        self._is_torn = False

    def write(self, measured: dict[str, float]) -> None:
        """Append one sample; where that fails it is left out."""
        now = f"{time.time():.3f}"
        lines = "".join(
            f'["m","{name}",{now},null,{number!r}]\n' for name, number in measured.items()
        )
        data = (b"\n" if self._is_torn else b"") + lines.encode()
        try:
            if self._fd < 0:
                self._fd = self._opened()
            self._is_torn = os.write(self._fd, data) != len(data)
        except OSError:
            pass  # A full disk: the next sample comes soon.

    def _opened(self) -> int:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        name = f"{int(time.time() * 1e6):x}-{os.getpid()}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(f"{self._folder}/{name}", flags, 0o600)
