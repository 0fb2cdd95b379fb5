"""The contracts of compute backends and of builders, on a real docker engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.docker import DockerBackend
from jupyter_aml.compute.protocol import ComputeBackend, Container
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.docker.builder import DockerBuilder
from jupyter_aml.environments.protocol import Materialised, Wish
from jupyter_aml.testing.builds import a_wish
from jupyter_aml.testing.compute_contracts import ComputeBackendContract, breeding, filling
from jupyter_aml.testing.environment_contracts import EnvironmentBuilderContract
from tests.docker_engine import BASE, said_in
from tests.index import serving


def boxed(*pip: str) -> Wish:
    """A wish for these packages in the base image."""
    return a_wish(
        python={"condaDependencies": {"dependencies": [{"pip": list(pip)}]}},
        docker={"enabled": True, "baseImage": BASE},
    )


class TestDockerBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self, docker_engine: Any, base_image: str, tmp_path: Path) -> Iterator[Any]:
        backend = DockerBackend()
        yield backend
        backend.close()
        label = {"label": f"aml.run={tmp_path.name}"}
        for container in docker_engine.containers.list(
            all=True, ignore_removed=True, filters=label
        ):
            container.remove(force=True)

    def again(self, backend: ComputeBackend) -> DockerBackend:
        return DockerBackend()

    @property
    def fields(self) -> dict[str, Any]:
        return {"container": Container(image=BASE, python="/usr/bin/python3")}

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return ("/usr/bin/python3", "-I", "-S", "-c", f"import signal, sys; {say}{end}")

    def hungry(self, size: int) -> tuple[str, ...]:
        return ("/usr/bin/python3", "-I", "-S", "-c", filling(size))

    def fertile(self, count: int) -> tuple[str, ...]:
        return ("/usr/bin/python3", "-I", "-S", "-c", breeding(count))


class TestDockerBuilder(EnvironmentBuilderContract):
    @pytest.fixture(autouse=True)
    def engine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_engine: Any, base_image: str
    ) -> Iterator[None]:
        self.client = docker_engine
        with serving(tmp_path / "index") as index:
            monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
            monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
            index.add("hello")
            index.add("other", requires=["hello"])
            yield
        for image in docker_engine.images.list(filters={"label": "aml.environment=demo"}):
            docker_engine.images.remove(image.id, force=True)

    @pytest.fixture
    def cache(self, tmp_path: Path) -> Cache:
        return Cache(tmp_path / "environments")

    @pytest.fixture
    def builder(self, cache: Cache) -> DockerBuilder:
        return DockerBuilder(cache)

    @pytest.fixture
    def wish(self) -> Wish:
        return boxed("hello")

    @pytest.fixture
    def other_wish(self) -> Wish:
        return boxed("other")

    @pytest.fixture
    def bad_wish(self) -> Wish:
        return boxed("hello>=2", "hello<2")

    def there(self, environment: Materialised, module: str) -> bool:
        look = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
        return said_in(self.client, environment, look) == "True"
