"""The kernels of a server: what is listed, and which are ended."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from jupyter_aml.kernels.running import Gauge, Running

OURS = {"jupyter_aml": {"workspace": "default", "environment": "vision", "compute": "local"}}
HOUR = timedelta(hours=1)


class Kernels(dict):
    """As Jupyter's kernel manager keeps them."""

    cull_busy = cull_connected = False

    def list_kernel_ids(self):
        return list(self)

    def get_kernel(self, kernel_id):
        return self[kernel_id]

    def kernel_model(self, kernel_id):
        kernel = self[kernel_id]
        return {"execution_state": kernel.execution_state, "connections": kernel.connections}

    async def shutdown_kernel(self, kernel_id):
        del self[kernel_id]


class Sessions:
    def __init__(self, paths):
        self._paths = paths

    async def list_sessions(self):
        return [{"kernel": {"id": each}, "path": path} for each, path in self._paths.items()]


def kernel(*, metadata=OURS, state="idle", connections=0, idle=2 * HOUR, pid=None, label=None):
    spec = SimpleNamespace(display_name="Vision (aml)", metadata=metadata)
    return SimpleNamespace(
        kernel_name="aml-vision",
        kernel_spec=spec,
        execution_state=state,
        connections=connections,
        last_activity=datetime.now(UTC) - idle,
        provisioner=SimpleNamespace(pid=pid, label=label),
    )


def look(kernels, paths=None):
    return asyncio.run(Running(kernels, Sessions(paths or {})).look())


def cull(kernels, idle=HOUR):
    return asyncio.run(Running(kernels, Sessions({})).cull(idle=idle))


def test_a_kernel_is_listed_with_its_notebook_and_what_it_takes():
    one = kernel(pid=os.getpid(), label="vision:3", connections=1)

    [seen] = look(Kernels(a=one), {"a": "work/a.ipynb"})

    assert (seen["environment"], seen["notebook"]) == ("vision:3", "work/a.ipynb")
    assert (seen["state"], seen["connections"], seen["pid"]) == ("idle", 1, os.getpid())
    assert seen["idle"] == pytest.approx(7200, abs=5)
    assert seen["memory"] > 1_000_000
    assert seen["cpu"] is None


def test_a_kernel_of_somebody_else_has_no_environment_and_a_busy_one_is_not_idle():
    [seen] = look(Kernels(a=kernel(metadata={}, state="busy")))

    assert (seen["environment"], seen["idle"], seen["memory"]) == (None, None, None)


def test_a_kernel_that_has_just_begun_is_listed():
    one = kernel()
    del one.last_activity

    [seen] = look(Kernels(a=one))

    assert (seen["state"], seen["environment"]) == ("starting", "vision")


def test_unused_kernels_of_environments_are_ended_and_no_others():
    kernels = Kernels(
        unused=kernel(),
        fresh=kernel(idle=timedelta(minutes=5)),
        busy=kernel(state="busy"),
        open=kernel(connections=1),
        other=kernel(metadata={}),
        # Its first message comes with its first client, so it may be called so for ever.
        never_used=kernel(state="starting"),
    )

    assert cull(kernels) == ["unused", "never_used"]
    assert set(kernels) == {"fresh", "busy", "open", "other"}


def test_the_rules_of_the_server_say_what_counts_as_used():
    kernels = Kernels(busy=kernel(state="busy"), open=kernel(connections=1))
    kernels.cull_busy = kernels.cull_connected = True

    assert cull(kernels) == ["busy", "open"]


def test_the_second_look_tells_the_cpu_and_children_count():
    child = "print(1, flush=True)\nwhile True: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"1\n"
            gauge = Gauge()
            first = gauge.look([process.pid])[process.pid]
            while not (second := gauge.look([process.pid])[process.pid]).cpu:
                pass
        finally:
            subprocess.run(["kill", "-9", *children(process.pid), str(process.pid)], check=True)

    assert first.cpu is None
    assert second.cpu > 0
    assert second.memory > first.memory / 2


def test_a_process_that_is_gone_is_left_out():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    assert Gauge().look([process.pid]) == {}


def children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path) as file:
        return file.read().split()
