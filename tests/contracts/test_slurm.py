"""The contract of compute backends, on a real Slurm."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.compute.slurm.backend import SlurmBackend
from jupyter_aml.testing.compute_contracts import ComputeBackendContract
from tests.slurm_cluster import SlurmCluster


class TestSlurmBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self, slurm: SlurmCluster) -> Iterator[SlurmBackend]:
        backend = SlurmBackend()
        yield backend
        backend.close()

    def again(self, backend: ComputeBackend) -> SlurmBackend:
        return SlurmBackend()

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return (sys.executable, "-I", "-S", "-c", f"import signal, sys; {say}{end}")
