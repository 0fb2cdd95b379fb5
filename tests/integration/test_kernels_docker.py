"""Kernels in containers of a real docker engine; the engine of jupyter_aml is left out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from jupyter_aml.engine.runtime import ensure_runtime
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.docker import DockerBuilder
from jupyter_aml.kernels import container, provisioner, specs
from jupyter_aml.kernels.home import Home
from jupyter_aml.testing.builds import Heard, a_wish

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def image(docker_engine: Any, base_image: str, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """An image with ipykernel, made by the builder; and its interpreter in there."""
    cache = Cache(tmp_path_factory.mktemp("environments"))
    builder = DockerBuilder(cache)
    wish = a_wish("ipykernel", docker={"enabled": True, "baseImage": base_image})
    built = asyncio.run(builder.ensure(wish, build=Heard()))
    assert built.image is not None
    yield built.image, built.interpreter
    asyncio.run(builder.discard(built))


@pytest.fixture
def kernels(docker_engine, image, tmp_path, monkeypatch):
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
    for left in docker_engine.containers.list(all=True, filters={"label": f"aml.root={root}"}):
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


async def test_a_kernel_lives_in_a_container_and_leaves_nothing(docker_engine, kernels, tmp_path):
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
    await gone(docker_engine, tmp_path / "root")


async def test_containers_of_a_server_that_is_gone_are_removed(kernels, tmp_path, monkeypatch):
    monkeypatch.setattr(container, "_myself", lambda: "999999999:1")
    kernel = kernels()
    await kernel.start_kernel(cwd=str(tmp_path))

    assert await asyncio.to_thread(container.remove_orphans, tmp_path / "root", url="") == 1

    async with asyncio.timeout(20):
        while await kernel.is_alive():
            await asyncio.sleep(0.05)
    assert await asyncio.to_thread(container.remove_orphans, tmp_path / "root", url="") == 0
    await kernel.shutdown_kernel(now=True)


async def gone(docker_engine: Any, root: Path) -> None:
    """Wait until no container of the root is left."""
    async with asyncio.timeout(20):
        while docker_engine.containers.list(all=True, filters={"label": f"aml.root={root}"}):
            await asyncio.sleep(0.05)
