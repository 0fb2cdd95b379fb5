"""Jobs on this machine are kept within their limits, and nothing of that is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import cgroups, walls
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.testing.compute_contracts import filling, output, run_folder, see, within

GROUPS = cgroups.hierarchies()
needs_groups = pytest.mark.skipif(not GROUPS, reason="no control group can be made here")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
MB = 1 << 20
PYTHON = (sys.executable, "-I", "-S", "-c")

Make = Callable[..., BackendJob]


@pytest.fixture
def a_job(tmp_path: Path) -> Make:
    folder = run_folder(tmp_path)
    (folder / "work").mkdir()

    def make(code: str, **fields: Any) -> BackendJob:
        values: dict[str, Any] = {
            "id": f"{folder.name}.1", "attempt": 1, "folder": folder, "root": "0123456789",
            "command": (*PYTHON, textwrap.dedent(code)), "cwd": folder / "work",
            "environment": {
                "PATH": "/usr/bin:/bin", "AML_RUN_ID": folder.name, "AML_ATTEMPT": "1",
                "AML_ROOT_ID": "0123456789",
            },
            "grace": timedelta(seconds=5),
        }  # fmt: skip
        return BackendJob(**{**values, **fields})

    return make


@pytest.fixture
def backend() -> LocalBackend:
    return LocalBackend(usual=Limits(memory=2_000 * MB, processes=400))


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    for each in (folder for folder in tmp_path.iterdir() if (folder / "status").is_dir()):
        for record in (each / "status").glob("cgroup.*"):
            name = f"{each.name}{record.suffix}"
            walls.group_of(record, root="0123456789", job=name).remove()


async def ended(backend: LocalBackend, job: BackendJob) -> tuple[Sighting, str]:
    handle = await backend.submit(job)
    seen = await see(backend, handle, Phase.GONE, Phase.LOST)
    return seen, (await output(backend, handle)).decode()


def groups_of(job: BackendJob) -> list[Path]:
    name = cgroups.name_of(job.root, job.id)
    return [each.folder / name for each in GROUPS if (each.folder / name).exists()]


def told(job: BackendJob, handle: Handle, file: str) -> str:
    """What the kernel says of one limit of a job."""
    found = [folder / file for folder in groups_of(job) if (folder / file).exists()]
    return found[0].read_text().strip()


@needs_groups
def test_a_script_that_takes_too_much_memory_is_ended_and_its_peak_is_known(
    backend: LocalBackend, a_job: Make
) -> None:
    job = a_job(filling(300 * MB), limits=Limits(memory=64 * MB))

    end, _ = within(ended(backend, job))

    assert (end.exit_code, end.why) == (-9, "memory")
    assert end.resources["memoryLimit"] == 64 * MB
    assert 60 * MB < end.resources["memoryPeak"] <= 65 * MB
    assert end.resources["oomKills"] >= 1


@needs_groups
def test_a_process_that_was_ended_for_its_memory_is_known_where_its_script_goes_on(
    backend: LocalBackend, a_job: Make
) -> None:
    hog = [*PYTHON, filling(300 * MB)]
    code = f"import os, sys; os.spawnv(os.P_WAIT, {hog[0]!r}, {hog!r}); sys.exit(7)"

    end, _ = within(ended(backend, a_job(code, limits=Limits(memory=64 * MB))))

    assert (end.exit_code, end.why) == (7, None)
    assert end.resources["oomKills"] == 1


@needs_groups
def test_all_processes_of_a_job_count_together(backend: LocalBackend, a_job: Make) -> None:
    code = f"""
    import os
    for _ in range(4):
        if os.fork() == 0:
            {filling(40 * MB)}
            os.read(0, 1)
            os.kill(os.getppid(), 0)
            import time; time.sleep(60)
    {filling(40 * MB)}
    for _ in range(4):
        os.wait()
    raise SystemExit(5)
    """
    job = a_job(code, limits=Limits(memory=100 * MB), timeout=timedelta(seconds=2))

    end, _ = within(ended(backend, job))

    assert end.resources.get("oomKills", 0) >= 1


@needs_groups
def test_a_job_is_kept_to_its_share_of_the_cores(backend: LocalBackend, a_job: Make) -> None:
    async def run() -> str:
        job = a_job("import signal; signal.pause()", limits=Limits(cpus=0.5))
        handle = await backend.submit(job)
        await see(backend, handle, Phase.ALIVE)
        version = GROUPS[0].version
        share = told(job, handle, "cpu.max" if version == 2 else "cpu.cfs_quota_us")
        await backend.stop(handle, grace=timedelta(seconds=5))
        await see(backend, handle, Phase.GONE)
        return share.split()[0]

    assert within(run()) == "50000"


@needs_groups
def test_the_script_is_in_the_group_and_its_shim_is_not(backend: LocalBackend, a_job: Make) -> None:
    code = """
    import os, signal
    print(open("/proc/self/cgroup").read(), flush=True)
    print("---", open(f"/proc/{os.getppid()}/cgroup").read(), flush=True)
    """
    job = a_job(code)

    _, said = within(ended(backend, job))

    script, _, shim = said.partition("---")
    name = cgroups.name_of(job.root, job.id)
    assert script.count(name) == len({each for home in GROUPS for each in home.controllers})
    assert name not in shim


@needs_groups
def test_the_group_is_gone_when_the_job_is_forgotten(backend: LocalBackend, a_job: Make) -> None:
    async def run() -> tuple[int, int]:
        job = a_job("")
        handle = await backend.submit(job)
        await see(backend, handle, Phase.GONE)
        before = len(groups_of(job))
        # By another engine, and twice.
        for other in (LocalBackend(), backend):
            await other.forget(await other.submit(job))
        return before, len(groups_of(job))

    assert within(run()) == (len(GROUPS), 0)


@needs_groups
def test_what_a_killed_shim_leaves_is_found_by_its_group(
    backend: LocalBackend, a_job: Make
) -> None:
    # A process in a session of its own, without the variables of the run.
    code = """
    import os, signal, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve("/bin/sleep", ["sleep", "600"], {})
        os._exit(0)
    print("here", flush=True)
    time.sleep(600)
    """

    async def run() -> tuple[Phase, int]:
        job = a_job(code)
        handle = await backend.submit(job)
        async for piece in backend.logs(handle):
            if b"here" in piece:
                break
        record = job.folder / "status" / "cgroup.1"
        group = walls.group_of(record, root=job.root, job=job.id)
        while len(group.pids()) < 2:
            await asyncio.sleep(0.01)
        os.kill(int(handle.data["shim"]), signal.SIGKILL)
        lost = await see(backend, handle, Phase.LOST)
        await backend.stop(handle, grace=timedelta(seconds=0.2))
        await backend.forget(handle)
        return lost.phase, len(groups_of(job))

    assert within(run()) == (Phase.LOST, 0)


@needs_groups
def test_empty_groups_of_jobs_that_are_over_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    # Those of other tests on this machine are left alone.
    monkeypatch.setattr(cgroups, "PREFIX", "aml-swept-")
    stale = [each.folder / "aml-swept-run.1" for each in GROUPS]
    for folder in stale:
        folder.mkdir()

    assert cgroups.sweep(GROUPS) == []
    monkeypatch.setattr(cgroups, "_STALE", 0.0)
    assert cgroups.sweep(GROUPS) == ["aml-swept-run.1"]

    assert not any(folder.exists() for folder in stale)


def test_a_record_that_names_other_groups_names_none(tmp_path: Path) -> None:
    record = tmp_path / "cgroup.1"
    for text in ('["/sys/fs/cgroup/memory"]', '["aml-01234567-run.1"]', "{}", "[1]", "nonsense"):
        record.write_text(text)
        assert walls.group_of(record, root="0123456789", job="run.1").folders == ()


class TestWithoutGroups:
    """Where no control groups can be made, the system's other limits are all there is."""

    @pytest.fixture(autouse=True)
    def no_groups(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cgroups, "hierarchies", tuple)

    @linux
    def test_more_memory_is_refused_to_the_script(self, backend: LocalBackend, a_job: Make) -> None:
        end, said = within(ended(backend, a_job(filling(400 * MB), limits=Limits(memory=200 * MB))))

        assert (end.exit_code, end.why) == (1, None)
        assert "MemoryError" in said

    @linux
    def test_the_script_cannot_raise_its_limits_and_its_shim_has_none(
        self, backend: LocalBackend, a_job: Make
    ) -> None:
        code = f"""
        import os, resource, time
        while resource.getrlimit(resource.RLIMIT_AS)[1] != {200 * MB}:
            time.sleep(0.01)
        shim = resource.prlimit(os.getppid(), resource.RLIMIT_AS)[0]
        print(resource.getrlimit(resource.RLIMIT_AS), shim == {200 * MB})
        """
        job = a_job(
            code,
            limits=Limits(memory=200 * MB),
            command=(sys.executable, "-c", textwrap.dedent(code)),
        )

        _, said = within(ended(backend, job))

        assert said.strip() == f"({200 * MB}, {200 * MB}) False"

    @linux
    def test_the_usual_limit_of_memory_is_not_one_of_addresses(
        self, backend: LocalBackend, a_job: Make
    ) -> None:
        code = "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0])"
        job = a_job("", command=(sys.executable, "-c", code))

        _, said = within(ended(backend, job))

        assert said.strip() == "-1"

    @linux
    def test_a_job_has_so_many_cores(self, backend: LocalBackend, a_job: Make) -> None:
        code = """
        import os
        print(len(os.sched_getaffinity(0)), len(os.sched_getaffinity(os.getppid())))
        """

        _, said = within(ended(backend, a_job(code, limits=Limits(cpus=0.5))))

        assert said.split() == ["1", str(len(os.sched_getaffinity(0)))]

    @pytest.mark.skipif(os.geteuid() != 0, reason="others' processes are counted")
    def test_a_limit_that_cannot_be_kept_is_refused(self, backend: LocalBackend) -> None:
        with pytest.raises(Invalid, match=r"limits\.processes: .*root"):
            backend.check(Limits(processes=5))


@linux
def test_a_script_goes_before_its_server_where_the_machine_is_out_of_memory(
    backend: LocalBackend, a_job: Make
) -> None:
    code = """
    import os
    read = lambda pid: int(open(f"/proc/{pid}/oom_score_adj").read())
    print(read("self") >= 500, read("self") > read(os.getppid()) or read(os.getppid()) >= 500)
    """

    _, said = within(ended(backend, a_job(code)))

    assert said.split() == ["True", "True"]
