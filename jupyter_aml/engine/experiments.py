"""Experiments: names under which the runs of a workspace are numbered, each a file and a row."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jupyter_aml.domain import limits
from jupyter_aml.domain.errors import NotFound, StorageFailed
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.engine import workspace_files as files
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.workspaces import Workspaces
from jupyter_aml.wire.workspaces import ExperimentTags, NewExperiment


class Experiments:
    """Makes, lists and tags experiments."""

    def __init__(self, root: Root, ledger: Ledger, workspaces: Workspaces) -> None:
        self._root, self._ledger, self._workspaces = root, ledger, workspaces

    async def need(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Enter the experiment as it is written down, where the index does not know it yet."""
        await self._ledger.do(self._enter_written, workspace, name)

    async def list(self, workspace: WorkspaceName) -> list[Experiment]:
        """The experiments of a workspace with the number of their runs."""
        return await self._ledger.do(self._ledger.experiments.list, workspace)

    async def add(self, asked: NewExperiment) -> Experiment:
        """Make an experiment, or find it."""
        await self._workspaces.need(asked.workspace)
        return await self._ledger.do(self._add, asked.workspace, asked.name, asked.tags)

    async def tag(self, asked: ExperimentTags) -> Experiment:
        """Set tags of an experiment, which is made if need be."""
        await self._workspaces.need(asked.workspace)
        return await self._ledger.do(self._tag, asked)

    async def remove(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Delete an experiment that has no runs: the file first, then the row."""
        await self._ledger.do(self._remove, workspace, name)

    async def adopt(self) -> tuple[Path, ...]:
        """Enter what is written down and not in the index; returns files that cannot be read."""
        return await self._ledger.do(self._adopt)

    # ---- in the thread of the index, so that none of these comes between the steps of another --

    def _adopt(self) -> tuple[Path, ...]:
        unreadable: builtins.list[Path] = []
        entered = {(one.workspace, one.name): one for one in self._ledger.experiments.every()}
        for experiment in files.experiments(self._root, unreadable):
            if entered.get((experiment.workspace, experiment.name)) != experiment:
                self._ledger.experiments.put(experiment)
        return tuple(unreadable)

    def _enter_written(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        if self._ledger.experiments.has(workspace, name):
            return
        # One that cannot be read keeps no run away; who changes its tags is told.
        with contextlib.suppress(StorageFailed):
            written = files.read_experiment(self._root, workspace, name)
            if written is not None:
                self._ledger.experiments.put(written)

    def _add(
        self, workspace: WorkspaceName, name: ExperimentName, tags: Mapping[str, str]
    ) -> Experiment:
        known = self._known_experiment(workspace, name)
        made = known or Experiment(workspace=workspace, name=name, created_at=now(), tags=tags)
        if not files.experiment_file(self._root, workspace, name).exists():
            files.write_experiment(self._root, made)
        return self._ledger.experiments.put(made)

    def _tag(self, asked: ExperimentTags) -> Experiment:
        known = self._add(asked.workspace, asked.name, {})
        limits.labels("tag", asked.tags, known.tags)
        tags = {**known.tags, **asked.tags}
        tagged = replace(known, tags={key: tag for key, tag in tags.items() if tag is not None})
        files.write_experiment(self._root, tagged)
        return self._ledger.experiments.put(tagged)

    def _remove(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        self._ledger.experiments.need_empty(workspace, name)
        files.experiment_file(self._root, workspace, name).unlink(missing_ok=True)
        self._ledger.experiments.remove(workspace, name)

    def _known_experiment(
        self, workspace: WorkspaceName, name: ExperimentName
    ) -> Experiment | None:
        """What the file says, which the index only repeats; else what the index alone knows."""
        written = files.read_experiment(self._root, workspace, name)
        if written is not None:
            return written
        try:
            return self._ledger.experiments.get(workspace, name)
        except NotFound:
            return None
