"""Shims that vanish: what they started is found and ended, and nobody else's."""

from __future__ import annotations

import asyncio
import os
import py_compile
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_aml.compute import local, proc
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase
from jupyter_aml.domain.errors import StorageFailed, Unreachable
from jupyter_aml.shim import shim
from jupyter_aml.testing.compute_contracts import see, within

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

DAEMON = """
import os, signal, sys
signal.signal(15, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        while True: signal.pause()
    os._exit(0)
print("script", flush=True)
while True: signal.pause()
"""


def a_job(folder: Path, code: str, attempt: int = 1) -> BackendJob:
    (folder / "work").mkdir(exist_ok=True)
    return BackendJob(
        id=f"{folder.name}.{attempt}",
        attempt=attempt,
        folder=folder,
        command=(sys.executable, "-I", "-S", "-c", code),
        cwd=folder / "work",
        environment={
            "PATH": os.environ["PATH"],
            "AML_RUN_ID": folder.name,
            "AML_ATTEMPT": str(attempt),
        },
    )


def living(run: str) -> list[int]:
    mark = b"AML_RUN_ID=" + run.encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def kill_shim(backend: LocalBackend, handle: Handle) -> None:
    proc.send(int(handle.data["shim"]), handle.data["shimStart"], signal.SIGKILL)
    await see(backend, handle, Phase.LOST, Phase.GONE)


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert living(tmp_path.name) == []


@pytest.mark.parametrize("round_", range(30))
def test_whenever_a_shim_is_killed_all_it_started_is_ended(round_: int, tmp_path: Path) -> None:
    moment = random.Random(round_).uniform(0.0, 0.06)

    async def run() -> None:
        backend = LocalBackend()
        handle = await backend.submit(a_job(tmp_path, DAEMON))
        await asyncio.sleep(moment)
        await kill_shim(backend, handle)
        seen = await backend.look(handle)
        assert seen.phase is Phase.LOST or seen.never_started
        await backend.stop(handle, grace=timedelta(seconds=0.1))
        assert living(tmp_path.name) == []
        assert (await backend.look(handle)).phase is seen.phase

    within(run())


def test_a_lost_script_is_asked_before_it_is_killed(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        code = (
            "import signal, sys, os; signal.signal(15, lambda *_: (print('bye'), sys.exit()));"
            "print('here', flush=True); signal.pause()"
        )
        handle = await backend.submit(a_job(tmp_path, code))
        async for piece in backend.logs(handle):
            if b"here" in piece:
                break
        await kill_shim(backend, handle)
        await backend.stop(handle, grace=timedelta(seconds=20))
        assert b"".join([piece async for piece in backend.logs(handle)]) == b"here\nbye\n"

    within(run())


def test_processes_without_the_variables_are_found_by_their_descent(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        code = (
            "import os, subprocess, sys, signal\n"
            "subprocess.Popen([sys.executable, '-c', 'import signal; print(\"bare\", flush=True);"
            " signal.pause()'], env={}, start_new_session=True)\nsignal.pause()"
        )
        handle = await backend.submit(a_job(tmp_path, code))
        async for piece in backend.logs(handle):
            if b"bare" in piece:
                break
        left = local._Place(handle).left()
        await kill_shim(backend, handle)
        await backend.stop(handle, grace=timedelta(seconds=20))
        assert len(left) == 3  # the shim, the script and the bare one
        assert not [one for one in left if proc.is_alive(one.pid, one.start)]

    within(run())


def test_another_attempt_and_another_run_are_strangers(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        pause = "import signal; print('here', flush=True); signal.pause()"
        first = await backend.submit(a_job(tmp_path, pause, 1))
        await see(backend, first, Phase.ALIVE)
        second = await backend.submit(a_job(tmp_path, pause, 2))
        await see(backend, second, Phase.ALIVE)
        await kill_shim(backend, first)
        await backend.stop(first, grace=timedelta(seconds=5))
        assert (await backend.look(first)).phase is Phase.LOST
        assert (await backend.look(second)).phase is Phase.ALIVE
        await backend.stop(second, grace=timedelta(seconds=5))
        await see(backend, second, Phase.GONE)

    within(run())


def test_a_process_that_has_a_known_pid_but_another_start_is_a_stranger() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        try:
            assert proc.of_run("no-such-run", "1", [(stranger.pid, "1")]) == []
            proc.send(stranger.pid, "1", signal.SIGKILL)
            [found] = proc.of_run("no-such-run", "1", [(stranger.pid, shim.start_of(stranger.pid))])
            assert found.pid == stranger.pid
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_shim_that_died_before_its_claim_never_starts_anything(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend(python="/bin/false")
        handle = await backend.submit(a_job(tmp_path, "print('never')"))
        seen = await see(backend, handle, Phase.GONE)
        assert seen.never_started and seen.exit_code is None
        late = await LocalBackend().submit(a_job(tmp_path, "print('never')"))
        assert (await backend.look(late)).never_started

    within(run())


def test_a_run_of_another_machine_on_the_same_files_is_not_lost(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        handle = await backend.submit(a_job(tmp_path, "pass"))
        await see(backend, handle, Phase.GONE)
        status = tmp_path / "status"
        (status / "exit.1").unlink()
        (status / "claim.1").write_text('{"pid":1,"start":"1","boot":"elsewhere","time":1}')
        (status / "pulse").touch()
        assert (await backend.look(handle)).phase is Phase.ALIVE
        with pytest.raises(Unreachable, match="another machine"):
            await backend.stop(handle, grace=timedelta(seconds=1))
        os.utime(status / "pulse", (1, 1))
        assert (await backend.look(handle)).phase is Phase.LOST

    within(run())


def test_a_folder_that_is_gone_is_lost_and_can_be_stopped(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        folder = tmp_path / "run"
        folder.mkdir()
        handle = await backend.submit(a_job(folder, "pass"))
        await see(backend, handle, Phase.GONE)
        for path in (folder / "status").iterdir():
            path.unlink()
        (folder / "status").rmdir()
        assert (await backend.look(handle)).phase is Phase.LOST
        await backend.stop(handle, grace=timedelta(seconds=1))

    within(run())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("")

    with pytest.raises(StorageFailed, match="cannot make"):
        within(LocalBackend().submit(a_job(tmp_path, "pass")))


def test_a_python_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No such file"):
        within(LocalBackend(python="/no/such/python").submit(a_job(tmp_path, "pass")))


def test_a_compiled_shim_is_used_only_while_it_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "shim.py"
    source.write_bytes(Path(shim.__file__).read_bytes())
    monkeypatch.setattr(shim, "__file__", str(source))

    assert local._program(sys.executable) == str(source)
    compiled = py_compile.compile(str(source), doraise=True)
    assert local._program(sys.executable) == compiled
    assert local._program("/another/python") == str(source)
    source.write_text(source.read_text() + "# newer\n")
    assert local._program(sys.executable) == str(source)


def test_a_compiled_shim_runs_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = tmp_path / "shim.pyc"
    py_compile.compile(shim.__file__, cfile=str(compiled), doraise=True)
    monkeypatch.setattr(local, "_program", lambda python: str(compiled))

    async def run() -> int | None:
        backend = LocalBackend()
        handle = await backend.submit(a_job(tmp_path, "raise SystemExit(5)"))
        return (await see(backend, handle, Phase.GONE)).exit_code

    assert within(run()) == 5
