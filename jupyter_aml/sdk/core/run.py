"""A run: in its script the place to log, elsewhere what became of it."""

from __future__ import annotations

import os
from time import time
from typing import TYPE_CHECKING, Any

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run import waits
from jupyter_aml.sdk._run.children import RunChildren
from jupyter_aml.sdk._run.labels import RunLabels
from jupyter_aml.sdk._run.logging import RunLogging
from jupyter_aml.sdk._run.place import found
from jupyter_aml.sdk._run.repeats import RunRepeats
from jupyter_aml.sdk._run.source import RunSource
from jupyter_aml.sdk.exceptions import RunEnvironmentException, UserErrorException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Literal, Self

    from jupyter_aml.sdk._run.run_data import InputDatasets, OutputDatasets
    from jupyter_aml.sdk.core.environment import Environment
    from jupyter_aml.sdk.core.experiment import Experiment
    from jupyter_aml.sdk.core.model import Model
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.runs import WireRun

_current: Run | None = None
_factories: dict[str, Callable[[Experiment, WireRun], Any]] = {}
"""What makes the runs of a type, by `add_type_provider`."""
DOCS = "https://learn.microsoft.com/python/api/azureml-core/azureml.core.script_run.scriptrun"


class Run(RunSource, RunLabels, RunLogging, RunChildren, RunRepeats):
    """One execution of one script, or of cells that log from a kernel.

    Inside of a run everything goes to its folder and needs no server.
    """

    _experiment: Experiment | None

    def __init__(
        self, experiment: Experiment | None, run_id: str, outputs: Any = None, **kwargs: Any
    ) -> None:
        """Take the run of that id; raises UserErrorException where the experiment has none."""
        super().__init__(experiment, run_id, outputs, **kwargs)
        if self._inside is None and self._seen is None:
            self._seen = found(self.client, run_id)
            name = self._seen["experiment"]
            if experiment is not None and name != experiment.name:
                raise UserErrorException(
                    f"run {run_id!r} is one of experiment {name!r}, not of {experiment.name!r}"
                )

    # ---- where runs come from ---------------------------------------------------------------

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: Any
    ) -> Any:
        """The run that this script is; outside of runs one that only prints what it would log.

        Raises RunEnvironmentException outside of runs with `allow_offline=False`.
        """
        given.only("get_context", kwargs)
        global _current
        folder = os.environ.get("AML_RUN_DIR")
        if folder is not None:
            if _current is None:
                _current = cls(None, os.environ["AML_RUN_ID"], _inside=RunFolder(folder))
            return _current
        if not allow_offline:
            raise RunEnvironmentException(
                "this script was not submitted as a run: there is no run to log to"
            )
        from jupyter_aml.sdk._run.offline import OfflineRun

        return OfflineRun(_workspace_here)

    get_submitted_run = get_context

    @classmethod
    def from_wire(cls, workspace: Workspace, seen: WireRun) -> Self:
        """The run of an answer of the engine, of the class that `add_type_provider` names."""
        from jupyter_aml.sdk.core.experiment import Experiment

        experiment = Experiment(workspace, seen["experiment"])
        factory = _factories.get(seen["type"])
        if factory is not None:
            made: Self = factory(experiment, seen)
            return made
        return cls(experiment, seen["runId"], _seen=seen)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Callable[[Experiment, WireRun], Any]) -> None:
        """Let a function make the runs of a type, of their experiment and what is known of them."""
        if not callable(run_factory):
            raise UserErrorException("run_factory: give a function of an experiment and a run")
        _factories[str(runtype)] = run_factory

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: str | None = None,
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs of a compute target, newest first, of all experiments of its workspace."""
        from jupyter_aml.sdk._run import filters

        workspace = compute.workspace
        line = filters.line(type=type, tags=tags, properties=properties, status=status)
        for page in filters.pages(workspace.client, workspace=workspace.name, filter=line):
            for seen in page["runs"]:
                if seen["target"] == compute.name:
                    yield Run.from_wire(workspace, seen)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run of that id, or UserErrorException."""
        return Run.from_wire(workspace, found(workspace.client, run_id))

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The runs of an experiment, newest first."""
        return experiment._listed(
            include_children, type=type, tags=tags, properties=properties, status=status
        )

    # ---- what it is -------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        if self._maker is not None:
            return self._maker.experiment
        if self._experiment is None:
            from jupyter_aml.sdk.core.experiment import Experiment
            from jupyter_aml.sdk.core.workspace import Workspace

            workspace = Workspace(workspace_name=os.environ["AML_WORKSPACE"])
            self._experiment = Experiment(workspace, os.environ["AML_EXPERIMENT"])
        return self._experiment

    @property
    def number(self) -> int:
        """Its number in the experiment, from 1."""
        return self.seen["number"]

    @property
    def type(self) -> str:
        """`azureml.scriptrun` or `azureml.interactive`."""
        return self.seen["type"]

    @property
    def status(self) -> str:
        """The state it was last seen in; `get_status` asks."""
        return self.seen["status"]

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters it was sent with."""
        return dict(self.seen["parameters"])

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags as they are now; one without a value has None."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """The properties as they are now."""
        return self.get_properties()

    # ---- what becomes of it -----------------------------------------------------------------

    def get_status(self) -> str:
        """The state now, one of SDK v1's strings."""
        if not self._is_in_script:
            return waits.look(self)["status"]
        return "Running" if self._maker is None else self.seen["status"]

    def get_detailed_status(self) -> dict[str, Any]:
        """The state now and, where it is not final, why."""
        if self._is_in_script:
            return {"status": self.get_status(), "details": None}
        seen = waits.look(self)
        return {"status": seen["status"], "details": seen["reason"]}

    def get_details(self) -> dict[str, Any]:
        """All there is to know, with SDK v1's keys."""
        from jupyter_aml.sdk._run.details import details

        return details(self)

    def get_details_with_logs(self) -> dict[str, Any]:
        """As `get_details`, with the text of each log."""
        from jupyter_aml.sdk._run.details import details_with_logs

        return details_with_logs(self)

    def get_all_logs(self, destination: str | None = None) -> Any:
        """Fetch every log into a folder; returns their paths."""
        from jupyter_aml.sdk._run.details import fetch_logs

        return fetch_logs(self, destination)

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """What was logged: a value for a name logged once, else the list of its values.

        With `recursive` that of the run and all runs below it, by run id; `run_type` is the type
        that these must have. Nothing has to be populated: all is here in any case.
        """
        from jupyter_aml.sdk._run import metrics

        if recursive:
            below = self.get_children(recursive=True, type=run_type)
            own = [self] if run_type in (None, self.type) else []
            named = ((run.id, run.get_metrics(name)) for run in (*own, *below))
            return {run_id: logged for run_id, logged in named if logged}
        if self._here is not None:
            return metrics.from_folder(self._here, name)
        names = [] if name is None else [name]
        return metrics.from_wire(self.client.runs.metrics(self.id, points=0, names=names), name)

    def get_environment(self) -> Environment:
        """The environment it ran in."""
        from jupyter_aml.sdk.core._run_environment import environment_of

        return environment_of(self)

    @property
    def input_datasets(self) -> InputDatasets:
        """Its inputs by name: a data set, or the path where the files of one lie."""
        from jupyter_aml.sdk._run.run_data import InputDatasets

        return InputDatasets(self)

    @property
    def output_datasets(self) -> OutputDatasets:
        """The paths to which its script writes its outputs, by name."""
        from jupyter_aml.sdk._run.run_data import OutputDatasets

        return OutputDatasets(self)

    def get_secret(self, name: str) -> str:
        """A secret of the workspace's vault, else the environment variable of that name.

        UserErrorException where there is neither.
        """
        from jupyter_aml.sdk._run.secrets import secret

        return secret(lambda: self.experiment.workspace, name)

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """Several secrets by name."""
        return {name: self.get_secret(name) for name in secrets}

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: dict[str, Any] | None = None,
        properties: dict[str, Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Register a file of the run, or a folder of its files, as the next version of a name.

        Without `model_path` it is what is called as the model. Raises
        ModelPathNotFoundException with the files that there are.
        """
        from jupyter_aml.sdk.core._run_models import register

        given.only("register_model", kwargs)
        return register(
            self, model_name, model_path, tags=tags, properties=properties,
            description=description, framework=model_framework,
            framework_version=model_framework_version, datasets=datasets,
            sample_input=sample_input_dataset, sample_output=sample_output_dataset,
            resources=resource_configuration,
        )  # fmt: skip

    def get_portal_url(self) -> str:
        """The run's page in JupyterLab, where a server shows it; else the folder of the run."""
        from jupyter_aml.sdk._run.details import portal_url

        return portal_url(self)

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:  # fmt: skip
        """Wait for the end; an interrupt stops the waiting and not the run.

        A run has ended when its outputs are collected, so `wait_post_processing` is always so.
        Raises ActivityFailedException for a run that failed, unless `raise_on_error` is False.
        """
        from jupyter_aml.sdk._run.waiting import wait

        return wait(self, show_output=show_output, raise_on_error=raise_on_error)

    def cancel(self) -> None:
        """Ask it to end, with all that it started."""
        if self._maker is not None:
            self.look()  # The engine must know it.
        seen = self.client.runs.cancel(self.id)
        if self._maker is None:
            self._seen = seen

    def start(self) -> None:
        """Kept for notebooks that call it: a run starts by itself."""

    def complete(self, _set_status: bool = True) -> None:
        """End the run; in its own script, say that it went well.

        From outside it ends the script, too, and returns when that is done.
        """
        if self._has_ended:
            return  # It has ended already, perhaps by this very cell.
        self._keep_outputs()
        if not _set_status:
            return self.flush()
        self._records.record("complete", time(), *self._outside)
        self._end("Completed")

    def fail(
        self, error_details: Any = None, error_code: str | None = None, _set_status: bool = True
    ) -> None:
        """Say that it failed, and why; from outside this ends its script as well."""
        text = None if error_details is None else str(error_details)
        if self._maker is not None and self._has_ended:
            return
        self._keep_outputs()
        if not _set_status:
            return self.flush()
        self._records.record("fail", text, error_code, time(), *self._outside)
        self._end("Failed")

    def flush(self, timeout_seconds: float = 300) -> None:
        """Write what a full disk has refused so far; else nothing waits to be written.

        It is done at once, so there is nothing that `timeout_seconds` could end.
        """
        if self._writer is not None:
            self._writer.flush()

    # ---- inside -----------------------------------------------------------------------------

    def _end(self, status: Literal["Completed", "Failed"]) -> None:
        if self._maker is not None:
            self._seen = {**self.seen, "status": status, "endedAt": _now()}
            self._close()
            return
        if self._is_inside:
            return  # The script goes on; its exit ends the run.
        if self._outside:
            self.client.runs.cancel(self.id)
        else:
            self.client.runs.look(self.id)
        self._close()
        if self._outside or self.type == "azureml.interactive":
            from jupyter_aml.sdk._run.waiting import until_ended

            until_ended(self)

    @property
    def _outside(self) -> tuple[str, ...]:
        """What marks the end of a run with a script that somebody else than the script asks for."""
        has_script = self._maker is None and self.seen["job"] is not None
        return ("outside",) if has_script and not self._is_inside else ()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Run:
        return self

    def __exit__(self, exit_type: Any, value: BaseException | None, traceback: Any) -> None:
        if value is not None:
            self.fail(f"{exit_type.__name__}: {value}")
        else:
            self.complete()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        seen = self.seen
        return (
            f"Run(Experiment: {seen['experiment']},\nId: {self.id},\n"
            f"Type: {seen['type']},\nStatus: {seen['status']})"
        )

    def _repr_html_(self) -> str:
        """The table that SDK v1 showed; a notebook shows the card."""
        from jupyter_aml.widgets.parts import facts

        seen = self.seen
        told = {"Experiment": seen["experiment"], "Id": self.id, "Type": seen["type"]}
        return facts(
            {**told, "Status": seen["status"]},
            {
                "Details Page": ("Link to the run", self.get_portal_url()),
                "Docs Page": ("Link to Documentation", DOCS),
            },
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from jupyter_aml.widgets.bundle import bundle

        return bundle(self)


def __getattr__(name: str) -> Any:
    if name == "_OfflineRun":
        # Scripts ask whether this is what `get_context` gave them.
        from jupyter_aml.sdk._run.offline import OfflineRun

        return OfflineRun
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_run(
    experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True
) -> Run:
    """The run of that id; there is one class of runs, so none is made another (`rehydrate`).

    Nothing is to be cleaned up when this process ends (`clean_up`).
    """
    return Run(experiment, run_id)


def _now() -> str | None:
    from datetime import datetime, timezone

    from jupyter_aml.wire.coding import encode_time

    return encode_time(datetime.now(timezone.utc))


def _workspace_here() -> Workspace:
    """The workspace that a script outside of a run means."""
    from jupyter_aml.sdk.core.workspace import Workspace

    return Workspace.from_config()
