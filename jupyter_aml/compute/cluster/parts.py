"""A job on several nodes: what each of them starts, and what becomes of those beyond the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from jupyter_aml.compute import gpus, proc
from jupyter_aml.compute.attempt import make_folders, status_on
from jupyter_aml.compute.cgroups import Group
from jupyter_aml.compute.cluster.nodes import Order
from jupyter_aml.compute.local import LocalAttempt, guard_of, shim_command
from jupyter_aml.compute.protocol import BackendJob, Handle
from jupyter_aml.compute.walls import group_of
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.layout import RunFolder

NODE = "AML_NODE"
"""The variable that tells a node its number among those of a job, from 0 on."""
Around = Callable[[BackendJob, Path], list[str]]
"""What puts walls around a job on one node, and returns what its shim is told of them."""


def orders(job: BackendJob, python: str, around: Around) -> Iterator[Order]:
    """What each node of a job starts, the first first. Blocks; raises StorageFailed."""
    folder = RunFolder(job.folder.absolute())
    make_folders(folder)
    for node in range(job.nodes):
        own = _on(job, node)
        walls = around(own, _status(folder, node) / f"cgroup.{job.attempt}")
        yield Order(
            words=shim_command(python, own, walls, node=node),
            environment=_variables(own, node if job.nodes > 1 else None),
            lost=folder.status / f"node.{job.attempt}",
        )


def _on(job: BackendJob, node: int) -> BackendJob:
    """A job as one of its nodes has it: with GPUs of its own, and a name for its group."""
    each = len(job.gpus) // job.nodes
    own = job.gpus[node * each : (node + 1) * each]
    return replace(job, id=_id(job.id, node), gpus=own)


def _id(job: str, node: int) -> str:
    return f"{job}-node-{node}" if node else job


def _variables(job: BackendJob, node: int | None) -> Mapping[str, str]:
    shown = {} if job.limits.gpus is None else gpus.variables(job.gpus)
    if node is None:
        return {**job.environment, **shown}
    # What is measured of the first node is told of the run.
    quiet = {"AML_SYSTEM_METRICS": "0"} if node else {}
    return {**job.environment, **shown, **quiet, NODE: str(node)}


def _status(folder: RunFolder, node: int) -> Path:
    status = status_on(folder, node)
    try:
        status.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"cannot make {status}: {error.strerror}") from error
    return status


class Part(LocalAttempt):
    """A job on one of its nodes beyond the first."""

    def __init__(self, handle: Handle, node: int) -> None:
        status = status_on(RunFolder(Path(handle.data["status"]).parent), node)
        super().__init__(replace(handle, data={**handle.data, "status": str(status)}))
        self.node = node

    @property
    def group(self) -> Group:
        """The control groups that were made for it."""
        job = _id(f"{self.run}.{self.attempt}", self.node)
        return group_of(self.record("cgroup"), root=self.root, job=job)

    def has_vanished(self) -> bool:
        """Whether its shim is gone without a word. Blocks."""
        claim = self.read("claim")
        if not claim or self.end() is not None or proc.is_alive(*guard_of(claim)):
            return False
        # It may have written its last word since it was looked for.
        return self.end() is None


def parts(handle: Handle) -> list[Part]:
    """The parts of a job beyond its first node."""
    return [Part(handle, node) for node in range(1, nodes_of(handle))]


def nodes_of(handle: Handle) -> int:
    """On how many nodes a job is."""
    return int(handle.data.get("nodes", "1"))
