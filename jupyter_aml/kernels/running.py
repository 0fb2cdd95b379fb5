"""The kernels of one Jupyter server: whose they are, what they take, and which nobody uses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from jupyter_core.utils import ensure_async

from jupyter_aml.kernels import specs
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.kernels import WireKernel


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process takes with all that it started; `cpu` is None at the first look."""

    memory: int
    cpu: float | None
    started: datetime


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU that each process of a tree had spent at a moment."""

    at: float
    by: Mapping[int, float]


class Gauge:
    """Measures trees of processes; CPU percent are those between two looks."""

    def __init__(self) -> None:
        self._seen: dict[int, Spent] = {}

    def look(self, pids: Iterable[int]) -> dict[int, Usage]:
        """Return the usage of each tree by the process id of its root; what is gone is left out."""
        wanted = [*pids]
        self._seen = {pid: seen for pid, seen in self._seen.items() if pid in wanted}
        found = {}
        for pid in wanted:
            try:
                found[pid] = self._tree(psutil.Process(pid))
            except psutil.Error:
                self._seen.pop(pid, None)
        return found

    def _tree(self, root: psutil.Process) -> Usage:
        memory, used = 0, {}
        for process in [root, *root.children(recursive=True)]:
            try:
                with process.oneshot():
                    memory += process.memory_info().rss
                    times = process.cpu_times()
                    used[process.pid] = times.user + times.system
            except psutil.Error:
                continue  # it has just ended
        before, after = self._seen.get(root.pid), Spent(time.monotonic(), used)
        self._seen[root.pid] = after
        return Usage(
            memory=memory,
            cpu=None if before is None else _percent(before, after),
            started=datetime.fromtimestamp(root.create_time(), UTC),
        )


def _percent(before: Spent, after: Spent) -> float:
    passed = after.at - before.at
    spent = sum(seconds - before.by.get(pid, 0.0) for pid, seconds in after.by.items())
    return round(100 * max(0.0, spent) / passed, 1) if passed > 0 else 0.0


class Running:
    """The kernels that a Jupyter server started."""

    def __init__(self, kernels: Any, sessions: Any) -> None:
        self._kernels, self._sessions = kernels, sessions
        self._gauge = Gauge()

    async def look(self) -> list[WireKernel]:
        """All of them, the oldest first."""
        notebooks = await self._notebooks()
        ids = [*self._kernels.list_kernel_ids()]
        pids = {kernel_id: self._pid(kernel_id) for kernel_id in ids}
        usage = await asyncio.to_thread(self._gauge.look, [pid for pid in pids.values() if pid])
        # Some may have ended while their usage was read.
        listed = [
            self._seen(kernel_id, pids[kernel_id], usage, notebooks.get(kernel_id))
            for kernel_id in ids
            if kernel_id in self._kernels
        ]
        return sorted(listed, key=lambda kernel: (kernel["startedAt"], kernel["kernelId"]))

    async def cull(self, *, idle: timedelta) -> list[str]:
        """Shut down the kernels of environments that were idle for so long; return their ids.

        The server's own rules say which count as used: busy ones, unless `cull_busy` is set, and
        those with a connection, unless `cull_connected` is.
        """
        culled = []
        for kernel_id in [*self._kernels.list_kernel_ids()]:
            if kernel_id in self._kernels and self._is_unused(kernel_id, idle):
                await ensure_async(self._kernels.shutdown_kernel(kernel_id))
                culled.append(kernel_id)
        return culled

    def _is_unused(self, kernel_id: str, idle: timedelta) -> bool:
        kernel = self._kernels.get_kernel(kernel_id)
        since = _last_activity(kernel)
        if self._spec(kernel) is None or since is None or datetime.now(UTC) - since < idle:
            return False
        state, connections = self._state(kernel_id)
        return (self._kernels.cull_busy or state != "busy") and (
            self._kernels.cull_connected or not connections
        )

    def _state(self, kernel_id: str) -> tuple[str, int]:
        """What it does, and how many listen."""
        if _last_activity(self._kernels.get_kernel(kernel_id)) is None:
            return "starting", 0  # Its model cannot be had before.
        model = self._kernels.kernel_model(kernel_id)
        return str(model["execution_state"]), int(model["connections"])

    def _seen(
        self, kernel_id: str, pid: int | None, usage: Mapping[int, Usage], notebook: str | None
    ) -> WireKernel:
        kernel = self._kernels.get_kernel(kernel_id)
        state, connections = self._state(kernel_id)
        spec, taken = self._spec(kernel), usage.get(pid or 0)
        now, last = datetime.now(UTC), _last_activity(kernel)
        busy = state == "busy"
        started = taken.started if taken is not None else last or now
        return {
            "kernelId": kernel_id,
            "spec": kernel.kernel_name,
            "displayName": kernel.kernel_spec.display_name,
            "environment": None if spec is None else _label(kernel, spec),
            "notebook": notebook,
            "state": state,
            "idle": None if busy or last is None else max(0.0, (now - last).total_seconds()),
            "connections": connections,
            "startedAt": encode_time(started) or "",
            "memory": None if taken is None else taken.memory,
            "cpu": None if taken is None else taken.cpu,
            "pid": pid,
            "compute": _compute(kernel),
        }

    def _pid(self, kernel_id: str) -> int | None:
        """The process of a kernel on this machine, whose usage can be seen."""
        kernel = self._kernels.get_kernel(kernel_id)
        if _compute(kernel) is not None:
            return None
        provisioner = kernel.provisioner
        pid = getattr(provisioner, "pid", None)
        return pid if isinstance(pid, int) and pid > 0 else None

    async def _notebooks(self) -> dict[str, str]:
        listed = await ensure_async(self._sessions.list_sessions())
        return {
            session["kernel"]["id"]: session["path"]
            for session in listed
            if session.get("kernel") and session.get("path")
        }

    @staticmethod
    def _spec(kernel: Any) -> specs.KernelSpec | None:
        known = kernel.kernel_spec
        if known is None:
            return None
        return specs.of(known.metadata, spec=kernel.kernel_name, display_name=known.display_name)


def _label(kernel: Any, spec: specs.KernelSpec) -> str:
    """The environment as `name:version`; the name alone while nobody knows what it became."""
    known = getattr(kernel.provisioner, "label", None)
    if known:
        return str(known)
    return spec.environment if spec.version is None else f"{spec.environment}:{spec.version}"


def _compute(kernel: Any) -> str | None:
    """The compute target that a kernel is a job of; None for one of this machine."""
    provisioner = kernel.provisioner
    return provisioner.compute if getattr(provisioner, "is_on_target", False) else None


def _last_activity(kernel: Any) -> datetime | None:
    known = getattr(kernel, "last_activity", None)
    return known if isinstance(known, datetime) else None
