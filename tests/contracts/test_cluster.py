"""The contract of compute backends, on a cluster of local nodes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.compute.cluster.backend import ClusterBackend
from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.protocol import ComputeBackend
from jupyter_aml.domain import compute
from tests.contracts import test_compute as local


class TestClusterBackend(local.TestLocalBackend):
    """A cluster of two nodes; each part of a test has an event loop, and a pool, of its own."""

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[ClusterBackend]:  # type: ignore[override]
        self.folder = tmp_path / "nodes"
        yield self.a_backend()
        for record in self.folder.glob("*/node.json"):
            node = json.loads(record.read_text())
            proc.send(node["pid"], node["start"], signal.SIGTERM)

    def a_backend(self) -> ClusterBackend:
        definition = compute.read({"name": "c", "kind": "cluster", "type": "c", "maxNodes": 2})
        pool = Pool(definition, self.folder, Budget(2), per_node=1, moved=lambda: None)
        return ClusterBackend(pool)

    def again(self, backend: ComputeBackend) -> ClusterBackend:
        return self.a_backend()
