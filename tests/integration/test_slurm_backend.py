"""Jobs in a real Slurm, beyond what every backend promises."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.compute.slurm.backend import SlurmBackend
from jupyter_aml.compute.slurm.commands import Slurm
from jupyter_aml.compute.slurm.options import SlurmOptions
from jupyter_aml.compute.slurm.rows import Row
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.testing.compute_contracts import run_folder
from tests.slurm_cluster import NODES, SlurmCluster

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

STAY = "import signal; print('here', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN)\nprint('here', flush=True)\n" + (
    "while True: signal.pause()"
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """The folder of the run."""
    return run_folder(tmp_path)


@pytest.fixture
async def backend(slurm: SlurmCluster) -> AsyncIterator[SlurmBackend]:
    backend = SlurmBackend()
    yield backend
    backend.close()


@pytest.fixture
def a_job(tmp_path: Path) -> Callable[..., BackendJob]:
    """Make a job that runs this Python code."""

    def make(code: str = "", *, name: str = "", **fields: Any) -> BackendJob:
        folder = tmp_path / name if name else tmp_path
        (folder / "work").mkdir(parents=True, exist_ok=True)
        job = BackendJob(
            id=f"{tmp_path.name}{name}.1",
            attempt=1,
            root="0123456789abcdef",
            folder=folder,
            command=(sys.executable, "-I", "-c", code),
            cwd=folder / "work",
            environment={"PATH": "/usr/bin:/bin", "AML_RUN_ID": f"{tmp_path.name}{name}",
                         "AML_ATTEMPT": "1", "AML_ROOT_ID": "0123456789abcdef"},
            grace=timedelta(seconds=1),
        )  # fmt: skip
        return replace(job, **fields)

    return make


def until_there(gate: Path) -> str:
    """Code that goes on until that file is there."""
    return (
        "import os, time; print('here', flush=True)\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    )


async def seen(backend: SlurmBackend, handle: Handle, *phases: Phase) -> Sighting:
    async with asyncio.timeout(60):
        while (sighting := await backend.look(handle)).phase not in phases:
            await backend.wait(handle)
        return sighting


async def said(backend: SlurmBackend, handle: Handle, word: bytes = b"here") -> None:
    async with asyncio.timeout(60):
        async for piece in backend.logs(handle):
            if word in piece:
                return


async def end(backend: SlurmBackend, job: BackendJob) -> tuple[Sighting, str]:
    handle = await backend.submit(job)
    sighting = await seen(backend, handle, Phase.GONE)
    text = b"".join([piece async for piece in backend.logs(handle)])
    return sighting, text.decode()


async def because(backend: SlurmBackend, handle: Handle, words: str) -> Sighting:
    """Wait until the job waits for that."""
    async with asyncio.timeout(30):
        while (sighting := await backend.look(handle)).reason is None or (
            words not in sighting.reason
        ):
            assert sighting.phase is Phase.WAITING, sighting
            await backend.wait(handle)
        return sighting


def number(job: BackendJob) -> str:
    """Slurm's number of a job."""
    record = job.folder / "status" / f"slurm.{job.attempt}"
    return str(json.loads(record.read_text())["job"])


def steps_of(job: str) -> list[int]:
    """The processes by which Slurm has a job on its node."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if place.read_bytes().startswith(f"slurmstepd: [{job}.".encode()):
                found.append(int(place.parent.name))
    return found


def living(job: BackendJob) -> list[proc.Process]:
    return proc.of_run(job.run, str(job.attempt), [], root=job.root)


async def until_none_lives(job: BackendJob) -> None:
    async with asyncio.timeout(20):
        while living(job):
            await asyncio.sleep(0.05)


# ---- what a job is given --------------------------------------------------------------------


async def test_the_settings_of_a_target_reach_slurm(slurm: SlurmCluster, a_job: Any) -> None:
    options = SlurmOptions.from_json(
        {"partition": "lowpri", "time": "1:30:00", "memory": "600m", "cpus": 2, "gpus": 1,
         "arguments": ["--nice=5"]}
    )  # fmt: skip
    backend, job = SlurmBackend(options), a_job(STAY)
    handle = await backend.submit(job)
    await seen(backend, handle, Phase.ALIVE)

    told = slurm.ask("scontrol", "show", "job", number(job))

    assert "Partition=lowpri" in told and "TimeLimit=01:30:00" in told
    assert "MinMemoryNode=600M" in told and "NumCPUs=2" in told
    assert "gpu:1" in told and "Nice=5" in told and "Requeue=0" in told


async def test_the_limits_of_a_run_come_before_the_settings(
    slurm: SlurmCluster, a_job: Any
) -> None:
    options = SlurmOptions(memory=600 << 20, cpus=2, gpus="2", time="10")
    backend = SlurmBackend(options)
    limits = Limits(cpus=0.5, memory=300 << 20, gpus=1)
    job = a_job(STAY, limits=limits, timeout=timedelta(minutes=3), grace=timedelta(seconds=10))
    await seen(backend, await backend.submit(job), Phase.ALIVE)

    told = slurm.ask("scontrol", "show", "job", number(job))

    # Slurm leaves a minute beyond our own limit and grace.
    assert "MinMemoryNode=300M" in told and "NumCPUs=1" in told
    assert "gpu:1" in told and "TimeLimit=00:05:00" in told


async def test_a_limit_that_slurm_cannot_keep_is_refused(backend: SlurmBackend, a_job: Any) -> None:
    with pytest.raises(Invalid, match="processes"):
        await backend.submit(a_job(limits=Limits(processes=5)))


async def test_variables_and_arguments_arrive_letter_by_letter(
    backend: SlurmBackend, a_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SERVER_SECRET", "x")
    odd = 'a\'b "c" $(touch /tmp/no) `id` \\ \n é --x %j'
    code = (
        "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['ODD'],"
        " os.environ['no.shell'], os.environ['SLURM_JOB_ID'], 'SERVER_SECRET' in os.environ]))"
    )
    job = a_job(code)
    variables = {**job.environment, "ODD": odd, "no.shell": odd, "SLURM_JOB_ID": "88"}
    job = replace(job, command=(*job.command, odd, "--wrap=x"), environment=variables)

    _, text = await end(backend, job)

    assert json.loads(text) == [[odd, "--wrap=x"], odd, odd, number(job), False]


async def test_what_a_run_sets_does_not_reach_the_commands_of_slurm(
    backend: SlurmBackend, a_job: Any
) -> None:
    job = a_job("import os; print(os.environ['SBATCH_PARTITION'])")
    wrong = {"SBATCH_PARTITION": "nowhere", "LD_PRELOAD": "/no/such.so", "SLURM_CONF": "/no/conf"}

    sighting, text = await end(backend, replace(job, environment={**job.environment, **wrong}))

    assert sighting.exit_code == 0
    assert text.splitlines()[-1] == "nowhere"


async def test_setup_lines_come_before_the_script(slurm: SlurmCluster, a_job: Any) -> None:
    backend = SlurmBackend(SlurmOptions(setup=("export MODULE=loaded", "cd /usr")))

    _, text = await end(backend, a_job("import os; print(os.environ['MODULE'], os.getcwd())"))

    assert text.split()[0] == "loaded"
    assert text.split()[1].endswith("/work")


async def test_a_setup_line_that_fails_is_told_with_its_last_words(
    slurm: SlurmCluster, a_job: Any
) -> None:
    backend = SlurmBackend(SlurmOptions(setup=("echo no such module >&2; false",)))

    sighting, text = await end(backend, a_job("print('never')"))

    assert text == ""
    assert sighting.why is not None
    assert "before the script was started" in sighting.why and "no such module" in sighting.why


async def test_a_python_that_is_not_on_the_node_is_told(slurm: SlurmCluster, a_job: Any) -> None:
    backend = SlurmBackend(SlurmOptions(python="/no/such/python3"))

    sighting, _ = await end(backend, a_job())

    assert sighting.why is not None and "/no/such/python3" in sighting.why


# ---- what is refused, and what waits --------------------------------------------------------


async def test_a_partition_that_is_not_there_is_named_with_its_nearest(a_job: Any, slurm) -> None:
    backend = SlurmBackend(SlurmOptions(partition="dedicate"))
    job = a_job()

    with pytest.raises(Invalid, match="no partition 'dedicate'; did you mean 'dedicated'"):
        await backend.submit(job)

    # What was refused can be asked again.
    with pytest.raises(Invalid, match="no partition"):
        await backend.submit(job)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (SlurmOptions(gpus="9"), "Requested node configuration is not available"),
        (SlurmOptions(memory=1 << 40), "Memory specification can not be satisfied"),
        (SlurmOptions(arguments=("--constraint=none",)), "Invalid feature specification"),
    ],
)
async def test_what_slurm_refuses_is_told_in_its_words(
    options: SlurmOptions, words: str, a_job: Any, slurm: SlurmCluster
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        await SlurmBackend(options).submit(a_job())

    assert "sbatch" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "timeout", "words"),
    [
        (
            SlurmOptions(partition="closed"),
            None,
            "'closed': the partition is closed",
        ),
        (SlurmOptions(partition="short"), 600, "above that of the partition; it never begins"),
        (SlurmOptions(cpus=64), None, "more than any node of the partition has"),
        (SlurmOptions(arguments=("--hold",)), None, "scontrol release"),
        (SlurmOptions(arguments=("--begin=now+1hour",)), None, "(BeginTime)"),
    ],
)
async def test_a_job_says_for_what_it_waits(
    options: SlurmOptions, timeout: int | None, words: str, a_job: Any, slurm: SlurmCluster
) -> None:
    backend = SlurmBackend(options)
    limit = None if timeout is None else timedelta(seconds=timeout)
    job = a_job(timeout=limit)
    handle = await backend.submit(job)

    sighting = await because(backend, handle, words)

    assert sighting.reason is not None and sighting.reason.startswith(f"job {number(job)} waits")
    await backend.stop(handle, grace=timedelta(0))
    gone = await seen(backend, handle, Phase.GONE)
    assert gone.never_started and gone.why is None and gone.lost_node is None


async def test_a_job_waits_for_a_node_and_is_told_of_it(slurm: SlurmCluster, a_job: Any) -> None:
    backend = SlurmBackend(SlurmOptions(cpus=2))
    first = [await backend.submit(a_job(STAY, name=node)) for node in NODES]
    for handle in first:
        await seen(backend, handle, Phase.ALIVE)
    late = await backend.submit(a_job("print('late')", name="late"))

    await because(backend, late, "(Resources)")

    await backend.stop(first[0], grace=timedelta(seconds=1))
    assert (await seen(backend, late, Phase.GONE)).exit_code == 0


# ---- how jobs end ---------------------------------------------------------------------------


async def test_a_job_that_does_not_listen_is_ended_after_its_grace(
    backend: SlurmBackend, a_job: Any
) -> None:
    job = a_job(DEAF)
    handle = await backend.submit(job)
    await said(backend, handle)

    await backend.stop(handle, grace=timedelta(seconds=0.3))

    sighting = await seen(backend, handle, Phase.GONE)
    assert (sighting.exit_code, sighting.why) == (-9, "canceled")


async def test_what_a_cancelled_job_has_started_in_a_session_of_its_own_is_gone(
    backend: SlurmBackend, a_job: Any
) -> None:
    code = f"import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)\n{STAY}"
    job = a_job(code)
    handle = await backend.submit(job)
    await said(backend, handle)
    assert len(living(job)) >= 2

    await backend.stop(handle, grace=timedelta(seconds=1))

    await seen(backend, handle, Phase.GONE)
    await until_none_lives(job)


async def test_a_job_that_somebody_cancels_in_slurm_says_so(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster
) -> None:
    job = a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)

    slurm.ask("scancel", number(job))

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.why is not None and "was cancelled by" in sighting.why
    assert sighting.lost_node is None


async def test_a_waiting_job_that_somebody_cancels_in_slurm_is_not_begun_again(
    a_job: Any, slurm: SlurmCluster
) -> None:
    backend, job = SlurmBackend(SlurmOptions(partition="closed")), a_job()
    handle = await backend.submit(job)
    await because(backend, handle, "PartitionDown")

    slurm.ask("scancel", number(job))

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.why is not None and "before the script was started" in sighting.why
    assert not sighting.never_started


@pytest.mark.parametrize("code", [STAY, DEAF], ids=["listens", "deaf"])
async def test_a_job_whose_place_is_taken_has_lost_its_node(
    code: str, a_job: Any, slurm: SlurmCluster
) -> None:
    low = SlurmBackend(SlurmOptions(partition="lowpri", cpus=2))
    jobs = [a_job(code, name=node) for node in NODES]
    handles = [await low.submit(job) for job in jobs]
    for handle in handles:
        await said(low, handle)
    high = SlurmBackend(SlurmOptions(partition="dedicated", cpus=2))

    sighting, text = await end(high, a_job("print('went first')", name="high"))

    assert (sighting.exit_code, text) == (0, "went first\n")
    done, _ = await asyncio.wait(
        [asyncio.ensure_future(seen(low, handle, Phase.GONE)) for handle in handles],
        return_when=asyncio.FIRST_COMPLETED,
    )
    lost = done.pop().result()
    assert lost.lost_node is not None
    assert "higher priority" in lost.lost_node and "PREEMPTED" in lost.lost_node


async def test_a_job_on_a_node_that_is_lost_says_so(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster
) -> None:
    job = a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)
    node = slurm.ask("squeue", "-h", "-j", number(job), "-o", "%N").strip()

    slurm.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.lost_node is not None and "NODE_FAIL" in sighting.lost_node
    assert node in sighting.lost_node


async def test_a_node_that_dies_with_all_on_it_is_lost(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster
) -> None:
    job = a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)
    node = slurm.ask("squeue", "-h", "-j", number(job), "-o", "%N").strip()

    slurm.kill(node)
    for process in steps_of(number(job)):
        os.kill(process, signal.SIGKILL)
    for each in living(job):
        each.send(signal.SIGKILL)

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.lost_node is not None and "NODE_FAIL" in sighting.lost_node


async def test_who_cancelled_a_job_is_told_where_there_are_accounts(
    a_job: Any, slurm: SlurmCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    sacct = programs / "sacct"
    sacct.write_text(
        '#!/bin/sh\nfor word; do :; done\necho "${word#--jobs=}|CANCELLED by 0|dedicated|n1|x"\n'
    )
    sacct.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    backend, job = SlurmBackend(), a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)

    slurm.ask("scancel", number(job))

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.why == f"Slurm's job {number(job)} was cancelled by root (CANCELLED)"


async def test_a_job_that_uses_up_its_memory_says_so(a_job: Any, slurm: SlurmCluster) -> None:
    backend = SlurmBackend(SlurmOptions(memory=64 << 20))

    sighting, _ = await end(backend, a_job("import time; x = b'x' * (400 << 20); time.sleep(60)"))

    assert sighting.why is not None and "memory" in sighting.why


async def test_a_job_that_slurm_ends_at_its_time_limit_says_so(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster
) -> None:
    job = a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)

    slurm.ask("scontrol", "update", f"JobId={number(job)}", "TimeLimit=0")

    sighting = await seen(backend, handle, Phase.GONE)
    assert sighting.why is not None and "time limit" in sighting.why
    assert sighting.lost_node is None


# ---- what is killed -------------------------------------------------------------------------


class ServerDied(BaseException):
    pass


@pytest.mark.parametrize("was_asked", [True, False], ids=["after sbatch", "before sbatch"])
async def test_a_submit_whose_server_died_is_found_again(
    was_asked: bool, slurm: SlurmCluster, a_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job("print('began')")
    really = Slurm._submit

    def die(self: Slurm, options: list[str], script: str) -> int:
        if was_asked:
            really(self, options, script)
        raise ServerDied

    with monkeypatch.context() as patch:
        patch.setattr(Slurm, "_submit", die)
        with pytest.raises(ServerDied):
            await SlurmBackend().submit(job)

    sighting, text = await end(SlurmBackend(), job)

    assert (sighting.exit_code, text) == (0, "began\n")
    jobs = slurm.ask("squeue", "-h", "-t", "all", "-o", "%j").split()
    assert len([name for name in jobs if job.id in name]) == 1


async def test_a_job_that_is_there_twice_is_executed_once(
    slurm: SlurmCluster, a_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Slurm._submit
    monkeypatch.setattr(Slurm, "_submit", lambda *given: max(really(*given), really(*given)))
    backend = SlurmBackend()

    sighting, text = await end(backend, a_job("print('once')"))

    assert (sighting.exit_code, text) == (0, "once\n")


async def test_jobs_outlive_the_controller_and_are_seen_again(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    code = until_there(gate)
    going, held = a_job(code), a_job("print('later')", name="held")
    handle = await backend.submit(going)
    await said(backend, handle)
    later = await SlurmBackend(SlurmOptions(arguments=("--hold",))).submit(held)
    await because(backend, later, "held")

    # Told to end, it writes its queue down first: what is lost with one that is killed is another
    # test.
    slurm.kill("slurmctld", signal.SIGTERM)

    blind = SlurmBackend()
    assert (await blind.look(handle)).phase is Phase.ALIVE
    with pytest.raises(Unreachable, match="Slurm does not answer"):
        await blind.look(later)
    with pytest.raises(Unreachable, match="Slurm does not answer"):
        await backend.submit(a_job(name="new"))
    gate.touch()
    assert (await seen(backend, handle, Phase.GONE)).exit_code == 0

    slurm.start("slurmctld")
    slurm.until_idle()
    slurm.ask("scontrol", "release", number(held))
    fresh = SlurmBackend()
    assert (await seen(fresh, later, Phase.GONE)).exit_code == 0
    assert (await seen(backend, await backend.submit(a_job(name="new")), Phase.GONE)).exit_code == 0


async def test_a_job_outlives_the_daemon_of_its_node(
    backend: SlurmBackend, a_job: Any, slurm: SlurmCluster, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    code = until_there(gate)
    job = a_job(code)
    handle = await backend.submit(job)
    await said(backend, handle)
    node = slurm.ask("squeue", "-h", "-j", number(job), "-o", "%N").strip()

    slurm.kill(node)
    slurm.start(node)
    gate.touch()

    assert (await seen(backend, handle, Phase.GONE)).exit_code == 0


async def test_a_job_whose_shim_is_killed_leaves_nothing(backend: SlurmBackend, a_job: Any) -> None:
    job = a_job(STAY)
    handle = await backend.submit(job)
    await said(backend, handle)
    shim = json.loads((job.folder / "status" / "pids.1").read_text())["shim"]

    os.kill(shim, signal.SIGKILL)

    sighting = await seen(backend, handle, Phase.GONE, Phase.LOST)
    assert sighting.phase is Phase.LOST or sighting.why is not None
    await backend.stop(handle, grace=timedelta(seconds=1))
    await until_none_lives(job)


async def test_a_queue_that_slurm_has_lost_is_no_end(
    a_job: Any, slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = SlurmBackend(SlurmOptions(arguments=("--hold",)))
    handle = await backend.submit(a_job())

    async def nothing(self: Slurm) -> list[Row]:
        return []

    monkeypatch.setattr(Slurm, "rows", nothing)

    sighting = await seen(SlurmBackend(), handle, Phase.GONE)
    assert sighting.never_started and sighting.why is None


# ---- many at once ---------------------------------------------------------------------------


async def test_a_burst_of_jobs_asks_slurm_once_at_a_time(
    a_job: Any, slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, calls = 0, 0, 0
    really = Slurm.rows

    async def counted(self: Slurm) -> list[Row]:
        nonlocal at_once, most, calls
        at_once, calls = at_once + 1, calls + 1
        most = max(most, at_once)
        try:
            return await really(self)
        finally:
            at_once -= 1

    monkeypatch.setattr(Slurm, "rows", counted)
    backend = SlurmBackend(SlurmOptions(partition="closed"))
    handles = await asyncio.gather(*(backend.submit(a_job(name=f"b{each}")) for each in range(200)))
    assert calls == 0

    async with asyncio.timeout(60):
        await asyncio.gather(*(because(backend, handle, "PartitionDown") for handle in handles))
    assert most == 1
    assert calls < 30

    await asyncio.gather(*(backend.stop(handle, grace=timedelta(0)) for handle in handles))
    gone = await asyncio.gather(*(seen(backend, handle, Phase.GONE) for handle in handles))
    assert all(each.never_started for each in gone)


async def test_an_old_slurm_without_json_is_read_as_well(a_job: Any, slurm: SlurmCluster) -> None:
    commands = Slurm()
    commands._has_json = False
    backend = SlurmBackend(SlurmOptions(partition="closed"), slurm=commands)
    handle = await backend.submit(a_job())

    await because(backend, handle, "the partition is closed (PartitionDown)")

    with_json, without = await Slurm().rows(), await commands.rows()
    names = {row.job: (row.name, row.state, row.reason, row.comment) for row in with_json}
    assert without
    assert all(names[row.job] == (row.name, row.state, row.reason, row.comment) for row in without)


async def test_commands_that_are_not_there_are_named(
    a_job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(Unreachable, match="no command 'sbatch' here"):
        await SlurmBackend().submit(a_job())
