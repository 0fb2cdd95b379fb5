"""The contract of compute backends, on those that we ship."""

from __future__ import annotations

import sys

import pytest

from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.testing.compute_contracts import ComputeBackendContract
from jupyter_aml.testing.fake_compute import FakeBackend


class TestLocalBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self) -> LocalBackend:
        return LocalBackend()

    def again(self, backend: ComputeBackend) -> LocalBackend:
        return LocalBackend()

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return (sys.executable, "-I", "-S", "-c", f"import signal, sys; {say}{end}")


class TestFakeBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self) -> FakeBackend:
        return FakeBackend()

    def again(self, backend: ComputeBackend) -> FakeBackend:
        assert isinstance(backend, FakeBackend)
        return FakeBackend(jobs=backend.jobs)

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = ("stay",) if code is None else ("exit", str(code))
        return ("say", says, *end) if says else end
