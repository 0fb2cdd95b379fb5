"""What a kernel of an environment is started with; the engine is left out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config

from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.kernels import provisioner, specs
from jupyter_aml.kernels.home import Home

pytestmark = pytest.mark.anyio


class Engine:
    """Answers where kernels live, and remembers what it was asked."""

    def __init__(self, root: Path) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        self.home = Home(
            secrets=Path("/nowhere"),
            label="vision:3",
            workspace="lab",
            interpreter=str(root / "python"),
            image=None,
            variables={"COLOR": "blue", "VIRTUAL_ENV": "/env"},
            root=root,
            socket=str(root / "engine.sock"),
            pythonpath=(root / "lib", root / "alias"),
            docker={},
        )
        Path(self.home.interpreter).symlink_to(sys.executable)

    async def home_of(self, environment, *, workspace, version, say):
        self.asked.append((workspace, environment, version))
        return self.home


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    engine = Engine(tmp_path)
    monkeypatch.setattr(provisioner, "home_of", engine.home_of)
    return engine


def manager(**body):
    spec = specs.add(specs.read({"environment": "vision", "workspace": "lab", **body}))
    return AsyncKernelManager(
        kernel_name=spec.spec, config=Config(EnvironmentProvisioner={"docker_url": "unix:///d"})
    )


async def test_the_command_is_ipykernel_in_the_environment_with_the_magics(engine):
    kernel = manager()

    command, given = await kernel._async_pre_start_kernel(env={"PATH": "/usr/bin"})

    assert command == [
        engine.home.interpreter, "-m", "ipykernel_launcher", "-f", kernel.connection_file,
        "--InteractiveShellApp.extra_extensions=jupyter_aml",
    ]  # fmt: skip
    assert given["env"]["AML_ENVIRONMENT"] == "vision:3"
    assert given["env"]["PATH"] == f"{engine.home.root}:/usr/bin"
    assert given["env"]["PYTHONPATH"] == f"{engine.home.root}/lib:{engine.home.root}/alias"
    assert given["env"]["VIRTUAL_ENV"] == "/env"
    assert engine.asked == [("lab", "vision", None)]


async def test_a_restart_asks_nobody_and_what_was_pruned_is_built_again_as_it_was(engine):
    kernel = manager()
    await kernel._async_pre_start_kernel(env={})
    await kernel._async_pre_start_kernel(env={})
    assert len(engine.asked) == 1

    Path(engine.home.interpreter).unlink()
    await kernel._async_pre_start_kernel(env={})

    assert engine.asked[1:] == [("lab", "vision", "3")]


async def test_a_kernel_of_one_version_asks_for_it(engine):
    await manager(version="2")._async_pre_start_kernel(env={})

    assert engine.asked == [("lab", "vision", "2")]


async def test_docker_without_an_image_is_refused_before_anything_starts(engine):
    with pytest.raises(Invalid, match="environment vision:3 has no docker image"):
        await manager(compute="docker")._async_pre_start_kernel(env={})


async def test_an_image_that_is_gone_is_built_again_by_the_next_start(engine, monkeypatch):
    engine.home = replace(engine.home, image="sha256:1")

    def start(wanted, *, url):
        raise NotFound(f"gone from {url}")

    monkeypatch.setattr(provisioner, "start", start)
    kernel = manager()
    command, given = await kernel._async_pre_start_kernel(env={})
    with pytest.raises(NotFound, match="gone from unix:///d"):
        await kernel.provisioner.launch_kernel(command, **given)

    await kernel._async_pre_start_kernel(env={})

    assert engine.asked == [("lab", "vision", None), ("lab", "vision", "3")]
