"""A server that answers docs/reference/http.md from memory, on the Unix socket of a root."""

from __future__ import annotations

import json
import os
import socketserver
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from jupyter_aml import __version__
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.testing.wires import NOON, a_wire_run
from jupyter_aml.wire.coding import encode_job
from jupyter_aml.wire.compute import WireCompute, WireComputeKind
from jupyter_aml.wire.datasets import WireDataset
from jupyter_aml.wire.models import WireModel
from jupyter_aml.wire.protocol import PROTOCOL, WireStatus
from jupyter_aml.wire.runs import WireExperiment, WireRun, WireRunPage, WireWorkspace
from jupyter_aml.wire.submissions import decode_submission
from tests import described
from tests.unit.magics.environments import FakeEnvironments, Log

Answer = tuple[int, Any]


def a_target(name: str, **different: Any) -> WireCompute:
    """A compute target as an engine tells it."""
    target: WireCompute = {
        "name": name, "workspace": None, "type": "Local", "kind": "local", "slots": 2, "busy": 0,
        "waiting": 0, "state": "Succeeded", "why": None, "refusal": None, "minNodes": 0,
        "maxNodes": 2, "mostNodes": 1, "idleSeconds": 1800.0, "vmSize": "",
        "vmPriority": "dedicated", "nodes": [], "kernels": [], "takesKernels": False,
        "settings": {}, "description": "",
        "tags": {}, "isAttached": False, "isStopped": False, "createdAt": None, "changedAt": None,
    }  # fmt: skip
    target.update(different)  # type: ignore[typeddict-item]
    return target


A_KIND: WireComputeKind = {
    "name": "ssh", "type": "VirtualMachine", "label": "Machine", "help": "A machine.",
    "hasNodes": False, "isScaled": False, "isKnownOnly": False, "isAttached": True,
    "settings": [{
        "name": "address", "label": "Address", "type": "text", "help": "", "required": True,
        "choices": [], "default": None,
    }],
}  # fmt: skip


class FakeEngine:
    """Keeps runs in memory; `after_submit` says what becomes of a run that was just sent."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs: dict[str, WireRun] = {}
        self.console = b""
        self.contents: dict[str, bytes] = {}
        self.series: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.submitted: list[WireDataset] = []
        self.canceled: list[str] = []
        self.asked: list[str] = []
        self.when_sent: dict[str, Any] = {"status": "Queued", "startedAt": None, "endedAt": None}
        self.when_read: Callable[[WireRun], None] = lambda run: None
        self.keeps_pythonpath = False
        self.problem: Answer | None = None
        self.unchanged: WireRun | None = None
        self.wrong: list[str] = []
        """What was asked or answered otherwise than the routes of the real one say."""
        self.environments = FakeEnvironments()
        self.models: list[WireModel] = []
        self.targets: list[WireCompute] = []
        self.datasets: list[dict[str, Any]] = []

    def add(self, **different: Any) -> WireRun:
        """A run that is there already."""
        number = len(self.runs) + 1
        given = {"runId": f"exp_{number}_abc{number}", "number": number, **different}
        run = a_wire_run(**given)
        self.runs[run["runId"]] = run
        return run

    # ---- the routes -------------------------------------------------------------------------

    def answer(self, verb: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        self.asked.append(f"{verb} {path}")
        if self.problem is not None and verb == "POST" and path == "runs":
            return self.problem
        match [verb, *path.split("/")]:
            case ["GET", "status"]:
                return 200, self._status()
            case ["GET", "workspaces"]:
                return 200, [self._workspace()]
            case ["POST", "workspaces"]:
                return 201, self._workspace()
            case ["GET", "workspaces", name]:
                return 200, {**self._workspace(), "name": name}
            case ["GET", "experiments"]:
                return 200, [self._experiment("diabetes"), self._experiment("digits")]
            case ["POST", "experiments"]:
                return 201, self._experiment(body["name"])
            case ["GET", "compute"]:
                return 200, [a_target("local"), *self.targets]
            case ["GET", "compute-kinds"]:
                return 200, [A_KIND]
            case [_, "environments" | "environment-check" | "environment-prune" | "kernels", *_]:
                return self.environments.answer(verb, path.split("/"), query, body)
            case ["GET", "compute-kernels"]:
                return 200, []
            case ["GET", "datasets"]:
                return 200, self.datasets
            case ["GET", "models"]:
                return 200, {"models": self.models, "total": len(self.models), "next": None}
            case ["GET", "runs"]:
                return 200, self._page(query)
            case ["POST", "runs"]:
                return self._submit(body)
            case [verb, "runs", run_id, *rest]:
                return self._run(verb, run_id, rest, query, body)
        return _problem(404, "NotFound", f"no route {verb} {path}")

    def _run(self, verb: str, run_id: str, rest: list[str], query: Any, body: Any) -> Answer:
        run = self.runs.get(run_id)
        if run is None:
            return _problem(404, "NotFound", f"there is no run {run_id!r}")
        match [verb, *rest]:
            case ["GET"]:
                self.when_read(run)
                return 200, run
            case ["PATCH"]:
                run.update({name: body[name] for name in ("displayName", "description")
                            if name in body})  # fmt: skip
                return 200, run
            case ["POST", "cancel"]:
                self.canceled.append(run_id)
                if not RunStatus(run["status"]).is_final:
                    run.update(status="Canceled", endedAt=NOON)
                return 202, run
            case ["DELETE"]:
                if not RunStatus(run["status"]).is_final:
                    return _problem(409, "IllegalMove", f"run {run_id} is {run['status']}")
                del self.runs[run_id]
                return 204, b""
            case ["POST", "retry"]:
                self.submitted.append(body)
                same = {name: run[name] for name in ("experiment", "tags", "job")}  # type: ignore[literal-required]
                again = {**run["parameters"], **body.get("parameters", {})}
                properties = {"aml.retry_of": run_id}
                return 201, self.add(
                    **same, runId=body["runId"], displayName=body.get("displayName"),
                    parameters=again, properties=properties, **self.when_sent,
                )  # fmt: skip
            case ["GET", "cell"]:
                return 200, {"text": f"%%aml submit {run['experiment']}\nprint(1)\n"}
            case ["GET", "difference", other]:
                parameters = [{"name": "alpha", "left": 0.1, "right": "<b>"}]
                files = [{"path": "cell.py", "state": "changed", "diff": "@@ -1 +1 @@\n-a\n+<i>"}]
                return 200, {
                    "left": run, "right": self.runs[other], "facts": [], "parameters": parameters,
                    "metrics": [], "packages": [], "files": files,
                }  # fmt: skip
            case ["POST", "look"]:
                return 202, run
            case ["GET", "metrics"]:
                held = {"series": self.series, "values": self.values, "cursor": 0}
                return 200, {"runId": run_id, **held}
            case ["GET", "logs", *parts] if "/".join(parts) == CONSOLE:
                return 200, self._log(query)
            case ["GET", "files"]:
                listed = [
                    {"name": name, "size": len(data), "modified": 0.0}
                    for name, data in self.contents.items()
                ]
                held = {"files": listed, "total": len(listed), "next": None}
                return 200, {"runId": run_id, **held}
            case ["GET", "files", *parts] if "/".join(parts) in self.contents:
                return 200, self.contents["/".join(parts)]
        return _problem(404, "NotFound", f"run {run_id} has no file {'/'.join(rest[1:])!r}")

    def _submit(self, body: dict[str, Any]) -> Answer:
        if not isinstance(body, dict):
            return _problem(400, "BadRequest", "the body is no JSON object")
        try:
            job = decode_submission(body).read().job
        except Invalid as error:
            return _problem(422, "Invalid", str(error))
        if job is not None and job.target != "local":
            return _problem(404, "NotFound", f"there is no compute target {job.target!r}")
        self.submitted.append(body)
        if body.get("dryRun"):
            file = {"path": "cell.py", "size": 1234, "hash": ""}
            return 200, {
                "files": [file], "excluded": [".env: a secret"], "totalSize": 1234,
                "inputs": [], "outputs": [],
                "command": ["python", "cell.py"], "target": "local",
                "priority": 0 if job is None else job.priority, "reason": "starts at once",
            }  # fmt: skip
        if body.get("ifChanged") and self.unchanged is not None:
            return 200, self.unchanged
        if body.get("runId") in self.runs:
            return 201, self.runs[body["runId"]]
        same = ("runId", "experiment", "displayName", "description", "tags", "parameters",
                "script", "origin")  # fmt: skip
        given = {name: body[name] for name in same if name in body}
        given["job"] = None if job is None else encode_job(job)
        return 201, self.add(**given, **self.when_sent)

    def _page(self, query: dict[str, list[str]]) -> WireRunPage:
        found = list(self.runs.values())[::-1]
        if "experiment" in query:
            found = [run for run in found if run["experiment"] == query["experiment"][0]]
        for word in query.get("filter", [""])[0].replace('"', "").split():
            key, colon, value = word.partition(":")
            if word == "parent:none":
                found = [run for run in found if run["parentId"] is None]
            elif colon:
                found = [run for run in found if key == "status" and run["status"] == value]
            else:
                found = [run for run in found if word in run["runId"]]
        limit = int(query.get("limit", ["50"])[0])
        experiments = dict(Counter(run["experiment"] for run in found))
        return {
            "runs": found[:limit],
            "total": len(found),
            "next": None,
            "children": {},
            "experiments": experiments,
        }

    def _log(self, query: dict[str, list[str]]) -> Log:
        offset = int(query.get("offset", ["0"])[0])
        if "tail" in query:
            offset = max(0, len(self.console) - int(query["tail"][0]))
        end = offset + int(query.get("limit", [str(len(self.console))])[0])
        return Log(self.console[offset:end], offset, len(self.console))

    def _status(self) -> WireStatus:
        return {
            "version": __version__, "protocol": PROTOCOL, "root": str(self.root),
            "kind": "headless", "pid": os.getpid(), "epoch": 1, "defaultWorkspace": "default",
            "keepsPythonpath": self.keeps_pythonpath,
        }  # fmt: skip

    def _workspace(self) -> WireWorkspace:
        return {
            "name": "default", "subscriptionId": "", "resourceGroup": "", "location": "local",
            "createdAt": NOON, "tags": {}, "labels": {},
        }  # fmt: skip

    def _experiment(self, name: str) -> WireExperiment:
        held = {"workspace": "default", "createdAt": NOON, "tags": {}, "runCount": 0}
        return {"name": name, **held}  # type: ignore[typeddict-item]


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves a FakeEngine until it is left."""

    daemon_threads = True

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        path = engine.root / "engine.sock"
        super().__init__(str(path), _Handler)
        start = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
        (engine.root / "engine.json").write_text(
            json.dumps({
                "pid": os.getpid(), "start": start, "version": __version__,
                "protocol": PROTOCOL, "epoch": 1, "kind": "headless", "socket": str(path),
            })
        )  # fmt: skip
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        try:
            body = json.loads(sent) if sent else None
        except ValueError:
            body = sent
        path, engine = unquote(url.path).removeprefix("/aml/"), self.server.engine
        status, found = engine.answer(self.command, path, parse_qs(url.query), body)
        if status < 400:
            engine.wrong += described.wrong_in_request(self.command, path, body)
        told = json.loads(json.dumps(found)) if not isinstance(found, bytes | Log) else None
        engine.wrong += described.wrong_in_answer(self.command, path, status, told)
        headers = {}
        if isinstance(found, Log):
            headers = {"X-Aml-Offset": str(found.offset), "X-Aml-Size": str(found.size)}
            found = found.data
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        # Whoever was told of an empty body may be gone, and even an empty write would fail.
        if data:
            self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _problem(status: int, error: str, message: str) -> Answer:
    return status, {"error": error, "message": message}


@contextmanager
def an_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    """An engine that answers on a root of its own, which is where clients look for one."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as root:
        monkeypatch.setenv("AML_ROOT", root)
        engine = FakeEngine(Path(root))
        with Server(engine):
            yield engine
        assert engine.wrong == [], "\n".join(engine.wrong)
