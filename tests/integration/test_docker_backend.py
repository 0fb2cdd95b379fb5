"""Jobs in containers of a real docker engine, beyond what every backend promises."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import docker as docker_backend
from jupyter_aml.compute.docker import DockerBackend
from jupyter_aml.compute.protocol import BackendJob, Container, Handle, Phase, Sighting
from jupyter_aml.domain.errors import AmlError, Invalid, Unreachable
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.testing.compute_contracts import run_folder

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

PYTHON = "/usr/bin/python3"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def backend(docker_engine: Any, base_image: str, tmp_path: Path) -> Iterator[DockerBackend]:
    backend = DockerBackend()
    yield backend
    backend.close()
    for container in containers(docker_engine, tmp_path):
        container.remove(force=True)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """The folder of the run."""
    return run_folder(tmp_path)


@pytest.fixture
def a_job(tmp_path: Path, base_image: str) -> Callable[..., BackendJob]:
    """Make a job that runs this Python code; `fields` are those of job and container."""

    def make(code: str = "", **fields: Any) -> BackendJob:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        own = {field.name for field in dataclasses.fields(Container)}
        inside = {name: fields.pop(name) for name in own & set(fields)}
        job = BackendJob(
            id=f"{tmp_path.name}.1",
            attempt=1,
            folder=tmp_path,
            command=(PYTHON, "-c", code),
            cwd=work,
            environment={"AML_RUN_ID": tmp_path.name},
            grace=timedelta(seconds=2),
            container=replace(Container(image=base_image, python=PYTHON), **inside),
        )
        return replace(job, **fields)

    return make


def containers(engine: Any, folder: Path) -> list[Any]:
    label = {"label": f"aml.run={folder.name}"}
    found: list[Any] = engine.containers.list(all=True, ignore_removed=True, filters=label)
    return found


async def seen(backend: DockerBackend, handle: Handle, *phases: Phase) -> Sighting:
    async with asyncio.timeout(20):
        while (sighting := await backend.look(handle)).phase not in phases:
            await backend.wait(handle)
        return sighting


async def end(backend: DockerBackend, job: BackendJob) -> tuple[Sighting, str]:
    handle = await backend.submit(job)
    sighting = await seen(backend, handle, Phase.GONE, Phase.LOST)
    said = b"".join([piece async for piece in backend.logs(handle)])
    return sighting, said.decode()


async def test_what_a_job_writes_belongs_to_who_sent_it(backend, a_job, tmp_path):
    code = "import os; open('made', 'w').write('x'); print(os.getuid(), os.getcwd())"

    sighting, said = await end(backend, a_job(code))

    assert (sighting.exit_code, said.split()) == (0, [str(os.getuid()), str(tmp_path / "work")])
    assert (tmp_path / "work" / "made").stat().st_uid == os.getuid()


async def test_a_job_has_no_rights_and_sees_nothing_else_of_the_machine(backend, a_job, tmp_path):
    code = (
        "import os; t = open('/proc/self/status').read().splitlines();"
        "print([l.split()[1] for l in t if l.startswith(('CapEff', 'NoNewPrivs'))]);"
        f"print(os.path.exists({str(Path.home() / '.ssh')!r}), os.path.exists({__file__!r}))"
    )

    _, said = await end(backend, a_job(code))

    assert said.splitlines() == ["['0000000000000000', '1']", "False False"]


async def test_mounts_can_be_read_and_not_written(backend, a_job, tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    (library / "there.txt").write_text("read me")
    code = (
        f"print(open({str(library / 'there.txt')!r}).read())\n"
        f"try: open({str(library / 'new')!r}, 'w')\n"
        "except OSError as error: print(error.strerror)"
    )

    _, said = await end(backend, a_job(code, mounts=(library,)))

    assert said.splitlines() == ["read me", "Read-only file system"]


async def test_a_mount_that_is_not_there_is_named_and_not_made(backend, a_job, tmp_path):
    absent = tmp_path / "absent"

    with pytest.raises(AmlError, match="absent"):
        await backend.submit(a_job(mounts=(absent,)))

    assert not absent.exists()


async def test_a_command_that_is_no_python_is_run_too(backend, a_job):
    sighting, said = await end(backend, a_job(command=("sh", "-c", "echo from the shell; exit 4")))

    assert (sighting.exit_code, said) == (4, "from the shell\n")


async def test_a_program_that_is_not_in_the_image_is_named(backend, a_job):
    sighting, _ = await end(backend, a_job(command=("no-such-program", "--version")))

    assert sighting.why is not None and "no-such-program" in sighting.why


async def test_a_job_that_uses_up_its_memory_says_so(backend, a_job):
    sighting, _ = await end(backend, a_job("x = b'x' * (300 << 20)", arguments=("--memory", "64m")))

    assert sighting.why is not None and "memory" in sighting.why


async def test_a_job_that_is_killed_from_outside_is_gone(backend, a_job, docker_engine, tmp_path):
    handle = await backend.submit(a_job("import signal; signal.pause()"))
    await seen(backend, handle, Phase.ALIVE)

    containers(docker_engine, tmp_path)[0].kill()

    sighting = await seen(backend, handle, Phase.GONE, Phase.LOST)
    assert sighting.why is not None or sighting.phase is Phase.LOST


async def test_a_container_that_somebody_removed_is_not_waited_for(
    backend, a_job, docker_engine, tmp_path
):
    handle = await backend.submit(a_job("import signal; signal.pause()"))
    await seen(backend, handle, Phase.ALIVE)

    containers(docker_engine, tmp_path)[0].remove(force=True)

    await seen(backend, handle, Phase.GONE, Phase.LOST)


async def test_a_job_whose_server_died_before_the_start_is_started_by_the_next(
    backend, a_job, docker_engine, tmp_path, monkeypatch
):
    from docker.models.containers import Container

    class ServerDied(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise ServerDied

    with monkeypatch.context() as patch:
        patch.setattr(Container, "start", die)
        patch.setattr(Container, "remove", lambda *_, **__: None)
        with pytest.raises(ServerDied):
            await backend.submit(a_job("print('began')"))
    assert [one.status for one in containers(docker_engine, tmp_path)] == ["created"]

    sighting, said = await end(backend, a_job("print('began')"))

    assert (sighting.exit_code, said) == (0, "began\n")


async def test_what_a_job_leaves_running_ends_with_it(backend, a_job, docker_engine, tmp_path):
    code = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"

    sighting, _ = await end(backend, a_job(code))

    assert sighting.exit_code == 0
    async with asyncio.timeout(10):
        while containers(docker_engine, tmp_path)[0].status == "running":
            await asyncio.sleep(0.05)


async def test_a_job_that_does_not_listen_is_ended_after_its_grace(backend, a_job):
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n" + (
        "while True: signal.pause()"
    )
    handle = await backend.submit(a_job(code))
    async for piece in backend.logs(handle):
        if b"deaf" in piece:
            break

    await backend.stop(handle, grace=timedelta(seconds=0.3))

    sighting = await seen(backend, handle, Phase.GONE)
    assert (sighting.exit_code, sighting.why) == (-9, "canceled")


async def test_pids_of_a_container_are_never_signalled_here(backend, a_job, tmp_path, monkeypatch):
    handle = await backend.submit(a_job("import signal; signal.pause()"))
    await seen(backend, handle, Phase.ALIVE)
    told: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: told.append(pid))
    monkeypatch.setattr(os, "killpg", lambda pid, number: told.append(pid))
    monkeypatch.setattr("signal.pidfd_send_signal", lambda fd, number: told.append(fd))

    await backend.stop(handle, grace=timedelta(seconds=2))
    await seen(backend, handle, Phase.GONE)

    inside = json.loads((tmp_path / "status" / "pids.1").read_text())
    assert inside["shim"] < 100 and told == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("-e", "COLOR=dark blue"), "import os; print(os.environ['COLOR'])", "dark blue"),
        (("--env=COLOR=red",), "import os; print(os.environ['COLOR'])", "red"),
        (("--shm-size 32m",), "import os; s = os.statvfs('/dev/shm'); "
         "print(s.f_blocks * s.f_frsize >> 20)", "32"),
        (("--network", "none"), "import os; print(os.listdir('/sys/class/net'))", "['lo']"),
    ],
)  # fmt: skip
async def test_arguments_of_docker_are_kept_to(backend, a_job, arguments, code, said):
    assert (await end(backend, a_job(code, arguments=arguments)))[1].strip() == said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--privileged",), ("--cap-add", "ALL"), ("--cpus", "many"), ("--memory", "much"),
        ("--shm-size",), ("--pid", "host"), ("-v", "/:/host"), ("--network", "container:other"),
        ("--user=0",), ("--pids-limit", "0"), ("--pids-limit", "many"), ("--memory", "900t"),
        ("--security-opt", "seccomp=unconfined"), ("-e 'unclosed",),
    ],
)  # fmt: skip
async def test_other_arguments_are_refused_by_name(
    backend, a_job, docker_engine, tmp_path, arguments
):
    with pytest.raises(Invalid, match=re.escape(arguments[0].split("=")[0].split()[0])):
        await backend.submit(a_job(arguments=arguments))

    assert containers(docker_engine, tmp_path) == []


async def test_an_image_that_is_gone_is_named(backend, a_job):
    with pytest.raises(AmlError, match="no-such-image"):
        await backend.submit(a_job(image="no-such-image:1"))


async def test_an_engine_that_does_not_answer_says_nothing_of_the_job(backend, a_job, tmp_path):
    handle = await backend.submit(a_job("import signal; signal.pause()"))
    deaf = DockerBackend(url=f"unix://{tmp_path}/none.sock")

    with pytest.raises(Unreachable, match="docker"):
        await deaf.look(handle)
    with pytest.raises(Unreachable, match="docker"):
        await deaf.submit(a_job(id=f"{tmp_path.name}.2", attempt=2))


@pytest.mark.parametrize(
    ("usual", "arguments", "asked", "told"),
    [
        (Limits(memory=256 << 20, processes=90), (), Limits(), (256 << 20, 256 << 20, 90, 0)),
        (
            Limits(memory=256 << 20, processes=90), ("--memory", "64m", "--pids-limit", "50"),
            Limits(), (64 << 20, 64 << 20, 50, 0),
        ),
        (
            Limits(), ("--memory", "64m", "--cpus", "2"), Limits(memory=128 << 20, cpus=0.5),
            (128 << 20, 128 << 20, None, 500_000_000),
        ),
    ],
)  # fmt: skip
async def test_limits_of_a_job_come_before_its_arguments_and_those_before_the_usual(
    docker_engine, base_image, a_job, usual, arguments, asked, told
):
    backend = DockerBackend(usual=usual)
    handle = await backend.submit(
        a_job("import signal; signal.pause()", arguments=arguments, limits=asked)
    )
    try:
        await seen(backend, handle, Phase.ALIVE)
        made = docker_engine.containers.get(handle.data["container"]).attrs["HostConfig"]
    finally:
        await backend.forget(handle)
        backend.close()

    keys = ("Memory", "MemorySwap", "PidsLimit", "NanoCpus")
    assert tuple(made[key] for key in keys) == told
    assert made["Init"] is True and made["CapDrop"] == ["ALL"]


async def test_arguments_do_not_ask_for_more_than_a_run_may_have(base_image, a_job):
    backend = DockerBackend(usual=Limits(memory=64 << 20))

    with pytest.raises(Invalid, match="a run may have 64 MB here"):
        await backend.submit(a_job("", arguments=("--memory", "65m")))
    backend.close()


async def test_gpus_that_a_job_was_given_are_those_of_its_container(a_job):
    # No machine of the tests has any: what docker is asked for is all that can be seen.
    given = docker_backend._options(
        a_job("", limits=Limits(gpus=2), gpus=("0", "3")),
        Container(image="any", python="python"), Limits(),
    )  # fmt: skip
    hidden = docker_backend._options(
        a_job("", limits=Limits(gpus=0)),
        Container(image="any", python="python", arguments=("--gpus", "all")), Limits(),
    )  # fmt: skip

    assert [each["DeviceIDs"] for each in given["device_requests"]] == [["0", "3"]]
    assert hidden["device_requests"] == []
