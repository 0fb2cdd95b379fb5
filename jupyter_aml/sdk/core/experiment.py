"""An experiment: a name under which runs are numbered."""

from __future__ import annotations

import os
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.afar import submitted
from jupyter_aml.sdk._core.pages import experiment_page
from jupyter_aml.sdk._run import filters
from jupyter_aml.sdk._run.outputs import Tracked, new_outputs, tracked_outputs
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.exceptions import ComputeTargetException, UserErrorException
from jupyter_aml.wire.coding import decode_time, encode_time

if TYPE_CHECKING:
    import pandas

    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.contents import WireDryRun
    from jupyter_aml.wire.runs import WireExperiment, WireRun

_ARCHIVED = "aml.archived_time"
"""The tag that says so; it goes wherever the experiment goes, and is not shown among the others."""
DOCS = "https://learn.microsoft.com/python/api/azureml-core/azureml.core.experiment.experiment"


class ViewType:
    """Which experiments a list is about."""

    ActiveOnly = "ActiveOnly"
    ArchivedOnly = "ArchivedOnly"
    All = "All"


_SENT = (
    "description", "display_name", "if_changed", "origin", "parent_id", "source_directory",
)  # fmt: skip
_VIEWS = (ViewType.ActiveOnly, ViewType.ArchivedOnly, ViewType.All)


class Experiment:
    """Runs that belong together. Nothing is made until the first run or tag."""

    def __init__(
        self, workspace: Workspace, name: str, _seen: WireExperiment | None = None
    ) -> None:
        self._workspace, self._name = workspace, ids.experiment_name(name)
        self._seen = _seen

    @property
    def workspace(self) -> Workspace:
        """The workspace it belongs to."""
        return self._workspace

    @property
    def workspace_object(self) -> Workspace:
        """The workspace it belongs to."""
        return self._workspace

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def id(self) -> str:
        """Its name: there is no other."""
        return self._name

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags; one without a value has None."""
        return {key: value or None for key, value in self._all_tags().items() if key != _ARCHIVED}

    def submit(self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any) -> Run:
        """Send a ScriptRunConfig off as a run, and return at once.

        With `if_changed=True` the newest completed run is the answer where nothing has changed
        since: source, arguments, parameters, environment and target. Raises ComputeTargetException
        or Invalid with what is wrong; then nothing was made.
        """
        given.only("submit", kwargs, (*_SENT, "run_id"))
        body = self._body(config, tags, kwargs)
        # Our own id makes a repeated call harmless, should the engine be restarted under it.
        body["runId"] = kwargs.get("run_id") or ids.new_run_id(
            self._name, seconds=int(time.time()), suffix=uuid.uuid4().hex[:8]
        )
        try:
            seen = submitted(self._workspace.client, body)
        except (Invalid, NotFound) as error:
            raise _mistaken(error, body) from None
        return Run.from_wire(self._workspace, seen)

    def dry_run(
        self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any
    ) -> WireDryRun:
        """Say what `submit` would send."""
        given.only("dry_run", kwargs, _SENT)
        body = self._body(config, tags, kwargs)
        answer: WireDryRun = submitted(self._workspace.client, {**body, "dryRun": True})
        return answer

    def start_logging(
        self,
        *,
        outputs: str | os.PathLike[str] | Literal[False] | None = None,
        snapshot_directory: str | os.PathLike[str] | Literal[False] | None = ".",
        display_name: str | None = None,
    ) -> Run:
        """Begin an interactive run, which logs from this process until `complete()`.

        The files of the folder `outputs` are the run's `outputs/...` once it completes or fails;
        without one, those that are written into `./outputs` meanwhile; `False` keeps none.
        `snapshot_directory` is kept as its source; None keeps none. The current folder, where none
        is named, is left out with a warning where it is too large.
        """
        if outputs is None:
            tracked: Tracked | None = new_outputs()
        else:
            tracked = tracked_outputs(outputs or None)
        body = self._interactive(display_name)
        run = Run.from_wire(self._workspace, self._begun(body, snapshot_directory))
        run._outputs = tracked
        return run

    def _interactive(self, display_name: str | None) -> dict[str, Any]:
        body = {
            "workspace": self._workspace.name,
            "experiment": self._name,
            "type": "azureml.interactive",
            "process": {"pid": os.getpid(), "start": _start_of_this_process()},
            "runId": ids.new_run_id(
                self._name, seconds=int(time.time()), suffix=uuid.uuid4().hex[:8]
            ),
        }
        if display_name:
            body["displayName"] = str(display_name)
        return body

    def _begun(self, body: dict[str, Any], snapshot_directory: Any) -> WireRun:
        if not snapshot_directory:
            return self._sent(body)
        source = {"directory": os.path.abspath(os.fspath(snapshot_directory))}
        try:
            return self._sent({**body, "source": source})
        except (Invalid, NotFound) as error:
            if snapshot_directory != ".":
                raise
            warnings.warn(
                f"no source is kept with run {body['runId']}: {error}\n"
                "snapshot_directory= names a folder that is, None keeps none",
                stacklevel=4,
            )
            return self._sent(body)

    def _sent(self, body: dict[str, Any]) -> WireRun:
        seen: WireRun = submitted(self._workspace.client, body)
        return seen

    def get_runs(
        self,
        type: str | None = None,
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The runs, newest first; `tags` are a name or names with the values wanted."""
        return self._listed(include_children, type=type, tags=tags, properties=properties)

    def _listed(self, include_children: bool, **wanted: Any) -> Iterator[Run]:
        line = filters.line(parent=None if include_children else "none", **wanted)
        return (Run.from_wire(self._workspace, seen) for seen in self._found(line))

    def to_dataframe(self, filter: str = "", include_children: bool = False) -> pandas.DataFrame:
        """One row a run, newest first, for runs that fit a filter as `%aml ls` takes it."""
        from jupyter_aml.sdk._run.frames import runs

        mine = "" if include_children else filters.line(parent="none")
        return runs(self._found(f"{mine} {filter}".strip()))

    def _found(self, line: str) -> Iterator[WireRun]:
        query = {"workspace": self._workspace.name, "experiment": self._name, "filter": line}
        for page in filters.pages(self._workspace.client, **query):
            yield from page["runs"]

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = ViewType.ActiveOnly,
        tags: Any = None,
    ) -> list[Experiment]:
        """The experiments of a workspace that are active, archived or either, with these tags."""
        if view_type not in _VIEWS:
            listed = ", ".join(_VIEWS)
            raise UserErrorException(f"there is no view_type {view_type!r}; there are {listed}")
        found = [
            each for name, each in workspace.experiments.items() if experiment_name in (None, name)
        ]
        return [each for each in found if each._is_in(view_type) and each._has(tags)]

    @classmethod
    def get_docs_url(cls) -> str:
        """Where this class is described."""
        return DOCS

    @staticmethod
    def from_directory(path: str | os.PathLike[str], auth: Any = None) -> Experiment:
        """The experiment that a folder was attached to, by the file that SDK v1 kept in it."""
        from jupyter_aml.sdk._core.attached import names_in
        from jupyter_aml.sdk.core.workspace import Workspace

        workspace, name = names_in(path)
        return Experiment(Workspace(workspace_name=workspace), name)

    # ---- tags and the end of it -------------------------------------------------------------

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        named = {str(key): "" if value is None else str(value) for key, value in tags.items()}
        self._tell(named)

    def remove_tags(self, tags: Any) -> None:
        """Take tags away."""
        self._tell(dict.fromkeys([tags] if isinstance(tags, str) else [str(key) for key in tags]))

    def archive(self) -> None:
        """Leave it out of lists of experiments; its runs stay, and new ones may be sent."""
        if self.archived_time is None:
            self._tell({_ARCHIVED: encode_time(datetime.now(timezone.utc))})

    def reactivate(self, new_name: str | None = None) -> None:
        """Put it back into lists of experiments; its name cannot be changed."""
        if new_name not in (None, self._name):
            raise UserErrorException(
                f"an experiment keeps its name here: reactivate {self._name!r} without new_name"
            )
        self._tell({_ARCHIVED: None})

    @property
    def archived_time(self) -> datetime | None:
        """When it was archived, or None."""
        return decode_time(self._all_tags().get(_ARCHIVED))

    def refresh(self) -> None:
        """Ask the engine for its tags."""
        self._seen = self._find()

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete an experiment that has no runs; raises IllegalMove while it has some."""
        try:
            workspace.client.experiments.remove(workspace.name, ids.experiment_name(experiment_id))
        except NotFound as error:
            raise UserErrorException(str(error)) from None

    def get_portal_url(self) -> str:
        """The page of the experiment's runs, where a server shows it; else where they lie."""
        page = experiment_page(self._workspace.name, self._name)
        if page is not None:
            return page
        root = self._workspace.client.status()["root"]
        return Path(root, "workspaces", self._workspace.name, "runs").as_uri()

    def _find(self) -> WireExperiment | None:
        found = self._workspace.client.experiments.list(self._workspace.name)
        return next((each for each in found if each["name"] == self._name), None)

    def _body(
        self, config: Any, tags: Mapping[str, str] | None, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        if isinstance(config, RunConfiguration):
            config = ScriptRunConfig(more.get("source_directory", "."), run_config=config)
        if hasattr(config, "_script_run_config"):
            config = config._script_run_config()
        if not isinstance(config, ScriptRunConfig):
            raise UserErrorException(
                f"{config.__class__.__name__} cannot be submitted in this version; "
                "a ScriptRunConfig or an Estimator can"
            )
        body = {
            **config.request(None if config.names_an_environment else self._of_the_kernel()),
            "workspace": self._workspace.name,
            "experiment": self._name,
            "tags": {str(key): str(value) for key, value in (tags or {}).items()},
            "origin": more.get("origin") or _origin(),
        }
        for name, key in (("display_name", "displayName"), ("description", "description"),
                          ("parent_id", "parentId")):  # fmt: skip
            if more.get(name):
                body[key] = str(more[name])
        if more.get("if_changed"):
            body["ifChanged"] = True
        return body

    def _tell(self, tags: Mapping[str, str | None]) -> None:
        self._seen = self._workspace.client.experiments.tag(self._workspace.name, self._name, tags)

    def _all_tags(self) -> dict[str, str]:
        if self._seen is None:
            self._seen = self._find()
        return {} if self._seen is None else self._seen["tags"]

    def _is_in(self, view_type: str) -> bool:
        return view_type == ViewType.All or (self.archived_time is None) == (
            view_type == ViewType.ActiveOnly
        )

    def _has(self, tags: Any) -> bool:
        there = self.tags
        return all(
            key in there and value in (None, there[key])
            for key, value in filters.named(tags).items()
        )

    def _of_the_kernel(self) -> dict[str, Any] | None:
        """The environment of a managed kernel: where none is named, runs are sent in that one."""
        label = os.environ.get("AML_ENVIRONMENT")
        if not label or "AML_RUN_DIR" in os.environ:
            return None
        name, _, version = label.partition(":")
        workspace = os.environ.get("AML_WORKSPACE", self._workspace.name)
        seen = self._workspace.client.environments.get(workspace, name, version or None)
        return seen["definition"]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and (other._name, other._workspace.name) == (
            self._name, self._workspace.name,
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self._workspace.name, self._name))

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def _repr_html_(self) -> str:
        from jupyter_aml.widgets.parts import facts

        return facts(
            {"Name": self._name, "Workspace": self._workspace.name},
            {
                "Report Page": ("Link to the runs", self.get_portal_url()),
                "Docs Page": ("Link to Documentation", DOCS),
            },
        )


def _mistaken(error: AmlError, body: Mapping[str, Any]) -> AmlError:
    """As SDK v1 said it: of its target and its data it knew before a run was made."""
    if "compute target" in str(error):
        return ComputeTargetException(str(error))
    has_data = "inputs" in body or "outputs" in body
    if has_data:
        return UserErrorException(str(error))
    return _Refused(str(error)) if isinstance(error, Invalid) else error


class _Refused(UserErrorException, Invalid):
    """What the engine refuses, as scripts of both times catch it."""


def _origin() -> dict[str, Any]:
    return {"notebook": os.environ.get("JPY_SESSION_NAME"), "cellId": None, "executionCount": None}


def _start_of_this_process() -> str:
    """What tells this process from a later one of the same pid: field 22 of /proc/PID/stat."""
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        return _start_by_ps()


def _start_by_ps() -> str:
    import subprocess

    told = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(os.getpid())],
        env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return told.stdout.strip()
