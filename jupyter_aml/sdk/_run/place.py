"""Where a run is: its folder, where that is at hand, and the engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.client import Client
    from jupyter_aml.runfolder.records import PatientWriter, RecordWriter
    from jupyter_aml.sdk._run.outputs import Tracked
    from jupyter_aml.wire.runs import WireRun


_ASKED_FOR = {"runId", "status", "tags", "properties", "parameters", "parentId", "endedAt"}
"""What is read of the record of a run that goes on."""


class Space(Protocol):
    """The workspace of a run; `azureml.core.Workspace` is one."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def client(self) -> Client:
        """The way to the engine."""
        ...


class Group(Protocol):
    """The experiment of a run; `azureml.core.Experiment` is one."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def workspace(self) -> Space:
        """The workspace that it belongs to."""
        ...

    def submit(self, config: Any, tags: Any = None, **kwargs: Any) -> Any:
        """Send a run off."""
        ...


class RunPlace:
    """What all parts of Run lean on.

    A run that is *inside* writes to its folder and needs no server: it is this script, or a
    child that this process has made; then `_maker` is the run that made it.
    """

    id: str
    _experiment: Group | None
    _maker: Self | None

    def __init__(
        self, experiment: Group | None, run_id: str, outputs: Any = None, **kwargs: Any
    ) -> None:
        given.only("Run", kwargs, ("_maker", "_inside", "_seen"))
        given.refuse(
            "start_logging and child_run take it, a run that is there keeps what it has",
            outputs=outputs,
        )
        self._experiment, self.id = experiment, run_id
        self._outputs: Tracked | None = None
        self._described: set[str] = set()
        self._maker = kwargs.get("_maker")
        self._inside: RunFolder | None = kwargs.get("_inside")
        self._seen: WireRun | None = kwargs.get("_seen")
        self._place = self._inside
        self._writer: PatientWriter | None = None

    @classmethod
    def get_context(cls, allow_offline: bool = True, **kwargs: Any) -> Any:
        """Return the run that this script is."""
        raise NotImplementedError

    def get_environment(self) -> Any:
        """Return the environment that it runs in."""
        raise NotImplementedError

    @classmethod
    def from_wire(cls, workspace: Any, seen: WireRun) -> Self:
        """Return the run of an answer of the engine; `workspace` is the SDK's."""
        raise NotImplementedError

    @property
    def seen(self) -> WireRun:
        """The run as it was last seen; inside of a run as it was when it was sent."""
        if self._seen is None:
            self._seen = _sent(self._folder)
        return self._seen

    def look(self) -> WireRun:
        """Ask the engine, and return the run as it is now."""
        self._seen = self.client.runs.get(self.id)
        return self._seen

    @property
    def experiment(self) -> Group:
        """The experiment it belongs to."""
        raise NotImplementedError

    @property
    def client(self) -> Client:
        """The way to the engine."""
        return self.experiment.workspace.client

    @property
    def _is_inside(self) -> bool:
        return self._inside is not None

    @property
    def _is_in_script(self) -> bool:
        """Whether this process is the run, or one that the run has started."""
        return self._is_inside if self._maker is None else self._maker._is_in_script

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


def _sent(folder: RunFolder) -> WireRun:
    """The run as it was sent; raises UserErrorException where its record cannot be read."""
    import json

    from jupyter_aml.runfolder.plain import read_plain

    try:
        seen: Any = json.loads(read_plain(folder.record).decode())
    except OSError as error:
        raise _damaged(folder, error.strerror or str(error)) from None
    except RecursionError:
        raise _damaged(folder, "it is too deep") from None
    except ValueError as error:
        raise _damaged(folder, str(error)) from None
    if not isinstance(seen, dict) or not seen.keys() >= _ASKED_FOR:
        raise _damaged(folder, "it is not the record of a run")
    told: WireRun = seen  # type: ignore[assignment]
    return told


def _damaged(folder: RunFolder, cause: str) -> UserErrorException:
    return UserErrorException(
        f"{folder.record} is damaged ({cause}), so nobody knows what run {folder.path.name} was "
        "sent with; what was logged stays, and log goes on"
    )


announced: WeakValueDictionary[str, RunPlace] = WeakValueDictionary()
"""The children that this process has made, by id: the engine reads of them a moment later."""


def found(client: Client, run_id: str) -> WireRun:
    """Return the run of that id, or raise UserErrorException."""
    from jupyter_aml.domain import ids
    from jupyter_aml.domain.errors import NotFound

    try:
        return client.runs.get(ids.run_id(run_id))
    except NotFound as error:
        child = announced.get(run_id)
        if child is not None:
            return child.look()
        raise UserErrorException(str(error)) from None
