"""Runs within runs: a child is announced in its parent's records and may log at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain import ids, limits
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run import waits
from jupyter_aml.sdk._run.outputs import tracked_outputs
from jupyter_aml.sdk._run.place import RunPlace, announced, found
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.client import Client
    from jupyter_aml.runfolder.records import PatientWriter
    from jupyter_aml.wire.runs import WireRun

_PATIENCE = 30.0
"""Seconds that the engine is given to read of a child that was announced."""
_MOST_OPEN = 200
_open: dict[RunPlace, None] = {}


class RunChildren(RunPlace):
    """The part of Run that deals with children."""

    _made = 0
    _newest: RunPlace | None = None

    def look(self) -> WireRun:
        """Ask the engine, and return the run as it is now."""
        if self._maker is None:
            return super().look()
        found, said = _known(self.client, self.id, self._maker), self.seen
        if said["endedAt"] is not None and found["endedAt"] is None:
            # The engine has not read yet what this process said last.
            return {**found, "status": said["status"], "endedAt": said["endedAt"]}
        return found

    @property
    def parent(self) -> Self | None:
        """The run that it is a child of."""
        if self._maker is not None:
            return self._maker
        parent = self.seen["parentId"]
        if parent is None:
            return None
        workspace = self.experiment.workspace
        return self.from_wire(workspace, found(workspace.client, parent))

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: Any = None
    ) -> Self:
        """Make a child, which can log at once; it ends with `complete()`, `fail()`, or its parent.

        As a context manager it completes, or fails with the exception that leaves it. `outputs`
        is a folder whose files are the child's `outputs/...` from then on.
        """
        tracked = tracked_outputs(outputs)
        child = self._child(name, {}, run_id)
        child._outputs = tracked
        return child

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[Any] | None = None,
    ) -> list[Self]:
        """Make `count` children, or one for each value with that tag."""
        if count is not None:
            if tag_key is not None or tag_values is not None:
                raise UserErrorException("give create_children a count, or a tag_key with values")
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise UserErrorException(f"count must be a whole number from 0 on, not {count!r}")
            return [self._child(None, {}, None) for _ in range(count)]
        if tag_key is None or tag_values is None:
            raise UserErrorException("create_children needs a count, or a tag_key with tag_values")
        return [self._child(None, {str(tag_key): str(value)}, None) for value in tag_values]

    def submit_child(
        self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any
    ) -> Self:
        """Send a ScriptRunConfig off as a child of this run, and return at once."""
        if self._maker is not None:
            self.look()  # The engine must know the parent.
        sent: Self = self.experiment.submit(config, tags=tags, **{**kwargs, "parent_id": self.id})
        return sent

    def get_children(
        self,
        recursive: bool = False,
        tags: Any = None,
        properties: Any = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Self]:
        """The children, newest first; with `recursive` also theirs, below each of them."""
        from jupyter_aml.sdk._run import filters

        if self._newest is not None:
            self._newest.look()  # Records are read in order: if this one is known, all are.
        elif self._maker is None and self._is_inside:
            self.client.runs.look(
                self.id
            )  # Processes that this one has started may have made some.
        wanted: dict[str, Any] = {
            "type": type, "tags": tags, "properties": properties, "status": status,
        }  # fmt: skip
        if recursive:
            return (run for run in self._all_below() if filters.fits(run.seen, **wanted))
        line = filters.line(parent=self.id, **wanted)
        return (run for run, _ in self._listed(line))

    def _all_below(self) -> Iterator[Self]:
        from jupyter_aml.sdk._run import filters

        for child, has_children in self._listed(filters.line(parent=self.id)):
            yield child
            if has_children:
                yield from child._all_below()

    def _listed(self, line: str) -> Iterator[tuple[Self, bool]]:
        from jupyter_aml.sdk._run import filters

        workspace, beside = self.experiment.workspace, self._here
        for page in filters.pages(self.client, workspace=workspace.name, filter=line):
            waits.looked_at(self, page["runs"])
            for seen in page["runs"]:
                child = self.from_wire(workspace, seen)
                place = None if beside is None else RunFolder(beside.path.parent / child.id)
                if place is not None and place.record.is_file():
                    child._place = place
                yield child, child.id in page["children"]

    def _child(self, name: str | None, tags: dict[str, str], run_id: str | None) -> Self:
        here = self._here
        if here is None:
            return self._child_elsewhere(name, tags, run_id)
        if os.path.ismount(here.path) and not os.access(here.path.parent, os.W_OK):
            raise UserErrorException(
                "this container may write to the folder of its own run alone, so a child cannot "
                "log from here; submit_child sends one off"
            )
        with given.within_limits():
            limits.display_name(name or "")
            limits.labels("tag", tags, {})
        # Asked before anything is made: one refuses a damaged record, one a run that has ended.
        parent, records = self.seen, self._records
        self._made += 1
        folder, self._made = _claim(here, run_id, self._made)
        number = self._made
        facts = {"displayName": name, "properties": {}, "tags": tags, "number": number}
        records.record("child", folder.path.name, facts, time.time())
        seen = _begun(parent, folder.path.name, name, tags, number)
        child = type(self)(
            self._experiment, folder.path.name, _inside=folder, _seen=seen, _maker=self
        )
        self._newest = announced[child.id] = child
        return child

    def _opened(self) -> PatientWriter:
        if self._maker is not None:
            _keep_few_open(self)
        return super()._opened()

    def _child_elsewhere(self, name: str | None, tags: dict[str, str], run_id: str | None) -> Self:
        workspace = self.experiment.workspace
        body: dict[str, Any] = {
            "runId": run_id or f"{self.id}_{os.urandom(4).hex()}",
            "workspace": workspace.name,
            "experiment": self.experiment.name,
            "type": "azureml.interactive",
            "parentId": self.id,
            "tags": tags,
        }
        if name is not None:
            body["displayName"] = name
        return self.from_wire(workspace, self.client.runs.submit(body))


def _known(client: Client, run_id: str, maker: RunPlace) -> WireRun:
    """The child as the engine has it, which is asked to look for it; NotFound if it does not."""
    try:
        return client.runs.get(run_id)
    except NotFound:
        # A parent that was announced itself comes first.
        maker.look()
    client.runs.look(maker.id)
    deadline, pause = time.monotonic() + _PATIENCE, 0.005
    while True:
        try:
            return client.runs.get(run_id)
        except NotFound:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def _keep_few_open(child: RunPlace) -> None:
    """Close the files of children that began to log long ago; they open again when they log."""
    _open[child] = None
    if len(_open) > _MOST_OPEN:
        oldest = next(iter(_open))
        del _open[oldest]
        writer, oldest._writer = oldest._writer, None
        if writer is not None:
            writer.close()


def _claim(parent: RunFolder, run_id: str | None, number: int) -> tuple[RunFolder, int]:
    """Make the folder of a child under an id and a number that nobody has, however many make some.

    The number is this one, or the next that no other process has taken.
    """
    runs, name = parent.path.parent, parent.path.name
    while True:
        chosen = ids.run_id(run_id or f"{name}_{number}")
        try:
            (runs / chosen).mkdir(mode=0o700)
            break
        except FileExistsError:
            if run_id is not None:
                raise UserErrorException(f"there is a run {run_id!r} already") from None
            number += 1
    folder = RunFolder(runs / chosen)
    folder.metrics.mkdir(mode=0o700)
    return folder, number


def _begun(
    parent: WireRun, run_id: str, name: str | None, tags: dict[str, str], number: int
) -> WireRun:
    from datetime import datetime, timezone

    from jupyter_aml.wire.coding import encode_time

    now = encode_time(datetime.now(timezone.utc))
    assert now is not None
    return {
        **parent,
        "runId": run_id, "number": number, "status": "Running", "seq": 0, "createdAt": now,
        "changedAt": now, "startedAt": now, "endedAt": None, "displayName": name,
        "description": "", "job": None, "script": None, "arguments": [], "parameters": {},
        "loggedParameters": [], "tags": dict(tags), "properties": {}, "parentId": parent["runId"],
        "snapshotId": None, "reason": None, "cancelRequested": False, "exitCode": None,
        "error": None, "warnings": [], "metrics": {},
    }  # fmt: skip
