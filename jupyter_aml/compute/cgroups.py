"""Control groups, one for each job: where this process may make them, their limits, their end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.domain.run_limits import Limits

PREFIX = "aml-"

_PERIOD = 100_000
"""Microseconds in which a job may use its share of the processors."""
_STALE = 60.0
"""Seconds after which an empty group is nobody's any more: its shim enters it within one."""
_PATIENCE, _POLL = 5.0, 0.01
_HURRIED, _HURRY = 40, 0.005
"""How often it is changed for nothing, and seconds between."""
_CONTROLLERS = ("memory", "pids", "cpu")
_LIMITS = {
    1: {"memory": "memory.limit_in_bytes", "pids": "pids.max", "cpu": "cpu.cfs_quota_us"},
    2: {"memory": "memory.max", "pids": "pids.max", "cpu": "cpu.max"},
}


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A folder below which groups can be made."""

    folder: Path
    """New groups are made in here."""
    home: Path
    """The group of this process, and of the shims that it starts."""
    controllers: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class Group:
    """The groups of one job, one in each hierarchy."""

    folders: tuple[Path, ...] = ()
    homes: tuple[Path, ...] = ()

    @property
    def measure(self) -> Path | None:
        """The one that knows how much memory the job took."""
        names = ("memory.limit_in_bytes", "memory.max")
        known = (path for path in self.folders if any((path / name).exists() for name in names))
        return next(known, None)

    def pids(self) -> set[int]:
        """Who is in there."""
        return {pid for folder in self.folders for each in _tree(folder) for pid in _pids(each)}

    def remove(self) -> None:
        """Kill whoever is left in there and remove the groups; raises Unreachable if it fails."""
        for folder in self.folders:
            _remove(folder)


def name_of(root: str, job: str) -> str:
    """What the groups, the container and Slurm's job of a job are called.

    A run of the same id in another root has others.
    """
    return f"{PREFIX}{root[:8]}-{re.sub(r'[^A-Za-z0-9_.-]', '-', job)}"


# ---- where ----------------------------------------------------------------------------------


def hierarchies(proc: Path = Path("/proc/self")) -> tuple[Hierarchy, ...]:
    """Find out by trial where this process can make groups that limit something."""
    try:
        mounts = list(_mounts((proc / "mountinfo").read_text()))
        own = list(_own((proc / "cgroup").read_text()))
    except OSError:
        return ()
    found: list[Hierarchy] = []
    for version, controllers, path in own:
        for each in _CONTROLLERS if version == 2 else controllers:
            if each in _CONTROLLERS and not any(each in one.controllers for one in found):
                home = _place(mounts, version, each, path)
                tried = None if home is None else _tried(home, version, each)
                found += [] if tried is None else [tried]
    return _joined(found)


def _joined(found: Iterable[Hierarchy]) -> tuple[Hierarchy, ...]:
    """The hierarchies, with those of one folder as one."""
    joined: dict[tuple[Path, Path], Hierarchy] = {}
    for each in found:
        key = each.folder, each.home
        known = joined[key].controllers if key in joined else frozenset()
        joined[key] = Hierarchy(*key, known | each.controllers, each.version)
    return tuple(joined.values())


_Mount = tuple[int, frozenset[str], str, str]
"""Version, controllers, the path that is its root, and where it is."""


def _mounts(text: str) -> Iterator[_Mount]:
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        words, kind = before.split(), after.split()
        if kind[0] in ("cgroup", "cgroup2"):
            version = 2 if kind[0] == "cgroup2" else 1
            yield version, frozenset(kind[-1].split(",")), words[3], _unescaped(words[4])


def _own(text: str) -> Iterator[tuple[int, list[str], str]]:
    """Version, controllers and path of each group of this process; those of version 1 first."""
    lines = [line.split(":", 2) for line in text.splitlines()]
    for number, controllers, path in sorted(lines, key=lambda line: line[0] == "0"):
        yield 2 if number == "0" else 1, controllers.split(","), path


def _place(mounts: Iterable[_Mount], version: int, controller: str, path: str) -> Path | None:
    """Where the group of that path is to be seen; None where no mount shows it."""
    for kind, controllers, root, at in mounts:
        if kind == version and (version == 2 or controller in controllers):
            inside = path.removeprefix(root.rstrip("/"))
            # A group outside of what this container was given is not to be seen in it.
            is_inside = inside != path or root == "/"
            if is_inside and inside[:1] in ("", "/") and ".." not in inside.split("/"):
                return Path(at + inside.rstrip("/"))
    return None


def _tried(home: Path, version: int, controller: str) -> Hierarchy | None:
    """The folder in which a group with that controller can be made, if there is one."""
    limit = _LIMITS[version][controller]
    for folder in [home] if version == 1 else _above(home, controller):
        trial = folder / f"{PREFIX}trial-{os.getpid()}-{time.monotonic_ns()}"
        try:
            trial.mkdir()
        except OSError:
            continue
        try:
            if os.access(trial / limit, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
                return Hierarchy(folder, home, frozenset({controller}), version)
        finally:
            with contextlib.suppress(OSError):
                trial.rmdir()
    return None


def _above(home: Path, controller: str) -> Iterator[Path]:
    """The groups of version 2 that may have groups besides processes: roots, else those above.

    None is above a group that is limited itself: a job must not get out of the server's limits.
    """
    if not (home / "cgroup.type").exists():
        # Only the root of all has processes and groups; a controller may have to be let in.
        with contextlib.suppress(OSError):
            (home / "cgroup.subtree_control").write_text(f"+{controller}")
        yield home
        return
    while (home.parent / "cgroup.procs").exists():
        if any(_is_limited(home / name) for name in ("memory.max", "cpu.max")):
            return
        home = home.parent
        yield home


def _is_limited(file: Path) -> bool:
    try:
        return not file.read_text().startswith("max")
    except OSError:
        return False


# ---- one ------------------------------------------------------------------------------------


def make(name: str, limits: Limits, where: Iterable[Hierarchy]) -> Group:
    """Make the groups of a job, or find them as they are; raises OSError where there is no room."""
    folders, homes = [], []
    for each in where:
        folder = each.folder / name
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        folders.append(folder)
        homes.append(each.home)
        for file, value in _settings(each, limits):
            _set(folder / file, value)
    return Group(tuple(folders), tuple(homes))


def hurry(where: Iterable[Hierarchy], until: Callable[[], bool]) -> None:
    """Let the next process that changes its group do so at once, until that is so.

    The kernel lets some 10 ms pass before a change of groups, unless the last one was just before:
    so this process, which stays where it is, waits in the place of a shim that is being started.
    """
    homes = [each.home for each in where]
    for _ in range(_HURRIED if homes else 0):
        with contextlib.suppress(OSError):
            _set(homes[0] / "cgroup.procs", "0")
        if until():
            return
        time.sleep(_HURRY)


def limited_by(where: Iterable[Hierarchy], limits: Limits) -> Limits:
    """What of these limits groups can keep."""
    controllers = {name for each in where for name in each.controllers}
    return Limits(
        cpus=limits.cpus if "cpu" in controllers else None,
        memory=limits.memory if "memory" in controllers else None,
        processes=limits.processes if "pids" in controllers else None,
    )


def _settings(where: Hierarchy, limits: Limits) -> Iterator[tuple[str, str]]:
    """What is written into which file; a name with `?` is left out where it is not there."""
    has, is_new = where.controllers, where.version == 2
    if limits.memory is not None and "memory" in has:
        size = str(limits.memory)
        yield "memory.max" if is_new else "memory.limit_in_bytes", size
        # Without this a job may take the same again of swap.
        yield ("?memory.swap.max", "0") if is_new else ("?memory.memsw.limit_in_bytes", size)
    if limits.processes is not None and "pids" in has:
        yield "pids.max", str(limits.processes)
    if limits.cpus is not None and "cpu" in has:
        quota = max(1000, int(limits.cpus * _PERIOD))
        if is_new:
            yield "cpu.max", f"{quota} {_PERIOD}"
        else:
            yield "cpu.cfs_period_us", str(_PERIOD)
            yield "cpu.cfs_quota_us", str(quota)


def _set(file: Path, value: str) -> None:
    if file.name.startswith("?"):
        file = file.with_name(file.name[1:])
        if not file.exists():
            return
    fd = os.open(file, os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


# ---- the end --------------------------------------------------------------------------------


def sweep(where: Iterable[Hierarchy]) -> list[str]:
    """Remove the groups, of whatever root, in which nobody is any more; returns their names."""
    removed = set()
    for each in where:
        for folder in each.folder.glob(f"{PREFIX}*"):
            try:
                is_old = time.time() - folder.stat().st_ctime > _STALE
                if is_old and not any(_pids(one) for one in _tree(folder)):
                    _remove(folder)
                    removed.add(folder.name)
            except (OSError, Unreachable):
                continue  # Another engine removes it, or somebody has come in.
    return sorted(removed)


def _remove(folder: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while folder.exists():
        for each in _tree(folder):
            _kill(each)
            with contextlib.suppress(OSError):
                each.rmdir()
        if not folder.exists():
            return
        if time.monotonic() > give_up:
            pids = ", ".join(str(pid) for each in _tree(folder) for pid in _pids(each)) or "nobody"
            raise Unreachable(f"the control group {folder} cannot be removed; in it: {pids}")
        time.sleep(_POLL)


def _kill(folder: Path) -> None:
    try:
        _set(folder / "cgroup.kill", "1")
        return
    except OSError:
        pass  # One of version 1, or of an old kernel.
    for pid in _pids(folder):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _tree(folder: Path) -> list[Path]:
    """A group and those below it, the lowest first."""
    return [Path(path) for path, _, _ in os.walk(folder, topdown=False)]


def _pids(folder: Path) -> list[int]:
    try:
        text = (folder / "cgroup.procs").read_text()
    except OSError:
        return []
    # A process of another namespace has no number here.
    return [int(word) for word in text.split() if word != "0"]


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
