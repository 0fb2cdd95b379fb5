"""An engine without runs, for tests of what stands around one."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_aml.data.manifest import Changes, Recorded
from jupyter_aml.data.stores import Entry, Folder
from jupyter_aml.domain.dataset import Dataset, Files, Source
from jupyter_aml.domain.datastore import Datastore
from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, NotFound
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.domain.vault import Secret
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.engine.data import datasets, uses
from jupyter_aml.engine.data.datastores import Known, Registered
from jupyter_aml.engine.feed.pieces import list_files
from jupyter_aml.engine.lock import RootLock
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.testing.wires import a_wire_model, a_wire_use
from jupyter_aml.wire.coding import encode_run
from jupyter_aml.wire.environments import WireEnvironment, WireMaterialised
from jupyter_aml.wire.models import WireModel
from jupyter_aml.wire.protocol import PROTOCOL, WireStatus
from jupyter_aml.wire.runs import WireRun

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Piece:
    data: bytes
    offset: int
    size: int


class FakeListener:
    def __init__(self, engine):
        self.engine, self.events = engine, asyncio.Queue()
        self.subscribed, self.closed = [], False

    async def subscribe(self, topic):
        self.engine.complain()
        self.subscribed.append(topic)
        await self.events.put({"type": "run", "run": self.engine.a_run(topic.run_id)})

    def unsubscribe(self, topic):
        self.subscribed.remove(topic)
        self.events.put_nowait({"type": "files", "runId": topic.run_id})

    async def next(self):
        return await self.events.get()

    def close(self):
        self.closed = True
        self.engine.listeners.discard(self)


class FakeEnvironments:
    """The environments of an engine: one, named x, that is never built."""

    def __init__(self, engine):
        self.engine = engine

    def one(self) -> WireEnvironment:
        return {
            "workspace": "default", "name": "x", "version": "1", "versions": ["1"], "kind": "pip",
            "curated": False, "createdAt": "2026-01-01T12:00:00.000000Z", "definition": {},
            "specification": "", "state": "not built", "reason": None, "key": None, "size": None,
            "builtAt": None, "warnings": [], "runs": 0,
        }  # fmt: skip

    def far(self) -> WireMaterialised:
        return {
            "state": "building", "reason": "resolving", "interpreter": None, "image": None,
            "variables": {}, "warnings": [],
        }  # fmt: skip

    async def list(self, workspace):
        self.engine.heard("environments", workspace)
        return [self.one()]

    async def get(self, workspace, name, version):
        self.engine.heard("environment", workspace, name, version)
        return self.one()

    async def add(self, asked):
        self.engine.heard("add_environment", asked.workspace, asked.read())
        return self.one()

    async def remove(self, workspace, name, version):
        self.engine.heard("remove_environment", workspace, name, version)

    async def build(self, name, asked):
        self.engine.heard("build", name, asked)
        return self.far()

    async def build_state(self, workspace, name, *, version, extras, wait):
        self.engine.heard("build_state", workspace, name, version, extras, wait)
        return self.far()

    async def log(self, workspace, name, version, *, offset, limit):
        self.engine.heard("build_log", workspace, name, version, offset, limit)
        return Piece(b"log", offset, 3)

    async def lock(self, workspace, name, version):
        self.engine.heard("lock", workspace, name, version)
        return {
            "environment": name, "version": "1", "key": "pip-1", "python": "3.11.7", "text": "",
            "packages": [{"name": "numpy", "version": "2.0"}],
        }  # fmt: skip

    async def labels(self, workspace, name):
        self.engine.heard("labels", workspace, name)
        return {"Latest": "1"}

    async def label(self, name, asked):
        self.engine.heard("label", name, asked)
        return {"Latest": "1", "Good": "1"}

    async def check(self, asked):
        self.engine.heard("check", asked.read())
        found = {"message": "no", "line": 1, "column": None}
        return {"definition": None, "mistakes": [found], "warnings": []}

    async def data(self, run_id):
        self.engine.heard("data", run_id)
        made = {"name": "made", "version": "1"}
        return {
            "inputs": [{"name": "a", "mode": "mount", "dataset": {"name": "d", "version": "1"}}],
            "outputs": [{"name": "b", "kind": "file", "mode": "upload", "dataset": made}],
        }

    async def prune(self, asked):
        self.engine.heard("prune", asked)
        return {"keys": ["pip-1"], "size": 1}


class FakeModels:
    """The models of an engine: one, named x."""

    def __init__(self, engine):
        self.engine = engine

    @property
    def pruning(self):
        return self

    async def prune(self, *, is_dry):
        self.engine.heard("model_prune", is_dry)
        return {"count": 1, "size": 2}

    def one(self) -> WireModel:
        return a_wire_model(name="x")

    async def page(self, workspace, wanted, *, after, limit):
        self.engine.heard("models", workspace, wanted, after, limit)
        return {"models": [self.one()], "total": 1, "next": None}

    async def take(self, piece):
        self.engine.heard("model_piece", piece)

    async def add(self, asked):
        self.engine.heard("add_model", asked)
        return self.one()

    async def get(self, workspace, name, version):
        self.engine.heard("model", workspace, name, version)
        return self.one()

    async def change(self, name, asked):
        self.engine.heard("change_model", name, asked)
        return self.one()

    async def remove(self, workspace, name, version):
        self.engine.heard("remove_model", workspace, name, version)

    async def files(self, workspace, name, version):
        self.engine.heard("model_files", workspace, name, version)
        file = {"path": "x.onnx", "size": 1, "hash": "0" * 64}
        return {"name": name, "version": "1", "root": "x.onnx", "files": [file]}

    async def archive(self, workspace, name, version):
        self.engine.heard("model_archive", workspace, name, version)
        return "x:1", iter([b"zip"])

    async def lineage(self, workspace, name, version):
        self.engine.heard("lineage", workspace, name, version)
        maker = {
            "runId": "r_1", "experiment": "e", "environment": "x:1", "snapshotId": None,
            "isThere": True,
        }  # fmt: skip
        use = {"kind": "run", "id": "r_2", "name": "r_2", "at": None}
        return {
            "name": name, "version": "1", "maker": maker, "datasets": [a_wire_use()],
            "usedBy": [use],
        }  # fmt: skip

    async def alias(self, name, asked):
        self.engine.heard("alias", name, asked)
        return self.one()

    async def remove_alias(self, workspace, name, alias):
        self.engine.heard("remove_alias", workspace, name, alias)

    async def of_run(self, run_id):
        self.engine.heard("models_of_run", run_id)
        return {"registered": [self.one()], "used": ["y:1"]}


class FakeWorkspaces:
    """The workspaces of an engine: any that is asked for."""

    def __init__(self, engine):
        self.engine = engine

    async def list(self):
        self.engine.heard("workspaces")
        return [self.engine.a_workspace()]

    async def add(self, asked):
        self.engine.heard("add_workspace", asked)
        if asked.name == "default":
            raise AlreadyExists("workspace 'default' is there already")
        return self.engine.a_workspace(asked.name)

    async def get(self, name):
        self.engine.heard("workspace", name)
        return self.engine.a_workspace(name)

    async def need(self, name):
        self.engine.heard("need_workspace", name)

    async def change(self, asked):
        self.engine.heard("change_workspace", asked)
        return self.engine.a_workspace(asked.name)

    async def remove(self, name):
        self.engine.heard("remove_workspace", name)


class FakeExperiments:
    """The experiments of an engine: one, named e, and any that is added."""

    def __init__(self, engine):
        self.engine = engine

    def one(self, workspace, name) -> Experiment:
        return Experiment(workspace=workspace, name=name, created_at=NOON)

    async def list(self, workspace):
        self.engine.heard("experiments", workspace)
        return [self.one(workspace, "e")]

    async def add(self, asked):
        self.engine.heard("add_experiment", asked)
        return self.one(asked.workspace, asked.name)

    async def tag(self, asked):
        self.engine.heard("tag_experiment", asked)
        return self.one(asked.workspace, asked.name)

    async def remove(self, workspace, name):
        self.engine.heard("remove_experiment", workspace, name)


class FakeCompute:
    """The targets of an engine: this machine, and any that is asked for."""

    def __init__(self, engine):
        self.engine = engine

    def one(self, name, workspace=None, kind="local", type="Local"):
        return {
            "name": name, "workspace": workspace, "type": type, "kind": kind, "slots": 2,
            "busy": 0, "waiting": 0, "state": "Succeeded", "why": None, "refusal": None,
            "minNodes": 0, "maxNodes": 2, "mostNodes": 1, "idleSeconds": 1800.0, "vmSize": "",
            "vmPriority": "dedicated", "nodes": [], "kernels": [], "takesKernels": False,
            "settings": {}, "description": "", "tags": {},
            "isAttached": False, "isStopped": False, "createdAt": None, "changedAt": None,
        }  # fmt: skip

    async def list(self, workspace="default"):
        self.engine.heard("compute", workspace)
        return [self.one("local")]

    async def get(self, workspace, name):
        self.engine.heard("target", workspace, name)
        return self.one(name, workspace)

    async def history(self, workspace, name):
        self.engine.heard("target_history", workspace, name)
        return []

    async def need_kernels(self, workspace, name):
        self.engine.heard("need_kernels", workspace, name)

    def sizes(self):
        self.engine.heard("sizes")
        return []

    async def add(self, asked):
        self.engine.heard("add_target", asked)
        definition = asked.definition
        return self.one(definition.name, asked.workspace, definition.kind, definition.type)

    async def change(self, asked):
        self.engine.heard("change_target", asked)
        return self.one(asked.name, asked.workspace)

    async def remove(self, workspace, name):
        self.engine.heard("remove_target", workspace, name)

    async def probe(self, asked):
        self.engine.heard("probe", asked)
        return "it is there"

    def kinds(self):
        self.engine.heard("kinds")
        return []


class FakeKernels:
    """The kernels on targets of an engine: whichever is asked for."""

    active = 0

    def __init__(self, engine):
        self.engine = engine

    def one(self, kernel, session=None):
        return {
            "id": kernel, "workspace": "default", "compute": "cpu", "environment": "e",
            "version": "1", "spec": "aml-e", "displayName": "e", "notebook": "", "session": session,
            "server": {"pid": 1, "start": "1", "folder": ""}, "hasServer": True,
            "state": "running", "reason": None, "code": None, "place": "/nowhere", "door": 1,
            "createdAt": NOON.isoformat(), "endedAt": None,
        }  # fmt: skip

    async def settle(self):
        pass

    async def add(self, asked):
        self.engine.heard("add_kernel", asked)
        return self.one(asked.id)

    async def list(self, workspace):
        self.engine.heard("kernels", workspace)
        return [self.one("x")]

    def on(self, workspace, target):
        return [self.one("x")]

    async def look(self, kernel, *, wait):
        self.engine.heard("kernel", kernel, wait)
        return self.one(kernel)

    async def belongs(self, kernel, session):
        self.engine.heard("belongs", kernel, session)
        told = {"id": session.id, "path": session.path, "name": "", "type": session.type}
        return self.one(kernel, told)

    async def end(self, kernel):
        self.engine.heard("end_kernel", kernel)

    async def log(self, kernel, *, offset, limit):
        self.engine.heard("kernel_log", kernel, offset, limit)
        return Piece(b"a line", offset, 6)


class FakeSources:
    """The sources that come from another machine: all of their files are wanted."""

    def __init__(self, engine):
        self.engine = engine

    async def wanted(self, asked):
        self.engine.heard("wanted", asked)
        return [*asked.files]

    async def take(self, piece):
        self.engine.heard("take_source", piece)


class FakeRuns:
    """The runs of an engine: any that is asked for, but `missing` and what was deleted."""

    def __init__(self, engine):
        self.engine, self.active = engine, 0

    def told(self, run, *, metrics=0):
        return encode_run(run)

    async def page(self, **asked):
        self.engine.heard("page", asked)
        runs = [self.engine.a_run(run_id) for run_id in reversed(self.engine.sent or ["run-1"])]
        return {
            "runs": runs,
            "total": len(runs),
            "next": None,
            "children": {},
            "experiments": dict(Counter(run["experiment"] for run in runs)),
        }

    async def submit(self, sent):
        asked = sent.read()
        self.engine.heard("submit", asked)
        if asked.is_dry:
            return {
                "files": [], "excluded": [], "totalSize": 0, "command": ["x"],
                "inputs": [], "outputs": [],
                "target": "local", "priority": 0, "reason": "",
            }  # fmt: skip
        run_id = sent.run_id or "run-1"
        number = len(self.engine.sent) + 1
        self.engine.sent.setdefault(run_id, {"experiment": asked.experiment, "number": number})
        return self.engine.a_run(run_id)

    async def get(self, run_id):
        self.engine.heard("run", run_id)
        return self.engine.a_run(run_id)

    async def patch(self, run_id, patch):
        self.engine.heard("patch", run_id, patch)
        if run_id in self.engine.sent:
            self.engine.sent[run_id]["display_name"] = patch.display_name
        return self.engine.a_run(run_id)

    async def delete(self, run_id):
        self.engine.heard("delete", run_id)
        status = self.engine.a_run(run_id)["status"]
        if run_id in self.engine.sent and not RunStatus(status).is_final:
            raise IllegalMove(f"run {run_id} is {status}: cancel it before you delete it")
        self.engine.sent.pop(run_id, None)
        self.engine.gone.add(run_id)

    async def cancel(self, run_id):
        self.engine.heard("cancel", run_id)
        run = self.engine.a_run(run_id)
        if RunStatus(run["status"]).is_final:
            return run
        self.engine.end(run_id, RunStatus.CANCELED)
        return {**run, "status": "CancelRequested"}

    async def look(self, run_id):
        self.engine.heard("look", run_id)
        return self.engine.a_run(run_id)

    async def retry(self, run_id, sent):
        self.engine.heard("retry", run_id, sent.read())
        return self.engine.a_run(sent.run_id or "run-2", properties={"aml.retry_of": run_id})

    async def cell(self, run_id):
        self.engine.heard("cell", run_id)
        return {"text": "%%aml submit e\nprint(1)\n"}

    async def data(self, run_id):
        self.engine.heard("data", run_id)
        made = {"name": "made", "version": "1"}
        return {
            "inputs": [{"name": "a", "mode": "mount", "dataset": {"name": "d", "version": "1"}}],
            "outputs": [{"name": "b", "kind": "file", "mode": "upload", "dataset": made}],
        }

    async def prune(self, asked):
        self.engine.heard("prune", asked)
        return {"runIds": ["run-1"], "size": 1}

    async def difference(self, run_id, other):
        self.engine.heard("difference", run_id, other)
        none = {"facts": [], "parameters": [], "metrics": [], "packages": [], "files": []}
        return {"left": self.engine.a_run(run_id), "right": self.engine.a_run(other), **none}

    async def facts(self, run_id):
        self.engine.heard("facts", run_id)
        return {"runId": run_id, "git": None, "python": None, "packages": [], "host": None}

    async def metrics(self, run_id, *, points, names, source):
        self.engine.heard("metrics", run_id, points, names, source)
        self.engine.a_run(run_id)
        series = {"x": [0.0, 1.0], "y": [float("nan"), 0.5], "t": [0.0, 1.0]}
        return {
            "runId": run_id, "values": {}, "cursor": 10,
            "series": {"loss": {**series, "count": 2, "last": float("nan")}},
        }  # fmt: skip

    async def log(self, run_id, name, *, offset=0, limit=65536, tail=None):
        self.engine.heard("log", run_id, name)
        data = (await self.file(run_id, name)).read_bytes()
        start = max(0, len(data) - tail) if tail is not None else offset
        return Piece(data[start : start + limit], start, len(data))

    async def files(self, run_id, *, prefix, after, limit):
        self.engine.heard("files", run_id)
        self.engine.a_run(run_id)
        return list_files(run_id, self.engine.folder, prefix, after, limit)

    async def file(self, run_id, name) -> Path:
        self.engine.heard("file", run_id, name)
        self.engine.a_run(run_id)
        return self.engine.folder.existing(name)

    async def snapshot(self, run_id):
        self.engine.heard("snapshot", run_id)
        return {"snapshotId": "s", "files": [], "excluded": [".env"]}

    async def snapshot_file(self, run_id, path) -> Path:
        self.engine.heard("snapshot_file", run_id, path)
        return self.engine.folder.existing(path)


class FakeDatastores:
    """The datastores of an engine: one, named x."""

    def __init__(self, engine):
        self.engine = engine

    def one(self) -> Known:
        definition = Datastore(name="x", kind="Custom", url="file:///data", version="1")
        return Known(Registered("default", definition, ""), definition, True)

    async def list(self, workspace):
        self.engine.heard("datastores", workspace)
        return [self.one()]

    async def get(self, workspace, name):
        self.engine.heard("datastore", workspace, name)
        return self.one()

    async def add(self, asked):
        self.engine.heard("add datastore", asked)
        return self.one()

    async def remove(self, workspace, name):
        self.engine.heard("remove datastore", workspace, name)

    async def default(self, workspace):
        self.engine.heard("default datastore", workspace)
        return self.one()

    async def choose(self, workspace, name):
        self.engine.heard("choose datastore", workspace, name)
        return self.one()


class FakeDatasets:
    """The data sets of an engine: one, named x."""

    def __init__(self, engine):
        self.engine = engine

    def one(self) -> datasets.Known:
        definition = Dataset(
            kind="file", sources=(Source("a", "x"),), steps=({"do": "read", "form": "files"},),
            name="x", version="1", files=Files(count=1, size=1, digest="d", seen="s"),
        )  # fmt: skip
        return datasets.Known(datasets.Registered("default", definition, ""), "id", ["1"])

    async def list(self, workspace):
        self.engine.heard("datasets", workspace)
        return [self.one()]

    async def get(self, workspace, name, version):
        self.engine.heard("dataset", workspace, name, version)
        return self.one()

    async def by_id(self, workspace, id):
        self.engine.heard("dataset by id", workspace, id)
        return self.one()

    async def versions(self, workspace, name):
        self.engine.heard("dataset versions", workspace, name)
        return [self.one()]

    async def add(self, asked):
        self.engine.heard("add dataset", asked)
        return self.one()

    async def patch(self, name, asked):
        self.engine.heard("patch dataset", name, asked)
        return self.one()

    async def remove(self, workspace, name, version):
        self.engine.heard("remove dataset", workspace, name, version)

    async def recorded(self, workspace, name, version):
        self.engine.heard("dataset files", workspace, name, version)
        return [Recorded("x/a", 1, 1.0, None), Recorded("x/b", 1, None, "sha256:0")]

    async def changes(self, workspace, name, version):
        self.engine.heard("dataset changes", workspace, name, version)
        return Changes(("x/b",), (), ())

    async def uses(self, known):
        self.engine.heard("dataset uses", known.registered.name)
        run = Run(
            id="run-1", workspace="default", experiment="e", number=1, status=RunStatus.RUNNING,
            created_at=NOON, changed_at=NOON,
        )  # fmt: skip
        return uses.Uses([], [run], 1)

    async def preview(self, workspace, name, version, rows):
        self.engine.heard("dataset preview", workspace, name, version, rows)
        column = {"name": "path", "type": "string"}
        return {"columns": [column], "rows": [["a"]], "more": False, "warnings": []}

    async def profile(self, workspace, name, version):
        self.engine.heard("dataset profile", workspace, name, version)
        return {"rows": 0, "whole": True, "columns": [], "warnings": []}


class FakeStoreFiles:
    """The files of datastores: none."""

    def __init__(self, engine):
        self.engine = engine

    async def folder(self, workspace, name, path):
        self.engine.heard("store folder", workspace, name, path)
        return Folder(("d",), (Entry("x/a", 1, 2.0), Entry("x/b", None, None)))


class FakeSecrets:
    """The vaults of an engine."""

    def __init__(self, engine):
        self.engine = engine

    async def list(self, workspace):
        self.engine.heard("secrets", workspace)
        return [Secret("x")]

    async def put(self, workspace, secrets):
        self.engine.heard("put secrets", workspace, secrets)

    async def remove(self, workspace, names):
        self.engine.heard("remove secrets", workspace, names)


class FakeEngine:
    """Same interface as the real one. `problem` is raised by whatever is asked next."""

    def __init__(self, settings, kind):
        self.settings, self.kind = settings, kind
        self.lock = RootLock(settings.root)
        self.folder = RunFolder(settings.root / "run")
        self.listeners, self.asked = set(), []
        self.sent: dict[str, dict[str, Any]] = {}
        """The runs that were submitted, and what of them is other than of any run."""
        self.gone: set[str] = set()
        self.problem, self.socket, self.closed = None, None, False
        self.runs, self.environments = FakeRuns(self), FakeEnvironments(self)
        self.models = FakeModels(self)
        self.workspaces, self.experiments = FakeWorkspaces(self), FakeExperiments(self)
        self.tokens = Tokens(settings.root)
        self.compute, self.kernels = FakeCompute(self), FakeKernels(self)
        self.sources = FakeSources(self)
        self.datasets = FakeDatasets(self)
        self.datastores, self.secrets = FakeDatastores(self), FakeSecrets(self)
        self.store_files = FakeStoreFiles(self)

    @classmethod
    async def open(cls, settings, kind):
        return cls(settings, kind)

    async def close(self):
        self.closed = True
        self.lock.release()

    @property
    def is_idle(self):
        return self.runs.active == 0 and not self.listeners

    @property
    def root_is_gone(self):
        return self.lock.is_gone

    def complain(self):
        if self.problem is not None:
            raise self.problem

    def heard(self, *call: Any):
        self.asked.append(call)
        self.complain()

    def a_run(self, run_id="run-1", **known) -> WireRun:
        if run_id == "missing" or run_id in self.gone:
            raise NotFound(f"there is no run {run_id!r}")
        usual = {"experiment": "e", "number": 1, "status": RunStatus.RUNNING}
        known = {**usual, **self.sent.get(run_id, {}), **known}
        run = Run(id=run_id, workspace="default", created_at=NOON, changed_at=NOON, **known)
        return encode_run(run)

    def end(self, run_id, status):
        """What was submitted has ended so."""
        if run_id in self.sent:
            self.sent[run_id].update(status=status, ended_at=NOON)

    def a_workspace(self, name="default") -> Workspace:
        return Workspace(name=name, created_at=NOON)

    def status(self) -> WireStatus:
        return {
            "version": "0", "protocol": PROTOCOL, "root": str(self.settings.root),
            "kind": self.kind, "pid": os.getpid(), "epoch": 1, "defaultWorkspace": "default",
        }  # fmt: skip

    def listen(self):
        listener = FakeListener(self)
        self.listeners.add(listener)
        return listener
