"""The contract of compute backends, on those that we ship."""

from __future__ import annotations

import os
import sys

import pytest

from jupyter_aml.compute.cgroups import hierarchies
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.testing.compute_contracts import ComputeBackendContract, breeding, filling
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

    def hungry(self, size: int) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", "-c", filling(size))

    def fertile(self, count: int) -> tuple[str, ...]:
        if os.geteuid() == 0 and not hierarchies():
            pytest.skip("root's processes are counted by control groups alone")
        return (sys.executable, "-I", "-S", "-c", breeding(count))


class TestLocalBackendWithoutGroups(TestLocalBackend):
    """A machine on which nobody may make control groups."""

    @pytest.fixture(autouse=True)
    def no_groups(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("jupyter_aml.compute.cgroups.hierarchies", tuple)

    def fertile(self, count: int) -> tuple[str, ...]:
        if os.geteuid() == 0:
            pytest.skip("the processes of root are not counted")
        return super().fertile(count)


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
