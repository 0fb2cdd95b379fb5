"""The experiments of a workspace as MLflow has them: an id is a name, deleted means archived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlflow.entities import ViewType

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AlreadyExists, StorageFailed, Unreachable
from jupyter_aml.plugins.mlflow import entities, search
from jupyter_aml.plugins.mlflow.refusals import absent, in_its_words, invalid
from jupyter_aml.plugins.mlflow.runs import Runs, the_default
from jupyter_aml.sdk.core import Experiment
from jupyter_aml.wire.runs import WireExperiment


class Experiments:
    """The part of the store that deals with experiments."""

    _runs: Runs
    _uri: str

    @in_its_words
    def search_experiments(
        self,
        view_type: Any = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> Any:
        """The experiments that fit; archived ones are MLflow's deleted."""
        workspace = self._runs.workspace
        found = map(entities.experiment, workspace.client.experiments.list(workspace.name))
        return search.experiments(
            found, view_type, max_results, filter_string, order_by, page_token
        )

    @in_its_words
    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Iterable[Any] | None = None
    ) -> str:
        """Make an experiment; its id is its name."""
        if artifact_location:
            raise invalid(
                f"artifact_location={artifact_location!r}: files lie in the folders of their runs; "
                "leave it out"
            )
        if self._found(ids.experiment_name(name)) is not None:
            raise AlreadyExists(f"there is an experiment {name!r} already")
        named = {tag.key: str(tag.value) for tag in tags or ()}
        workspace = self._runs.workspace
        return workspace.client.experiments.add(workspace.name, name, named)["name"]

    @in_its_words
    def get_experiment(self, experiment_id: str) -> Any:
        """The experiment of that id; `0` is `Default`, which is made where it is not there."""
        found = self._found(str(experiment_id))
        if found is None and experiment_id in ("0", 0):
            workspace = self._runs.workspace
            found = workspace.client.experiments.add(workspace.name, the_default("0"))
        if found is None:
            raise absent(f"there is no experiment {experiment_id!r} in {self._uri}")
        return entities.experiment(found)

    @in_its_words
    def get_experiment_by_name(self, experiment_name: str) -> Any:
        """The experiment of that name, or None."""
        found = self._found(experiment_name)
        return None if found is None else entities.experiment(found)

    @in_its_words
    def delete_experiment(self, experiment_id: str) -> None:
        """Archive an experiment; its runs stay."""
        self._experiment(experiment_id).archive()

    @in_its_words
    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the archive."""
        self._experiment(experiment_id).reactivate()

    @in_its_words
    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Refused: an experiment keeps its name."""
        raise invalid(f"an experiment keeps its name here: {experiment_id!r} cannot be renamed")

    @in_its_words
    def set_experiment_tag(self, experiment_id: str, tag: Any) -> None:
        """Set a tag of an experiment."""
        self._experiment(experiment_id).set_tags({tag.key: tag.value})

    @in_its_words
    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Take a tag of an experiment away."""
        self._experiment(experiment_id).remove_tags([key])

    # ---- inside -----------------------------------------------------------------------------

    def _found(self, name: str) -> WireExperiment | None:
        own = self._of_the_script()
        try:
            workspace = self._runs.workspace
            listed = workspace.client.experiments.list(workspace.name)
        except (Unreachable, StorageFailed):
            # MLflow asks for it before a nested run, which needs no engine.
            if own is None or own["name"] != name:
                raise
            return own
        there = {each["name"]: each for each in listed}
        return there.get(name) or there.get(the_default(name))

    def _of_the_script(self) -> WireExperiment | None:
        """The experiment of the run that this process is, as far as its record tells of it."""
        script = self._runs.script
        if script is None:
            return None
        seen = script.seen
        return {
            "name": seen["experiment"], "workspace": seen["workspace"], "tags": {},
            "createdAt": seen["createdAt"], "runCount": 1,
        }  # fmt: skip

    def _experiment_name(self, experiment_id: str) -> str:
        script = self._runs.script
        if script is not None and script.seen["experiment"] == experiment_id:
            return str(experiment_id)  # No engine needs to be asked.
        name: str = self.get_experiment(experiment_id).name
        return name

    def _experiment(self, experiment_id: str) -> Experiment:
        return Experiment(self._runs.workspace, self._experiment_name(experiment_id))
