"""Where a run is: its folder, where that is at hand, and the engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client import Client
    from jupyter_aml.runfolder.records import PatientWriter, RecordWriter
    from jupyter_aml.sdk.core.experiment import Experiment
    from jupyter_aml.sdk.core.run import Run
    from jupyter_aml.wire.runs import WireRun


class RunPlace:
    """What all parts of Run lean on.

    A run that is *inside* writes to its folder and needs no server: it is this script, or a
    child that this process has made; then `_maker` is the run that made it.
    """

    id: str

    def __init__(
        self,
        experiment: Experiment | None,
        run_id: str,
        *,
        inside: RunFolder | None,
        seen: WireRun | None,
        maker: Run | None,
    ) -> None:
        self._experiment, self.id = experiment, run_id
        self._inside, self._seen, self._maker = inside, seen, maker
        self._place: RunFolder | None = inside
        self._writer: PatientWriter | None = None

    @property
    def seen(self) -> WireRun:
        """The run as it was last seen; inside of a run as it was when it was sent."""
        if self._seen is None:
            import json

            self._seen = json.loads(self._folder.record.read_text(encoding="utf-8"))
        assert self._seen is not None
        return self._seen

    def look(self) -> WireRun:
        """Ask the engine, and return the run as it is now."""
        self._seen = self.client.run(self.id)
        return self._seen

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        raise NotImplementedError

    @property
    def _kind(self) -> type[Run]:
        """The class itself, which the parts that it is made of must not import."""
        kind: Any = type(self)
        return kind  # type: ignore[no-any-return]

    @property
    def client(self) -> Client:
        """The way to the engine."""
        return self.experiment.workspace.client

    @property
    def _is_inside(self) -> bool:
        return self._inside is not None

    @property
    def _here(self) -> RunFolder | None:
        """The run's folder, where it is on this machine."""
        if self._place is None:
            given = os.environ.get("AML_ROOT")
            root = os.path.abspath(given) if given else self.client.status()["root"]
            seen = self.seen
            path = os.path.join(root, "workspaces", seen["workspace"], "runs", self.id)
            if os.path.isfile(os.path.join(path, "run.json")):
                self._place = RunFolder(path)
        return self._place

    @property
    def _folder(self) -> RunFolder:
        here = self._here
        if here is None:
            raise UserErrorException(f"the folder of run {self.id} is not on this machine")
        return here

    @property
    def _records(self) -> RecordWriter:
        writer = self._writer
        if writer is None:
            if self._has_ended:
                raise UserErrorException(f"run {self.id} has ended: nothing can be logged to it")
            writer = self._writer = self._opened()
        return writer

    def _opened(self) -> PatientWriter:
        from jupyter_aml.runfolder.records import PatientWriter

        return PatientWriter(self._folder.metrics)

    @property
    def _has_ended(self) -> bool:
        if self._maker is not None:
            return self.seen["endedAt"] is not None
        return not self._is_inside and self.look()["endedAt"] is not None
