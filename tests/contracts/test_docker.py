"""The contract of compute backends, on containers of a real docker engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.docker import DockerBackend
from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.testing.compute_contracts import ComputeBackendContract
from tests.docker_engine import BASE


class TestDockerBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self, docker_engine: Any, base_image: str, tmp_path: Path) -> Iterator[Any]:
        backend = DockerBackend()
        yield backend
        backend.close()
        label = {"label": f"aml.run={tmp_path.name}"}
        for container in docker_engine.containers.list(all=True, filters=label):
            container.remove(force=True)

    def again(self, backend: ComputeBackend) -> DockerBackend:
        return DockerBackend()

    @property
    def fields(self) -> dict[str, Any]:
        return {"image": BASE}

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return ("/usr/bin/python3", "-I", "-S", "-c", f"import signal, sys; {say}{end}")
