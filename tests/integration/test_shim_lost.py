"""Shims that vanish: what they started is found and ended, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import os
import py_compile
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import local, proc
from jupyter_aml.compute.attempt import Attempt
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase
from jupyter_aml.domain.errors import StorageFailed, Unreachable
from jupyter_aml.shim import shim
from jupyter_aml.testing.compute_contracts import run_folder, see, within
from jupyter_aml.testing.jupyter import until

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


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """The folder of the run."""
    return run_folder(tmp_path)


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    # A shim ends a moment after its exit record is there.
    until(lambda: not living(tmp_path.name), seconds=10, what="the end of what the run started")


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
        left = local.LocalAttempt(handle).left()
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


def test_a_shim_outlives_the_session_of_the_server_that_started_it(tmp_path: Path) -> None:
    """A terminal that is closed, or a group that is killed, ends servers and no runs."""
    gate = tmp_path / "gate"
    code = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint(1)"
    server = os.fork()
    if server == 0:
        os.setsid()
        asyncio.run(LocalBackend().submit(a_job(tmp_path, code)))
        while True:
            signal.pause()
    try:
        until(lambda: (tmp_path / "status" / "pids.1").exists(), seconds=60, what="the script")
    finally:
        os.killpg(server, signal.SIGKILL)
        os.waitpid(server, 0)
    guard = json.loads((tmp_path / "status" / "pids.1").read_text())["shim"]
    os.kill(guard, signal.SIGHUP)
    gate.touch()

    until(lambda: (tmp_path / "status" / "exit.1").exists(), seconds=60, what="the end")
    assert json.loads((tmp_path / "status" / "exit.1").read_text())["code"] == 0
    until(lambda: living(tmp_path.name) == [], seconds=60, what="the end of the shim")


def test_a_claim_that_is_empty_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """Where there are no hard links a claim has its content after its name."""
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "claim.1").touch()
    me = {"shim": str(os.getpid()), "shimStart": shim.start_of(os.getpid())}

    async def run() -> None:
        assert (await LocalBackend().look(a_handle(tmp_path, me))).phase is Phase.WAITING
        nobody = {"shim": "-1", "shimStart": ""}
        assert (await LocalBackend().look(a_handle(tmp_path, nobody))).phase is Phase.LOST

    within(run())


def test_a_script_that_ended_between_two_looks_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        backend = LocalBackend()
        handle = await backend.submit(a_job(tmp_path, "raise SystemExit(3)"))
        await see(backend, handle, Phase.GONE)
        end, exit_record = Attempt.end, tmp_path / "status" / "exit.1"
        late = exit_record.rename(tmp_path / "late")

        def ends_after_the_first_look(place: Attempt) -> Any:
            found = end(place)
            if late.exists():
                late.rename(exit_record)
            return found

        monkeypatch.setattr(Attempt, "end", ends_after_the_first_look)
        seen = await backend.look(handle)
        assert (seen.phase, seen.exit_code) == (Phase.GONE, 3)

    within(run())


def test_a_shim_that_is_stopped_hears_that_it_shall_end(tmp_path: Path) -> None:
    async def run() -> None:
        backend = LocalBackend()
        code = "import signal; print('here', flush=True); signal.pause()"
        handle = await backend.submit(a_job(tmp_path, code))
        async for piece in backend.logs(handle):
            if b"here" in piece:
                break
        os.kill(int(handle.data["shim"]), signal.SIGSTOP)

        await backend.stop(handle, grace=timedelta(seconds=20))

        seen = await see(backend, handle, Phase.GONE)
        assert (seen.why, seen.exit_code) == ("canceled", -signal.SIGTERM)

    within(run())


def test_a_process_of_before_a_restart_is_a_stranger(tmp_path: Path) -> None:
    """Its number and its start may be those of another after the machine was started again."""

    async def run() -> None:
        backend = LocalBackend()
        (tmp_path / "status").mkdir()
        me, start = os.getpid(), shim.start_of(os.getpid())
        claim = {"pid": me, "start": start, "boot": "earlier", "root": "", "file": [1, 2]}
        (tmp_path / "status" / "claim.1").write_text(json.dumps(claim))
        pids = {"shim": me, "shimStart": start, "child": me, "childStart": start}
        (tmp_path / "status" / "pids.1").write_text(json.dumps(pids))
        handle = a_handle(tmp_path, {"shim": "-1", "shimStart": ""})

        assert (await backend.look(handle)).phase is Phase.LOST
        await backend.stop(handle, grace=timedelta(seconds=0.1))

    within(run())


def a_handle(folder: Path, shim_of: dict[str, str]) -> Handle:
    status = {"status": str(folder / "status"), "log": str(folder / "log")}
    data = {"run": folder.name, "attempt": "1", "root": "", **status, **shim_of}
    return Handle(backend="local", data=data)


def test_a_process_that_is_becoming_another_program_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of an exec the system shows no variables of it."""
    place = tmp_path / "7"
    place.mkdir()
    (place / "stat").write_text("7 (python) R 1 7 7 0 -1 0 0")
    (place / "environ").touch()
    monkeypatch.setattr(proc, "_PROC", tmp_path)

    def later(seconds: float) -> None:
        (place / "environ").write_bytes(b"AML_RUN_ID=mine\0AML_ATTEMPT=1\0")

    monkeypatch.setattr(proc.time, "sleep", later)

    assert proc._carries(7, "mine", "1", "")


@pytest.mark.parametrize(
    "stat", ["7 (python) Z 1 7 7 0 -1 0 0", "7 (kworker) S 2 0 0 0 -1 2129984 0"]
)
def test_what_never_has_variables_is_asked_once(
    stat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "7"
    place.mkdir()
    (place / "stat").write_text(stat)
    (place / "environ").touch()
    monkeypatch.setattr(proc, "_PROC", tmp_path)
    monkeypatch.setattr(proc.time, "sleep", lambda seconds: pytest.fail("it waited"))

    assert not proc._carries(7, "mine", "1", "")
