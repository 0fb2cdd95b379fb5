"""What this machine has: cores, memory, and room for processes."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits, amount

SHARE = 0.9
"""The part of the memory that one run may have where nobody has set it."""
_MEMORY_OF_GROUPS = ("memory.max", "memory.limit_in_bytes", "memory/memory.limit_in_bytes")


def check(
    limits: Limits, *, most: Limits = NO_LIMITS, node: Limits = NO_LIMITS, target: str = ""
) -> None:
    """Raise Invalid for more than there is, or than one run may have of it.

    `node` is what a node of `target` has, where that is less than this machine.
    """
    cores, size = len(cpus()), memory()
    if limits.cpus is not None and limits.cpus > cores:
        has = "1 core" if cores == 1 else f"{cores} cores"
        raise Invalid(f"limits.cpus: {limits.cpus:g} are asked for, and this machine has {has}")
    if limits.cpus is not None and node.cpus is not None and limits.cpus > node.cpus:
        raise Invalid(
            f"limits.cpus: {limits.cpus:g} are asked for, and a node of {target!r} has "
            f"{node.cpus:g} (its vm_size)"
        )
    if limits.memory is not None and node.memory is not None and limits.memory > node.memory:
        raise Invalid(
            f"limits.memory: {amount(limits.memory)} are asked for, and a node of {target!r} has "
            f"{amount(node.memory)} (its vm_size)"
        )
    if limits.memory is not None and size is not None and limits.memory > size:
        raise Invalid(
            f"limits.memory: {amount(limits.memory)} are asked for, and this machine has "
            f"{amount(size)}"
        )
    if limits.memory is not None and most.memory is not None and limits.memory > most.memory:
        raise Invalid(
            f"limits.memory: {amount(limits.memory)} are asked for, and a run may have "
            f"{amount(most.memory)} here (the setting max_run_memory)"
        )
    if (
        limits.processes is not None
        and most.processes is not None
        and limits.processes > most.processes
    ):
        raise Invalid(
            f"limits.processes: {limits.processes:,} are asked for, and a run may have "
            f"{most.processes:,} here (the setting max_run_processes)"
        )


def most(*, share: float = SHARE, processes: int | None = None) -> Limits:
    """What one run may have at most where nobody has set it; `share` is that of the memory."""
    size = memory()
    return Limits(
        memory=None if size is None else int(size * share),
        processes=most_processes() if processes is None else processes or None,
    )


def most_processes() -> int:
    """Processes and threads enough for any run, and too few to take the machine."""
    return max(4_000, 100 * (os.cpu_count() or 1))


def cpus() -> set[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def memory() -> int | None:
    """Bytes of memory, or of what the container or group of this process may have of it."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    return min([size, *_limits_above()])


def _limits_above() -> list[int]:
    """The limits of the groups that this process is in, as far as they can be seen."""
    found = []
    for place in ("/sys/fs/cgroup", *_own_groups()):
        for name in _MEMORY_OF_GROUPS:
            try:
                text = Path(place, name).read_text().strip()
            except OSError:
                continue
            found += [int(text)] if text.isdigit() else []
    return found


def _own_groups() -> list[str]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    paths = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            base = Path("/sys/fs/cgroup", controllers)
            own = base / path.strip("/")
            paths += [str(each) for each in (own, *own.parents) if each.is_relative_to(base)]
    return paths


def processes_of_this_user() -> int:
    """Processes and threads that the user of this process has, which is what the system counts."""
    user, count = os.geteuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue  # It has ended meanwhile.
    return count
