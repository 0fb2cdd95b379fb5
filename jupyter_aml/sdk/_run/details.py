"""What `get_details` and its like tell of a run, with the keys of SDK v1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.runfolder.layout import on_disk
from jupyter_aml.sdk._core.pages import run_page
from jupyter_aml.sdk._run import run_data, waits
from jupyter_aml.sdk._run.definition import definition
from jupyter_aml.wire.causes import cause

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.files import RunFiles
    from jupyter_aml.wire.run_data import WireInput, WireOutput
    from jupyter_aml.wire.runs import WireRun

_LOG_FOLDERS = ("user_logs/", "azureml-logs/", "logs/")


def details(run: RunFiles) -> dict[str, Any]:
    """The run as SDK v1 described it: what there is nothing of yet has no key."""
    seen = run.seen if run._is_in_script else waits.look(run)
    data = run_data.told(run, seen)
    told = {
        "runId": run.id,
        "target": seen["target"],
        "status": seen["status"],
        "startTimeUtc": seen["startedAt"],
        "endTimeUtc": seen["endedAt"],
        "services": {},
        "error": error_details(seen),
        "warnings": _warnings(seen) or None,
        "properties": dict(seen["properties"]),
        "inputDatasets": [_input(each) for each in data["inputs"] if each["dataset"]],
        "outputDatasets": [_output(each) for each in data["outputs"]],
        "runDefinition": None if seen["job"] is None else definition(run, seen, seen["job"], data),
        "logFiles": {name: _address(run, name) for name in log_names(run)},
        "submittedBy": seen["submittedBy"],
    }
    return {key: value for key, value in told.items() if value is not None}


def _input(each: WireInput) -> dict[str, Any]:
    dataset = each["dataset"] or {}
    return {
        "dataset": {
            "id": _id(each), "name": dataset.get("name"), "version": dataset.get("version"),
        },
        "consumptionDetails": {
            "type": "RunInput", "inputName": each["name"],
            "mechanism": each["mode"].capitalize(), "pathOnCompute": each["pathOnCompute"],
        },
    }  # fmt: skip


def _id(each: WireInput) -> str | None:
    return each["place"] if each["mode"] == "direct" else None


def _output(each: WireOutput) -> dict[str, Any]:
    dataset = each["dataset"] or {}
    return {
        "identifier": {"savedId": None, "name": dataset.get("name"),
                       "version": dataset.get("version")},
        "outputType": "RunOutput",
        "outputDetails": {"outputName": each["name"]},
    }  # fmt: skip


def _warnings(seen: WireRun) -> list[dict[str, str]]:
    return [{"source": "jupyter_aml", "message": text} for text in seen["warnings"]]


def error_details(seen: WireRun) -> dict[str, Any] | None:
    """The error in SDK v1's nesting, or None."""
    error = seen["error"]
    if error is None:
        return None
    return {
        "error": {
            "code": error["code"],
            "message": error["message"],
            "messageFormat": "",
            "details": [{"code": error["type"], "message": error["traceback"]}]
            if error["traceback"]
            else [],
        },
        "hint": error["hint"],
        "file": error["file"],
        "line": error["line"],
    }


def failure(seen: WireRun) -> str:
    """Why a run failed, with the place and what to do, as far as they are known."""
    error = seen["error"]
    if error is None:
        return f"run {seen['runId']} ended as {seen['status']}"
    lines = [f"{cause(seen)} in run {seen['experiment']} #{seen['number']}"]
    if error["traceback"]:
        lines.append(error["traceback"])
    if error["hint"]:
        lines.append(f"Hint: {error['hint']}")
    return "\n".join(lines)


def details_with_logs(run: RunFiles) -> dict[str, Any]:
    """The details, with the text of each log in place of its address."""
    told = details(run)
    told["logFiles"] = {name: _text(run, name) for name in told["logFiles"]}
    return told


def fetch_logs(run: RunFiles, destination: str | None) -> list[str]:
    """Fetch every log below a folder, by default one named after the run."""
    folder = Path(destination or run.id)
    fetched = []
    for name in log_names(run):
        target = folder / on_disk(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        run.download_file(name, target)
        fetched.append(str(target))
    return fetched


def log_names(run: RunFiles) -> list[str]:
    """The names of the run's logs."""
    return [name for name in run.get_file_names() if name.startswith(_LOG_FOLDERS)]


def portal_url(run: RunFiles) -> str:
    """The run's page, where a server shows it; else its folder, which is readable by itself."""
    page = run_page(run.id)
    if page is not None:
        return page
    here = run._here
    return f"aml://runs/{run.id}" if here is None else here.path.as_uri()


def summary(seen: WireRun, url: str, *, with_error: bool) -> str:
    """What SDK v1 printed below the logs that were followed.

    The error is left out where it is raised next.
    """
    lines = ["", "Execution Summary", "=================", f"RunId: {seen['runId']}"]
    lines.append(f"Web View: {url}")
    if seen["warnings"]:
        lines += ["", "Warnings:", *seen["warnings"]]
    error = error_details(seen) if with_error else None
    if error is not None:
        lines += ["", "Error:", json.dumps(error, indent=4, ensure_ascii=False)]
    return "\n".join([*lines, ""])


def _address(run: RunFiles, name: str) -> str:
    here = run._here
    return f"aml://runs/{run.id}/{name}" if here is None else here.locate(name).as_uri()


def _text(run: RunFiles, name: str) -> str:
    if run._is_inside:
        return run._folder.existing(name).read_text(encoding="utf-8", errors="replace")
    return run.client.runs.file(run.id, name).decode("utf-8", "replace")
