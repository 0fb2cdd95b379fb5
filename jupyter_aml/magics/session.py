"""What the magics of one kernel share: the shell, the last run, the way to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from IPython.core.error import UsageError

from jupyter_aml.client import Client, running
from jupyter_aml.domain.environment import read_label
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound
from jupyter_aml.magics import notebook
from jupyter_aml.magics.known import Cache, Known
from jupyter_aml.magics.views import Views
from jupyter_aml.sdk._run.references import References
from jupyter_aml.sdk.core import Experiment, Run, Workspace
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.runs import WireRun, WireRunPage

_RECENT = 100


class Session:
    """One per kernel."""

    def __init__(self, shell: Any, views: Views) -> None:
        self.shell, self.views = shell, views
        self.last: Run | None = None
        self.cache = Cache(self._look)
        self._workspace: Workspace | None = None
        self._known_workspace: Workspace | None = None

    # ---- the notebook -----------------------------------------------------------------------

    @property
    def names(self) -> Mapping[str, Any]:
        """The notebook's variables."""
        found: Mapping[str, Any] = self.shell.user_ns
        return found

    @property
    def inputs(self) -> Sequence[str]:
        """The cells as they were run, by execution count."""
        found = self.names.get("In", ())
        return found if isinstance(found, list) else ()

    @property
    def raw_cell(self) -> str:
        """The cell at work as the user wrote it; empty where the shell does not keep it."""
        history = getattr(self.shell.history_manager, "input_hist_raw", None) or [""]
        return str(history[-1])

    @property
    def default_experiment(self) -> str:
        """Where runs of this notebook go."""
        return notebook.experiment(self.names)

    def keep(self, run: Run, variable: str | None = None) -> None:
        """Make the run the last one, `_aml`, and the value of the variable."""
        self.last = run
        self.shell.user_ns["_aml"] = run
        if variable is not None:
            self.shell.user_ns[variable] = run
        self.cache.refresh()

    # ---- the engine -------------------------------------------------------------------------

    def begin(self) -> None:
        """A new line of `%aml`: look for config.json and the engine again."""
        if self._workspace is not None:
            self._workspace.client.close()
        self._workspace = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of config.json, else the default one."""
        if self._workspace is None:
            self._workspace = Workspace.from_config()
        self._known_workspace = self._workspace
        return self._workspace

    def experiment(self, name: str | None) -> Experiment:
        """The experiment of that name, else the notebook's."""
        return Experiment(self.workspace, name or self.default_experiment)

    def as_run(self, found: WireRun) -> Run:
        """The SDK's run for one of a list."""
        return Run.from_wire(self.workspace, found)

    def runs(self, **query: Any) -> WireRunPage:
        """One page of this workspace's runs."""
        workspace = self.workspace
        return workspace.client.runs.page(workspace=workspace.name, **query)

    # ---- environments -----------------------------------------------------------------------

    def environment(self, text: str) -> WireEnvironment:
        """Return the environment `NAME[:VERSION]`; NotFound names what comes near."""
        workspace = self.workspace
        return workspace.client.environments.get(workspace.name, *read_label(text))

    def register(self, body: Mapping[str, Any]) -> WireEnvironment:
        """Register an environment in the workspace, and offer it from now on."""
        workspace = self.workspace
        made = workspace.client.environments.add({"workspace": workspace.name, **body})
        self.cache.refresh()
        return made

    def environment_names(self, word: str) -> list[str]:
        """What may stand for an environment; with versions once a colon is typed."""
        known = self.cache.get().environments
        if ":" not in word:
            return [each["name"] for each in known]
        return [f"{each['name']}:{version}" for each in known for version in each["versions"]]

    def model_names(self, word: str) -> list[str]:
        """What may stand for a model; with its version or alias once the sign of it is typed."""
        known = self.cache.get().models
        if ":" in word:
            return [each["id"] for each in known]
        if "@" in word:
            return [f"{each['name']}@{alias}" for each in known for alias in each["aliases"]]
        return [each["name"] for each in known]

    def dataset_names(self, word: str) -> list[str]:
        """What may stand for a data set; with its versions once a colon is typed."""
        known = [each for each in self.cache.get().datasets if " " not in each["name"]]
        if ":" not in word:
            return [each["name"] for each in known]
        return [f"{each['name']}:{version}" for each in known for version in each["versions"]]

    def compute_names(self, *, made: bool = False) -> list[str]:
        """What may stand for a compute target; with `made` only what was created or attached."""
        known = self.cache.get().computes
        return [each["name"] for each in known if each["workspace"] is not None or not made]

    # ---- which run is meant -----------------------------------------------------------------

    def find(self, text: str) -> Run:
        """Return the run that is meant, or raise UsageError with what comes near.

        A run is named by its id, the beginning of it, `#number`, `experiment#number`,
        `experiment#last`, `last`, or a variable that holds it.
        """
        held = self.names.get(text)
        if isinstance(held, Run):
            return held
        if text == "last" and self.last is not None:
            return self.last
        workspace = self.workspace
        references = References(
            workspace.client, workspace.name, here=self.default_experiment, lists="%aml ls"
        )
        try:
            return self.as_run(references.find(text))
        except (Invalid, NotFound) as error:
            raise UsageError(str(error)) from None

    # ---- completion -------------------------------------------------------------------------

    def run_names(self) -> list[str]:
        """What may stand for a run, newest first."""
        held = [name for name, value in self.names.items() if isinstance(value, Run)]
        mine = [name for name in held if not name.startswith("_")]
        return ["last", *mine, *(run["runId"] for run in self.cache.get().runs)]

    def _look(self) -> Known | None:
        try:
            workspace = self._known_workspace or _workspace_of_a_running_engine()
        except AmlError:
            return None
        if workspace is None:
            return None
        # Completion never starts an engine, which the workspace's own client would.
        client = Client(workspace.client.address)
        try:
            return Known(
                experiments=tuple(each["name"] for each in client.experiments.list(workspace.name)),
                computes=tuple(client.compute.list(workspace.name)),
                kinds=tuple(client.compute.kinds()),
                runs=tuple(client.runs.page(workspace=workspace.name, limit=_RECENT)["runs"]),
                environments=tuple(client.environments.list(workspace.name)),
                kernels=tuple(each["spec"] for each in client.kernels.list()["specs"]),
                models=tuple(client.models.page(workspace.name, newest=1)["models"]),
                datasets=tuple(client.datasets.list(workspace.name)),
            )
        except AmlError:
            return None
        finally:
            client.close()


def _workspace_of_a_running_engine() -> Workspace | None:
    # Completion never starts a server.
    client = running()
    if client is None:
        return None
    client.close()
    return Workspace.from_config()
