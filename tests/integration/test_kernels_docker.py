"""Kernels in containers of a real docker engine; the engine of jupyter_aml is left out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import uv
from jupyter_client.manager import AsyncKernelManager

from jupyter_aml.engine.runtime import ensure_runtime
from jupyter_aml.kernels import container, provisioner, specs
from jupyter_aml.kernels.home import Home

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

TAG = "aml-test/kernel:1"


@pytest.fixture(scope="module")
def docker() -> Iterator[Any]:
    """A client of the docker engine; where there is none the tests are skipped."""
    import docker
    from docker.errors import DockerException

    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").partition("unix://")[2]
    if socket and not os.path.exists(socket):
        # Not asked: docker-py forgets to close the socket with which it has reached nobody.
        pytest.skip(f"no docker engine: there is no {socket}")
    try:
        client = docker.from_env()
    except DockerException as error:
        pytest.skip(f"no docker engine: {error}")
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(docker, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """An image of this Python with ipykernel, from files of this machine; and its interpreter."""
    folder = tmp_path_factory.mktemp("image")
    run = {"check": True, "capture_output": True}
    program = uv.find_uv_bin()
    home = folder / "env"
    subprocess.run([program, "venv", "--python", sys.executable, str(home)], **run)
    interpreter = str(home / "bin" / "python")
    subprocess.run([program, "pip", "install", "--python", interpreter, "ipykernel"], **run)
    tar = folder / "image.tar"
    with tarfile.open(tar, "w") as packed:
        for path in dict.fromkeys(python(home)):
            packed.inodes.clear()  # links of uv's cache are files here
            packed.add(path, path.lstrip("/"), recursive=False)
        for path in libraries(home) - set(packed.getnames()):
            packed.add(os.path.realpath(f"/{path}"), path)
        scratch = tarfile.TarInfo("tmp")
        scratch.type, scratch.mode = tarfile.DIRTYPE, 0o1777
        packed.addfile(scratch)
    repository, _, tag = TAG.partition(":")
    docker.api.import_image(src=str(tar), repository=repository, tag=tag)
    yield TAG, interpreter
    docker.images.remove(TAG, force=True)


def python(home: Path) -> Iterator[str]:
    """The files of the environment, and of the Python that it stands on."""
    real = os.path.realpath(sys.executable)
    yield real
    for folder in (home, Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))):
        for parent, folders, names in os.walk(folder):
            out = {"test", "site-packages", "__pycache__"} if folder != home else {"__pycache__"}
            folders[:] = [name for name in folders if name not in out]
            links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            yield from (os.path.join(parent, name) for name in [*names, *links])


def libraries(home: Path) -> set[str]:
    """The shared libraries that any of it is linked with, by the names that are looked for."""
    stdlib = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))
    linked = [os.path.realpath(sys.executable), *map(str, stdlib.rglob("*.so"))]
    linked += map(str, home.rglob("*.so"))
    out = subprocess.run(["ldd", *linked], capture_output=True, text=True, check=False).stdout
    words = {word for line in out.splitlines() for word in line.split()}
    found = {word for word in words if word.startswith("/") and not word.endswith(":")}
    return {os.path.normpath(path).lstrip("/") for path in found}


@pytest.fixture
def kernels(docker, image, tmp_path, monkeypatch):
    """A function that gives managers of kernels in the image; the root is `tmp_path/root`."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    root = tmp_path / "root"
    root.mkdir()
    home = Home(
        label="boxed:1",
        workspace="default",
        interpreter=image[1],
        image=image[0],
        variables={"COLOR": "blue"},
        root=root,
        socket=None,
        pythonpath=ensure_runtime(root).pythonpath,
        docker={},
    )

    async def home_of(*_: Any, **__: Any) -> Home:
        return home

    monkeypatch.setattr(provisioner, "home_of", home_of)
    spec = specs.add(specs.read({"environment": "boxed", "compute": "docker"}))
    yield lambda: AsyncKernelManager(kernel_name=spec.spec)
    for left in docker.containers.list(all=True, filters={"label": f"aml.root={root}"}):
        left.remove(force=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def client_of(kernel: AsyncKernelManager) -> Any:
    client = kernel.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    return client


async def cell(client: Any, code: str) -> str:
    said: list[str] = []

    def hear(message: Any) -> None:
        content = message["content"]
        said.append(content.get("text", "") + content.get("ename", ""))

    await client.execute_interactive(code, timeout=60, output_hook=hear)
    return "".join(said).strip()


async def test_a_kernel_lives_in_a_container_and_leaves_nothing(docker, kernels, tmp_path):
    kernel = kernels()
    await kernel.start_kernel(cwd=str(tmp_path))
    client = await client_of(kernel)
    pid = kernel.provisioner.pid

    where = "import os, socket; print(os.getcwd(), os.getuid(), os.environ['COLOR'], os.getppid())"
    assert await cell(client, where) == f"{tmp_path} {os.getuid()} blue 1"
    assert "azureml.core" in await cell(client, "import azureml.core as a; print(a.__name__)")
    await cell(client, "open('made', 'w').write('x'); kept = 42")
    assert (tmp_path / "made").exists()

    asked = client.execute("import time\nwhile True: time.sleep(0.01)")
    while (await client.get_iopub_msg(timeout=30))["content"].get("execution_state") != "busy":
        pass
    await kernel.interrupt_kernel()
    reply = await client.get_shell_msg(timeout=30)
    assert reply["parent_header"]["msg_id"] == asked
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert await cell(client, "print(kept)") == "42"

    client.stop_channels()
    await kernel.restart_kernel()
    client = await client_of(kernel)
    assert await cell(client, "print(kept)") == "NameError"
    assert kernel.provisioner.pid not in (0, pid)

    client.stop_channels()
    last = kernel.provisioner.pid
    await kernel.shutdown_kernel()
    assert not psutil.pid_exists(last)
    await gone(docker, tmp_path / "root")


async def test_containers_of_a_server_that_is_gone_are_removed(
    docker, kernels, tmp_path, monkeypatch
):
    monkeypatch.setattr(container, "_myself", lambda: "999999999:1")
    kernel = kernels()
    await kernel.start_kernel(cwd=str(tmp_path))

    assert await asyncio.to_thread(container.remove_orphans, tmp_path / "root", url="") == 1

    async with asyncio.timeout(20):
        while await kernel.is_alive():
            await asyncio.sleep(0.05)
    assert await asyncio.to_thread(container.remove_orphans, tmp_path / "root", url="") == 0
    await kernel.shutdown_kernel(now=True)


async def gone(docker: Any, root: Path) -> None:
    """Wait until no container of the root is left."""
    async with asyncio.timeout(20):
        while docker.containers.list(all=True, filters={"label": f"aml.root={root}"}):
            await asyncio.sleep(0.05)
