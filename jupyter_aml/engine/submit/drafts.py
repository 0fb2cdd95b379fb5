"""From what was asked to a whole run folder: all or nothing."""

from __future__ import annotations

import errno
import getpass
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jupyter_aml.domain import environment, ids
from jupyter_aml.domain import secrets as hiding
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.domain.near import near
from jupyter_aml.domain.run import INTERACTIVE_RUN, SCRIPT_RUN, Run, RunStatus
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.ledger import now
from jupyter_aml.engine.root import Root, write_json, write_record
from jupyter_aml.engine.settings import Settings
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.wire.coding import decode_job, decode_run, encode_time
from jupyter_aml.wire.contents import WireDryRun

_TYPES = (SCRIPT_RUN, INTERACTIVE_RUN)


@dataclass(frozen=True, slots=True)
class Draft:
    """A run that could be made: nothing of it is on disk."""

    run: Run
    plan: snapshot.SnapshotPlan
    process: Mapping[str, Any] | None
    environment: Definition | None = None
    origin: Mapping[str, Any] | None = None
    """Where the source comes from: `directory`, and `include` below `base`."""

    def within(self, environment: Definition) -> Draft:
        """The same run in a registered environment."""
        assert self.run.job is not None
        job = replace(
            self.run.job,
            environment=environment.label,
            environment_variables=hiding.revealed(
                self.run.job.environment_variables, environment.variables
            ),
        )
        run = replace(self.run, job=job)
        return replace(self, run=run, environment=environment)


def draft(body: Mapping[str, Any], *, settings: Settings, targets: list[str]) -> Draft:
    """Check what was asked and look at the source; raises Invalid or NotFound, makes nothing."""
    check_text(body)
    experiment = ids.experiment_name(_required(body, "experiment"))
    workspace = ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))
    kind = body.get("type", SCRIPT_RUN)
    if kind not in _TYPES:
        raise Invalid(f"there is no type of run {kind!r}; there are {', '.join(_TYPES)}")
    job = None if kind == INTERACTIVE_RUN else decode_job(_required(body, "job"))
    if job is not None:
        if not job.command:
            raise Invalid("job.command is empty: nothing to run")
        if job.target not in targets:
            raise _no_target(job.target, targets)
    plan = snapshot.plan_source(body.get("source", {}), settings=settings)
    _check_script(body.get("script"), plan)
    at = now()
    asked = {
        "runId": body.get("runId")
        or ids.new_run_id(experiment, seconds=int(time.time()), suffix=secrets.token_hex(4)),
        "workspace": workspace,
        "experiment": experiment,
        "status": RunStatus.NOT_STARTED.value,
        "createdAt": encode_time(at),
        "changedAt": encode_time(at),
        "type": kind,
        "submittedBy": _user(),
    }
    if kind == INTERACTIVE_RUN and body.get("parentId") is not None:
        # It is its parent's from the beginning: there is nobody who would start it.
        asked.update(status=RunStatus.RUNNING.value, startedAt=asked["createdAt"])
    fields = ("displayName", "description", "tags", "properties", "parameters", "script",
              "arguments", "job", "origin", "parentId")  # fmt: skip
    run = decode_run({**{name: body[name] for name in fields if name in body}, **asked})
    wished = body.get("environment")
    definition = None if wished is None or job is None else environment.read(wished)
    told = {name: value for name, value in body.get("source", {}).items() if name != "files"}
    return Draft(run, plan, body.get("process"), definition, told)


def make_folder(drafted: Draft, manifest: snapshot.Manifest, *, root: Root, blobs: Blobs) -> Run:
    """Make the folder of a run whose source is in the blobs, whole or not at all.

    Raises AlreadyExists where the run has a folder, which stays as it is.
    """
    run = _with_snapshot(drafted.run, manifest.snapshot_id)
    hiding.check({} if run.job is None else run.job.environment_variables)
    unfinished, folder = root.being_made(run), root.folder(run)
    try:
        unfinished.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.path.mkdir(mode=0o700)
        for part in (unfinished.metrics, unfinished.status, unfinished.logs, unfinished.files):
            part.mkdir()
        snapshot.lay_out(manifest, blobs, unfinished)
        if run.type == SCRIPT_RUN:
            unfinished.console.touch()
        if drafted.process is not None:
            write_json(unfinished.status / "process.json", drafted.process)
        if drafted.origin:
            write_json(unfinished.source, drafted.origin)
        if drafted.environment is not None:
            data = drafted.environment.to_json()
            secret_files.keep(unfinished.secrets, hiding.taken_of(data))
            write_json(unfinished.environment, {"definition": hiding.hidden_of(data)})
        write_record(unfinished, run)
        os.rename(unfinished.path, folder.path)
    except BaseException as error:
        remove_tree(unfinished.path)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise AlreadyExists(f"there is a folder {folder.path} already") from error
        if isinstance(error, OSError):
            raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error
        raise
    return run


def _with_snapshot(run: Run, snapshot_id: str) -> Run:
    if not snapshot_id:
        return run
    # SDK v1 told it as a property, too.
    properties = {**run.properties, "ContentSnapshotId": snapshot_id}
    return replace(run, snapshot_id=snapshot_id, properties=properties)


def check_text(body: Mapping[str, Any]) -> None:
    """Raise Invalid for what no file can hold."""
    # The source is bytes in the end; all else stands in run.json, which is UTF-8.
    for name, value in body.items():
        if name != "source":
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise Invalid(f"{name} holds what is no text: half of a surrogate pair") from None


def describe(drafted: Draft) -> WireDryRun:
    """Say what a submission would send."""
    job = drafted.run.job
    return {
        "files": [
            {"path": file.path, "size": file.size, "hash": ""} for file in drafted.plan.files
        ],
        "excluded": list(drafted.plan.excluded),
        "totalSize": sum(file.size for file in drafted.plan.files),
        "command": [] if job is None else [job.interpreter, *job.command],
        "target": "local" if job is None else job.target,
        "reason": f"the console would be {CONSOLE}",
    }


def _required(body: Mapping[str, Any], name: str) -> Any:
    if name not in body:
        raise Invalid(f"{name} is missing")
    return body[name]


def _no_target(name: str, targets: list[str]) -> NotFound:
    close = near(name, targets, 1)
    cure = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(targets)}"
    return NotFound(f"there is no compute target {name!r}; {cure}")


def _check_script(script: Any, plan: snapshot.SnapshotPlan) -> None:
    paths = [file.path for file in plan.files]
    if script is None or script in paths:
        return
    close = near(str(script), paths, 1)
    left_out = next((note for note in plan.excluded if str(script) in note), None)
    cure = f"; did you mean {close[0]!r}?" if close else f"; {left_out}" if left_out else ""
    raise NotFound(f"there is no script {script!r} in what would be sent{cure}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
