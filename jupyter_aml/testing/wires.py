"""Answers of the server as tests want them: complete, and different only where it matters."""

from __future__ import annotations

from typing import Any, cast

from jupyter_aml.domain.run import CELL_RUNNER
from jupyter_aml.wire.contents import WireSeries
from jupyter_aml.wire.datasets import WireDataset
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.models import WireDataUse, WireModel
from jupyter_aml.wire.runs import WireFailure, WireJob, WireRun
from jupyter_aml.wire.stored import WireCard

NOON = "2026-01-02T12:00:00.000000Z"


def a_wire_run(**different: Any) -> WireRun:
    """A completed run of one second."""
    run: dict[str, Any] = {
        "runId": "exp_1767355200_0a1b2c3d",
        "workspace": "default",
        "experiment": "exp",
        "number": 7,
        "status": "Completed",
        "createdAt": NOON,
        "changedAt": "2026-01-02T12:00:01.000000Z",
        "startedAt": NOON,
        "endedAt": "2026-01-02T12:00:01.000000Z",
        "seq": 1,
        "type": "azureml.scriptrun",
        "displayName": None,
        "description": "",
        "target": "local",
        "job": a_wire_job(),
        "script": "cell.py",
        "arguments": [],
        "parameters": {},
        "loggedParameters": [],
        "tags": {},
        "properties": {},
        "parentId": None,
        "origin": None,
        "snapshotId": None,
        "submittedBy": None,
        "attempt": 1,
        "reason": None,
        "cancelRequested": False,
        "exitCode": 0,
        "error": None,
        "warnings": [],
        "metrics": {},
    }
    return cast(WireRun, {**run, **different})


def a_wire_job(**different: Any) -> WireJob:
    """A job that runs a cell whose first line is the editor's second."""
    job: dict[str, Any] = {
        "command": ["-m", CELL_RUNNER, "cell.py"],
        "interpreter": "python",
        "environment": "user-managed",
        "environmentVariables": {},
        "secretVariables": [],
        "target": "local",
        "timeout": None,
        "grace": 10.0,
        "lineOffset": 1,
        "priority": 0,
        "limits": {},
        "distribution": None,
    }
    return cast(WireJob, {**job, **different})


def a_failure(**different: Any) -> WireFailure:
    """A ValueError in the cell's third line."""
    failure: dict[str, Any] = {
        "message": "ValueError: bad alpha",
        "type": "ValueError",
        "code": "UserError",
        "line": 3,
        "file": "cell.py",
        "hint": None,
        "traceback": None,
    }
    return cast(WireFailure, {**failure, **different})


def a_card(**different: Any) -> WireCard:
    """A card of a completed run with nothing on it."""
    card: dict[str, Any] = {
        "run": a_wire_run(),
        "metrics": None,
        "log": None,
        "files": [],
        "images": {},
        "savedAt": NOON,
    }
    return cast(WireCard, {**card, **different})


def a_series(*values: float | None) -> WireSeries:
    """A series whose steps are 0, 1, 2, ..."""
    return {
        "x": [float(step) for step in range(len(values))],
        "y": list(values),
        "t": [float(step) for step in range(len(values))],
        "count": len(values),
        "last": values[-1],
    }


def a_wire_environment(**different: Any) -> WireEnvironment:
    """An environment with pandas that was built and is used by two runs."""
    name = different.get("name", "ridge")
    conda = {"channels": [], "dependencies": ["python=3.11", "pip", {"pip": ["pandas==2.2.0"]}]}
    environment: dict[str, Any] = {
        "workspace": "default",
        "name": name,
        "version": "1",
        "versions": ["1"],
        "kind": "pip",
        "curated": False,
        "createdAt": NOON,
        "definition": {"name": name, "version": "1", "python": {"condaDependencies": conda}},
        "specification": "dependencies:\n- python=3.11\n- pip:\n  - pandas==2.2.0\n",
        "state": "ready",
        "reason": None,
        "key": "pip-0a1b2c",
        "size": 123_456_789,
        "builtAt": NOON,
        "warnings": [],
        "runs": 2,
    }
    return cast(WireEnvironment, {**environment, **different})


def a_wire_model(**different: Any) -> WireModel:
    """The first version of a model of one file that a run made."""
    model: dict[str, Any] = {
        "workspace": "default",
        "name": "ridge",
        "version": "1",
        "id": f"{different.get('name', 'ridge')}:{different.get('version', '1')}",
        "createdAt": NOON,
        "createdBy": "ada",
        "description": "",
        "framework": "Onnx",
        "frameworkVersion": None,
        "tags": {"stage": "test"},
        "properties": {},
        "aliases": ["champion"],
        "root": "model.onnx",
        "size": 1,
        "fileCount": 1,
        "runId": "exp_1767355200_0a1b2c3d",
        "experiment": "exp",
        "datasets": [a_wire_use()],
        "sampleInput": None,
        "sampleOutput": None,
        "resources": {"cpu": 1, "memoryInGb": 0.5, "gpu": None},
        "isPacked": False,
    }
    return cast("WireModel", {**model, **different})


def a_wire_dataset(**different: Any) -> WireDataset:
    """The first version of a data set of one file."""
    dataset: dict[str, Any] = {
        "workspace": "default",
        "name": "iris",
        "version": "1",
        "versions": ["1"],
        "id": "6d1c2b9e-6f0f-5a53-9a0b-6f7d0f0c7a11",
        "kind": "tabular",
        "description": "",
        "tags": {"stage": "test"},
        "createdAt": NOON,
        "source": "workspaceblobstore/iris.csv",
        "sources": [],
        "steps": [],
        "files": {"count": 1, "size": 1, "digest": "d", "seen": "s", "changed": NOON},
    }
    return cast("WireDataset", {**dataset, **different})


def a_wire_use() -> WireDataUse:
    """A registered data set that a model was made with."""
    return {
        "scenario": "training", "id": "0-1", "name": "diabetes", "version": "2", "definition": None,
    }  # fmt: skip
