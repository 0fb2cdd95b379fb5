"""The kind `dask`: any scheduler of `distributed`, or a cluster class by its name."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_aml.compute.cluster.budget import Budget
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.dask.backend import DaskBackend
from jupyter_aml.compute.kinds import Kind, Setting, TargetPlace
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.compute.target import Node, NodeState, Target, TargetState
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.compute import DEDICATED, ComputeDefinition, Scale
from jupyter_aml.domain.errors import Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.domain.secrets import looks_secret

DASK = "dask"
PLACES = 10_000
"""Runs that are handed over at a time: they wait in Dask's queue, not in ours."""
_PATIENCE = 90
_BRIDGE = str(Path(__file__).with_name("bridge.py"))
_TLS = ("tls_ca_file", "tls_client_cert", "tls_client_key")
_CURE = "pip install 'jupyter-aml[dask]' where the server runs"


class DaskKind(Kind):
    """Targets whose runs are tasks of a Dask cluster."""

    name, type, label = DASK, "AmlCompute", "Dask cluster"
    help = (
        "Each run is a task of a Dask scheduler. The root lies on a file system that the workers "
        "share with this machine."
    )
    has_nodes = True
    settings = (
        Setting(name="address", label="Scheduler", help="such as tcp://10.0.0.5:8786"),
        Setting(
            name="cluster", label="Cluster class",
            help="instead of a scheduler: LocalCluster, SSHCluster, dask_jobqueue.SLURMCluster ...",
        ),
        Setting(
            name="arguments", label="Its arguments", type="lines",
            help="one a line, as name=value; a value is JSON, else text",
        ),
        Setting(name="tls_ca_file", label="TLS: certificate of the authority"),
        Setting(name="tls_client_cert", label="TLS: own certificate"),
        Setting(name="tls_client_key", label="TLS: file of the key"),
    )  # fmt: skip

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition as it is kept; raises Invalid for a setting that is wrong."""
        checked = super().checked(definition)
        if checked.priority != DEDICATED or checked.vm_size:
            raise Invalid("vm_size, vm_priority: Dask's workers have what they have; leave it out")
        if bool(checked.settings.get("address")) is bool(checked.settings.get("cluster")):
            raise Invalid("address: give the address of a scheduler, or a cluster class, not both")
        _arguments(checked.settings.get("arguments") or ())
        return checked

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Connect, and see whether a worker sees the root."""
        _need_distributed()
        found = await asyncio.to_thread(_probed, definition, place)
        if "error" in found:
            raise Unreachable(f"the Dask cluster does not answer: {found['error']}")
        if not found["sees"]:
            raise Invalid(
                f"address: its workers do not see {place.root}; the root must lie on a file system "
                "that they share with this machine"
            )
        workers = found["workers"]
        threads = sum(int(worker["threads"]) for worker in workers)
        return (
            f"{len(workers)} worker{'' if len(workers) == 1 else 's'} with {threads} "
            f"thread{'' if threads == 1 else 's'}, which see {place.root}"
        )

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the target; it connects when the first run comes."""
        _need_distributed()
        return DaskTarget(definition, place)


class DaskTarget(Target):
    """A Dask cluster: it has a queue of its own, so that runs are handed over at once."""

    queue = "Dask"

    def __init__(self, definition: ComputeDefinition, place: TargetPlace) -> None:
        self.name, self.kind = definition.name, definition.type
        self._place = place
        self._definition = definition
        self._pool = Pool(
            _one_bridge(definition), place.folder, Budget(1), per_node=PLACES,
            moved=place.moved, program=(sys.executable, _BRIDGE), variables=os.environ,
            patience=_PATIENCE, look=self._look,
        )  # fmt: skip
        self._workers: tuple[Node, ...] = ()
        self._backend = DaskBackend(self._pool)
        self._prepare()

    @property
    def slots(self) -> int:  # type: ignore[override]
        """As many as Dask likes."""
        return 0 if self._definition.is_stopped else PLACES

    def check(self, limits: Limits) -> None:
        """Raise Invalid: workers have the limits that they were started with."""
        if limits != NO_LIMITS:
            raise Invalid(
                f"limits: workers of the Dask target {self.name!r} have what they were started "
                "with; leave them out"
            )

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """The workers; raises Invalid for a job in an image."""
        if job.container is not None:
            raise Invalid(
                f"the environment of job {job.id} is an image, which cannot run on the Dask "
                f"target {self.name!r}: send it in one of Python packages"
            )
        return self._backend

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """The workers."""
        return self._backend

    def state(self) -> TargetState:
        """Whether it is stopped, and whether the scheduler answers."""
        if self._definition.is_stopped:
            return TargetState(state="Stopped", why=f"'{self.name}' is stopped: start it")
        return TargetState(why=self._pool.trouble)

    def nodes(self) -> Sequence[Node]:
        """The workers, as the bridge saw them last."""
        return self._workers

    def _look(self) -> bool:
        """Read what the bridge has told; says whether the workers do other than before."""
        before = {(node.id, node.state): node for node in self._workers}
        found: list[Node] = []
        for told in self._place.folder.glob("node-*/workers.json"):
            try:
                workers = json.loads(told.read_bytes())
                at = datetime.fromtimestamp(told.stat().st_mtime, UTC)
            except (OSError, ValueError):
                continue
            found += [
                Node(
                    id=worker["id"],
                    state=NodeState.BUSY if worker["busy"] else NodeState.IDLE,
                    since=at,
                    address=worker["address"],
                )
                for worker in workers
            ]
        # Who does what it did has done it since then.
        self._workers = tuple(before.get((node.id, node.state), node) for node in found)
        return before.keys() != {(node.id, node.state) for node in found}

    async def begin(self) -> None:
        """Take up the bridge that an earlier engine left."""
        await self._pool.begin()

    async def change(self, definition: ComputeDefinition) -> None:
        """Be as that definition says from the next bridge on."""
        self._definition = definition
        await asyncio.to_thread(self._prepare)
        self._pool.change(_one_bridge(definition))

    async def end(self) -> None:
        """End the bridge, and with it a cluster that was made by its name."""
        await self._pool.end()

    async def settle(self) -> None:
        """Return when its nodes are looked after no more."""
        await self._pool.settle()

    def close(self) -> None:
        """Let the bridge go if it idles."""
        self._pool.close()

    def _prepare(self) -> None:
        """Write down for the bridge what it connects to."""
        try:
            self._place.folder.mkdir(parents=True, exist_ok=True)
            (self._place.folder / "target.json").write_text(json.dumps(_told(self._definition)))
        except OSError as error:
            raise StorageFailed(
                f"cannot write in {self._place.folder}: {error.strerror}"
            ) from error


def kinds(settings: TargetSettings) -> Iterable[Kind]:
    """Return the kind."""
    return (DaskKind(),)


def _one_bridge(definition: ComputeDefinition) -> ComputeDefinition:
    return replace(definition, scale=Scale(min_nodes=0, max_nodes=1, idle=definition.scale.idle))


def _told(definition: ComputeDefinition) -> dict[str, Any]:
    settings = definition.settings
    return {
        "address": settings.get("address"),
        "cluster": settings.get("cluster"),
        "arguments": _arguments(settings.get("arguments") or ()),
        "tls": {name: settings[name] for name in _TLS if settings.get(name)},
        "min": definition.scale.min_nodes,
        "max": definition.scale.max_nodes,
    }


def _arguments(lines: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Invalid(f"arguments: {line!r} is not of the form name=value")
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            found[name.strip()] = value.strip()
    for name in _secrets(found):
        raise Invalid(
            f"arguments: {name!r} looks like a secret, and arguments are kept in the open; let the "
            "cluster class find it in a file or a variable of the server"
        )
    return found


def _secrets(found: Any, name: str = "") -> Iterator[str]:
    """The names of values that look like secrets, however deep they are."""
    if isinstance(found, Mapping):
        for key, value in found.items():
            yield from _secrets(value, str(key))
    elif isinstance(found, list):
        for value in found:
            yield from _secrets(value, name)
    elif isinstance(found, str) and not _is_path(found) and looks_secret(name, found):
        yield name


def _is_path(text: str) -> bool:
    """Whether it is the path of a file, such as that of a key."""
    return text.startswith(("/", "~", "./"))


def _probed(definition: ComputeDefinition, place: TargetPlace) -> Mapping[str, Any]:
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.folder.parent, prefix=".probe-") as folder:
        Path(folder, "target.json").write_text(json.dumps(_told(definition)))
        marker = Path(folder, "marker")
        marker.touch()
        words = [sys.executable, _BRIDGE, "--probe", folder, str(marker)]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=_PATIENCE
            )
            found: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            return {"error": f"nothing within {_PATIENCE} seconds"}
        except (ValueError, IndexError):
            return {"error": done.stderr.strip().rpartition("\n")[2] or "it said nothing"}
        return found


def _need_distributed() -> None:
    if find_spec("distributed") is None:
        raise Invalid(f"Dask targets need the library distributed: {_CURE}")
