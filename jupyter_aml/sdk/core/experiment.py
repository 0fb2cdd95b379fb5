"""An experiment: a name under which runs are numbered."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.exceptions import ComputeTargetException, UserErrorException
from jupyter_aml.sdk.later import later

if TYPE_CHECKING:
    from jupyter_aml import wire
    from jupyter_aml.sdk.core.workspace import Workspace

_PAGE = 100


@later(
    "archive archived_time delete from_directory get_docs_url reactivate refresh remove_tags "
    "set_tags tag workspace_object"
)
class Experiment:
    """Runs that belong together. Nothing is made until the first run or tag."""

    def __init__(
        self, workspace: Workspace, name: str, _seen: wire.WireExperiment | None = None, **_: Any
    ) -> None:
        self._workspace, self._name = workspace, ids.experiment_name(name)
        self._seen = _seen

    @property
    def workspace(self) -> Workspace:
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
    def tags(self) -> dict[str, str]:
        """The tags it was made with."""
        found = self._seen or self._find()
        return dict(found["tags"]) if found else {}

    def submit(self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any) -> Run:
        """Send a ScriptRunConfig off as a run, and return at once.

        Raises ComputeTargetException or Invalid with what is wrong; then nothing was made.
        """
        body = self._body(config, tags, kwargs)
        # Our own id makes a repeated call harmless, should the engine be restarted under it.
        body["runId"] = kwargs.get("run_id") or ids.new_run_id(
            self._name, seconds=int(time.time()), suffix=uuid.uuid4().hex[:8]
        )
        try:
            seen = self._workspace.client.submit(body)
        except NotFound as error:
            if "compute target" in str(error):
                raise ComputeTargetException(str(error)) from None
            raise
        return Run.from_wire(self._workspace, seen)

    def dry_run(
        self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any
    ) -> wire.WireDryRun:
        """Say what `submit` would send."""
        body = self._body(config, tags, kwargs)
        answer: wire.WireDryRun = self._workspace.client.submit({**body, "dryRun": True})
        return answer

    def start_logging(self, *args: Any, **kwargs: Any) -> Run:
        """Begin an interactive run, which logs from this process until `complete()`."""
        body = {
            "workspace": self._workspace.name,
            "experiment": self._name,
            "type": "azureml.interactive",
            "process": {"pid": os.getpid(), "start": _start_of_this_process()},
        }
        if kwargs.get("display_name"):
            body["displayName"] = str(kwargs["display_name"])
        directory = kwargs.get("snapshot_directory")
        if directory is not None:
            body["source"] = {"directory": os.path.abspath(os.fspath(directory))}
        body["runId"] = ids.new_run_id(
            self._name, seconds=int(time.time()), suffix=uuid.uuid4().hex[:8]
        )
        return Run.from_wire(self._workspace, self._workspace.client.submit(body))

    def get_runs(
        self,
        type: str | None = None,
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The runs, newest first; `tags` are a name or names with the values wanted."""
        wanted = {tags: None} if isinstance(tags, str) else dict(tags or {})
        after = None
        while True:
            page = self._workspace.client.runs(
                workspace=self._workspace.name, experiment=self._name, limit=_PAGE, after=after
            )
            for seen in page["runs"]:
                if _fits(seen, type, wanted, properties or {}, include_children):
                    yield Run.from_wire(self._workspace, seen)
            after = page["next"]
            if after is None:
                return

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
        tags: Any = None,
    ) -> list[Experiment]:
        """The experiments of a workspace."""
        found = workspace.experiments
        return [each for name, each in found.items() if experiment_name in (None, name)]

    def get_portal_url(self) -> str:
        """Where the experiment's runs lie."""
        return f"{self._workspace.client.status()['root']}/workspaces/{self._workspace.name}/runs"

    def _find(self) -> wire.WireExperiment | None:
        found = self._workspace.client.experiments(self._workspace.name)
        return next((each for each in found if each["name"] == self._name), None)

    def _body(
        self, config: Any, tags: Mapping[str, str] | None, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        if isinstance(config, RunConfiguration):
            config = ScriptRunConfig(more.get("source_directory", "."), run_config=config)
        if not isinstance(config, ScriptRunConfig):
            raise UserErrorException(
                f"{config.__class__.__name__} cannot be submitted in this version; "
                "a ScriptRunConfig can"
            )
        body = {
            **config.request(None if config.names_an_environment else self._of_the_kernel()),
            "workspace": self._workspace.name,
            "experiment": self._name,
            "tags": {str(key): str(value) for key, value in (tags or {}).items()},
            "origin": more.get("origin") or _origin(),
        }
        for name, key in (("display_name", "displayName"), ("description", "description")):
            if more.get(name):
                body[key] = str(more[name])
        return body

    def _of_the_kernel(self) -> dict[str, Any] | None:
        """The environment of a managed kernel: where none is named, runs are sent in that one."""
        label = os.environ.get("AML_ENVIRONMENT")
        if not label or "AML_RUN_DIR" in os.environ:
            return None
        name, _, version = label.partition(":")
        workspace = os.environ.get("AML_WORKSPACE", self._workspace.name)
        seen = self._workspace.client.environment(workspace, name, version or None)
        return seen["definition"]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and (other._name, other._workspace.name) == (
            self._name, self._workspace.name,
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self._workspace.name, self._name))

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name}, Workspace: {self._workspace.name})"


def _fits(
    seen: wire.WireRun,
    kind: str | None,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
    children: bool,
) -> bool:
    return (
        (kind is None or seen["type"] == kind)
        and (children or seen["parentId"] is None)
        and all(
            key in seen["tags"] and value in (None, seen["tags"][key])
            for key, value in tags.items()
        )
        and all(seen["properties"].get(key) == value for key, value in properties.items())
    )


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
