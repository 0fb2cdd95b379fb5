"""The contract of compute backends, on a real Dask cluster."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.compute.dask.kind import DaskKind, DaskTarget
from jupyter_aml.compute.kinds import TargetPlace
from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.domain import compute
from jupyter_aml.testing.compute_contracts import ComputeBackendContract
from tests.dask_cluster import DaskCluster


class TestDaskBackend(ComputeBackendContract):
    @pytest.fixture
    def backend(self, tmp_path: Path, dask_cluster: DaskCluster) -> Iterator[ComputeBackend]:
        self.folder, self.address = tmp_path / "nodes", dask_cluster.address
        yield self.a_backend()
        for record in self.folder.glob("*/node.json"):
            node = json.loads(record.read_text())
            proc.send(node["pid"], node["start"], signal.SIGTERM)

    def a_backend(self) -> Any:
        place = TargetPlace(
            folder=self.folder, root=self.folder.parent, secret=str, moved=lambda: None
        )
        given = {"name": "d", "kind": "dask", "type": "AmlCompute"}
        settings = {"address": self.address}
        definition = DaskKind().checked(compute.read({**given, "settings": settings}))
        return DaskTarget(definition, place)._backend

    def again(self, backend: ComputeBackend) -> ComputeBackend:
        made: ComputeBackend = self.a_backend()
        return made

    def command(self, *, says: str, code: int | None) -> tuple[str, ...]:
        end = f"sys.exit({code})" if code is not None else "signal.pause()"
        say = f"print({says!r}, flush=True); " if says else ""
        return (sys.executable, "-I", "-S", "-c", f"import signal, sys; {say}{end}")
