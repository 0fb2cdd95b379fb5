"""The runs of a workspace as MLflow's clients begin, find and end them."""

from __future__ import annotations

import functools
import os
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.plugins.mlflow.recorded import Recorded, recorded
from jupyter_aml.plugins.mlflow.refusals import absent, ended
from jupyter_aml.sdk.core import Run, Workspace
from jupyter_aml.sdk.core.experiment import _origin, _start_of_this_process
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.wire.runs import WireRun

_MOST_KEPT = 2_000
"""Runs that this process has begun and that are kept at hand; the oldest ended ones go."""


def runs_in(workspace: WorkspaceName) -> Runs:
    """The runs of a workspace; stores and files of a process share what it has begun."""
    return _shared(workspace, os.environ.get("AML_ROOT"))


@functools.cache
def _shared(workspace: WorkspaceName, root: str | None) -> Runs:
    return Runs(workspace)


class Runs:
    """Finds runs by their ids, and begins new ones."""

    def __init__(self, workspace: WorkspaceName) -> None:
        self._name = workspace
        self._workspace: Workspace | None = None
        self._kept: dict[str, Run] = {}
        self._parameters: dict[str, dict[str, str]] = {}

    @property
    def workspace(self) -> Workspace:
        """The workspace; a script that logs to its own run alone never asks for it."""
        if self._workspace is None:
            self._workspace = Workspace(workspace_name=self._name)
        return self._workspace

    @property
    def script(self) -> Run | None:
        """The run that this process is, where it is one of this workspace."""
        is_here = os.environ.get("AML_WORKSPACE") == self._name and "AML_RUN_DIR" in os.environ
        return Run.get_context() if is_here else None

    def is_script(self, run: Run) -> bool:
        """Whether a run is this process: its exit code says how it ends."""
        return run._is_inside and run._maker is None

    def of(self, run_id: str) -> Run:
        """The run of that id; raises MlflowException where there is none."""
        script = self.script
        if script is not None and script.id == run_id:
            return script
        kept = self._kept.get(run_id)
        if kept is not None:
            return kept
        try:
            run = Run.get(self.workspace, run_id)
        except UserErrorException as error:
            raise absent(str(error)) from None
        if run.seen["workspace"] != self._name:
            raise absent(f"run {run_id} is one of the workspace {run.seen['workspace']!r}")
        return run

    @property
    def begun(self) -> list[Run]:
        """The runs of this process: the script's own, and those that it has begun."""
        script = self.script
        return [*([] if script is None else [script]), *self._kept.values()]

    def listed(self, seen: WireRun) -> Run:
        """The run that the engine has just told of."""
        return self._kept.get(seen["runId"]) or Run.from_wire(self.workspace, seen)

    def enter_children(self) -> None:
        """Have the engine hear of the children of this process: it lists what it knows."""
        newest = {run._maker.id: run for run in self._kept.values() if run._maker is not None}
        for run in newest.values():
            run.look()

    def look(self, run: Run) -> WireRun:
        """The run as it is now."""
        if self.is_script(run):
            return {**run.seen, "status": "Running"}
        # The engine hears of a child of this process a moment later; till then it is as we say.
        is_open_child = run._maker is not None and run.seen["endedAt"] is None
        return run.seen if is_open_child else run.look()

    def recorded(self, run: Run) -> Recorded | None:
        """What its records hold; None where the engine has read all, or they are elsewhere."""
        return self.recorded_of(self.look(run), run)

    def recorded_of(self, seen: WireRun, run: Run) -> Recorded | None:
        """The same of a run that was just looked at."""
        if seen["endedAt"] is not None and run._maker is None:
            return None
        here = run._here
        return None if here is None else recorded(here)

    def parameters(self, run: Run) -> dict[str, str]:
        """The parameters that a run has by now; what is put in is remembered."""
        if run.id not in self._parameters:
            seen = self.look(run)
            there = self.recorded_of(seen, run)
            sent = {name: str(value) for name, value in seen["parameters"].items()}
            self._parameters[run.id] = {**({} if there is None else there.parameters), **sent}
        return self._parameters[run.id]

    # ---- begin and end ----------------------------------------------------------------------

    def begin(
        self, experiment: str, *, name: str, parent: str | None, tags: Mapping[str, str], note: str
    ) -> Run:
        """Begin a run; in a script, and below another run, it is a child."""
        above = self.script if parent is None else self.of(parent)
        if above is not None and above.seen["experiment"] == experiment:
            run = self._child(above, name, tags, note)
        else:
            run = self._interactive(experiment, name, above, tags, note)
        self._keep(run)
        return run

    def end(self, run: Run, status: str) -> None:
        """End a run as MLflow says; one that has ended stays as it is."""
        if run._has_ended:
            return
        if status == "FINISHED":
            run.complete()
        elif status == "FAILED":
            run.fail(_why())
        else:
            run.cancel()
            run._close()

    def need_active(self, run: Run) -> None:
        """Raise MlflowException for a run that has ended: it is not taken up again."""
        seen = self.look(run)
        if seen["endedAt"] is not None:
            raise ended(
                f"run {run.id} has ended ({seen['status']}), and an ended run is not taken up "
                "again: start a new one, e.g. with parent_run_id or a tag that names this one"
            )

    def _child(self, above: Run, name: str, tags: Mapping[str, str], note: str) -> Run:
        self.need_active(above)
        child: Run = above.child_run(name=name)
        if tags:
            child.set_tags(tags)
        if note:
            child.description = note
        return child

    def _interactive(
        self, experiment: str, name: str, above: Run | None, tags: Mapping[str, str], note: str
    ) -> Run:
        body: dict[str, Any] = {
            "runId": ids.new_run_id(
                experiment, seconds=int(time.time()), suffix=uuid.uuid4().hex[:8]
            ),
            "workspace": self.workspace.name,
            "experiment": experiment,
            "type": "azureml.interactive",
            "process": {"pid": os.getpid(), "start": _start_of_this_process()},
            "displayName": name,
            "description": note,
            "tags": dict(tags),
            "origin": _origin(),
        }
        if above is not None:
            body["parentId"] = above.id
        seen = self.workspace.client.runs.submit(body)
        return Run.from_wire(self.workspace, seen)

    def _keep(self, run: Run) -> None:
        self._kept[run.id] = run
        if len(self._kept) > _MOST_KEPT:
            over = (each for each, kept in self._kept.items() if kept.seen["endedAt"] is not None)
            oldest = next(over, None)
            if oldest is not None:
                del self._kept[oldest]
                self._parameters.pop(oldest, None)


def the_default(experiment_id: str) -> str:
    """The experiment of an id: MLflow's own for who names none is `0`."""
    return "Default" if experiment_id == "0" else str(experiment_id)


def _why() -> str:
    """Why a run failed: what leaves its `with` block is being handled while MLflow ends it."""
    kind, error, _ = sys.exc_info()
    return "MLflow ended it as FAILED" if kind is None else f"{kind.__name__}: {error}"
