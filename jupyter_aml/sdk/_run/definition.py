"""What a run was told to do, in the form that SDK v1 gave it in `get_details`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import AmlError

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles
    from jupyter_aml.wire.run_data import WireInput, WireOutput, WireRunData
    from jupyter_aml.wire.runs import WireJob, WireRun

_SHELL = ["/bin/sh", "-c"]
_NOTHING: dict[str, Any] = {"channels": [], "dependencies": ["pip", {"pip": []}]}


def definition(run: RunFiles, seen: WireRun, job: WireJob, data: WireRunData) -> dict[str, Any]:
    """The `runDefinition` of a run with a job."""
    environment = _environment(run, job)
    docker = environment.get("docker", {})
    return {
        "script": seen["script"],
        "command": "" if seen["script"] else _line(job["command"]),
        "useAbsolutePath": False,
        "arguments": seen["arguments"],
        "sourceDirectoryDataStore": None,
        "framework": "Python",
        "communicator": "None",
        "target": seen["target"],
        "dataReferences": {
            each["name"]: _reference(each) for each in data["inputs"] if each["datastore"]
        },
        "data": {each["name"]: _data(each) for each in data["inputs"] if not each["datastore"]},
        "outputData": {each["name"]: _output(each) for each in data["outputs"]},
        "jobName": None,
        "maxRunDurationSeconds": _whole(job["timeout"]),
        "nodeCount": 1 if job["distribution"] is None else job["distribution"]["nodes"],
        "priority": job["priority"] or None,
        "identity": None,
        "environment": environment,
        "history": {
            "outputCollection": True, "directoriesToWatch": ["logs"], "snapshotProject": True,
        },
        "environmentVariables": job["environmentVariables"],
        "docker": {
            "useDocker": docker.get("enabled", False),
            "sharedVolumes": docker.get("sharedVolumes", True),
            "shmSize": docker.get("shmSize"),
            "arguments": docker.get("arguments", []),
        },
        "parameters": seen["parameters"],
    }  # fmt: skip


def _reference(each: WireInput) -> dict[str, Any]:
    return {
        "dataStoreName": each["datastore"],
        "mode": each["mode"].capitalize(),
        "pathOnDataStore": each["path"],
        "pathOnCompute": each["pathOnCompute"],
        "overwrite": False,
    }


def _data(each: WireInput) -> dict[str, Any]:
    dataset = each["dataset"] or {}
    return {
        "dataLocation": {
            "dataset": {
                "id": each["place"] if each["mode"] == "direct" else None,
                "name": dataset.get("name"), "version": dataset.get("version"),
            },
            "dataPath": None,
        },
        "mechanism": each["mode"].capitalize(),
        "environmentVariableName": each["name"],
        "pathOnCompute": each["pathOnCompute"],
        "overwrite": False,
    }  # fmt: skip


def _output(each: WireOutput) -> dict[str, Any]:
    path = {"datastoreName": each["datastore"], "relativePath": each["path"]}
    return {
        "outputLocation": {"dataset": None, "dataPath": path},
        "mechanism": each["mode"].capitalize(),
        "additionalOptions": {"pathOnCompute": each["pathOnCompute"]},
    }


def _environment(run: RunFiles, job: WireJob) -> dict[str, Any]:
    """The environment, with packages as SDK v1 told them of one that is the user's own, too."""
    try:
        data: dict[str, Any] = run.get_environment()._to_json()
    except AmlError:
        # It is registered no longer, and the run's folder is on another machine.
        name, _, version = job["environment"].partition(":")
        return {"name": name, "version": version or None}
    python = data["python"]
    python["condaDependencies"] = python["condaDependencies"] or _NOTHING
    return data


def _line(command: list[str]) -> str:
    return command[2] if command[:2] == _SHELL and len(command) == 3 else shlex.join(command)


def _whole(seconds: float | None) -> float | int | None:
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds
