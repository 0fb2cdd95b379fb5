"""What a run was told to do, in the form that SDK v1 gave it in `get_details`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import AmlError

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles
    from jupyter_aml.wire.runs import WireJob, WireRun

_SHELL = ["/bin/sh", "-c"]
_NOTHING: dict[str, Any] = {"channels": [], "dependencies": ["pip", {"pip": []}]}


def definition(run: RunFiles, seen: WireRun, job: WireJob) -> dict[str, Any]:
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
        "dataReferences": {},
        "data": {},
        "outputData": {},
        "jobName": None,
        "maxRunDurationSeconds": _whole(job["timeout"]),
        "nodeCount": 1,
        "priority": None,
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
