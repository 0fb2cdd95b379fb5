"""The contract of compute backends, on a machine behind a real OpenSSH server."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.compute.ssh.backend import SshBackend
from jupyter_aml.compute.ssh.options import SshOptions
from jupyter_aml.testing.compute_contracts import ComputeBackendContract
from tests.ssh_machine import SshMachine


class TestSshBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self, ssh: SshMachine) -> Iterator[SshBackend]:
        # Jobs without a run are not removed there; other tests look for what they left themselves.
        folder = str(ssh.folder / "home" / "jobs")
        backend = SshBackend(SshOptions.from_json({**ssh.settings, "folder": folder}))
        yield backend
        backend.close()

    def again(self, backend: ComputeBackend) -> SshBackend:
        assert isinstance(backend, SshBackend)
        return SshBackend(backend.machine.options)

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return (sys.executable, "-I", "-S", "-c", f"import signal, sys; {say}{end}")
