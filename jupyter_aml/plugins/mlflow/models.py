"""The models that runs have logged, as MLflow 3 asks for them; a model belongs to its run.

The id of a model holds that of its run, so that it is found without a list of all models.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlflow.store.entities.paged_list import PagedList

from jupyter_aml.domain import tracking
from jupyter_aml.plugins.mlflow import kept
from jupyter_aml.plugins.mlflow.refusals import absent, in_its_words, invalid
from jupyter_aml.plugins.mlflow.runs import Runs
from jupyter_aml.sdk._run import filters
from jupyter_aml.sdk.core import Run

TAG = "mlflow.models"
"""The tag of a run that has logged models: their ids. By it such runs are found."""
_HISTORY = "mlflow.log-model.history"
_MARK, _SUFFIX = "m-", 9
_SAME = (
    "experiment_id", "model_id", "name", "creation_timestamp", "last_updated_timestamp",
    "model_type", "source_run_id", "tags", "params",
)  # fmt: skip
"""What MLflow calls as we do."""


class LoggedModels:
    """The part of the store that deals with models."""

    _runs: Runs
    _uri: str

    @in_its_words
    def create_logged_model(
        self, experiment_id: str, name: str | None = None, source_run_id: str | None = None,
        tags: Iterable[Any] | None = None, params: Iterable[Any] | None = None,
        model_type: str | None = None,
    ) -> Any:  # fmt: skip
        """Note a model of a run; raises MlflowException where no run is named."""
        if source_run_id is None:
            raise invalid("a model belongs to a run here: log it within `mlflow.start_run()`")
        run, named = self._runs.of(source_run_id), name or "model"
        _check(named)
        taken = {told["path"] for told in kept.all_below(run, kept.MODELS)}
        at = _now()
        told: dict[str, Any] = {
            "model_id": f"{_MARK}{run.id}-{uuid.uuid4().hex[: _SUFFIX - 1]}",
            "name": named,
            "path": _free(named, taken),
            "experiment_id": run.seen["experiment"],
            "creation_timestamp": at,
            "last_updated_timestamp": at,
            "model_type": model_type,
            "source_run_id": run.id,
            "status": "PENDING",
            "tags": {tag.key: tag.value for tag in tags or ()},
            "params": {param.key: param.value for param in params or ()},
            "metrics": [],
        }
        kept.write(run, _file(told["model_id"]), told)
        ids = json.loads(self._runs.look(run)["tags"].get(TAG, "[]"))
        run.set_tags({TAG: json.dumps([*ids, told["model_id"]])})
        return self._model(told)

    @in_its_words
    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> Any:
        """The model of that id."""
        told = self._told(model_id)[1]
        if told.get("deleted") and not allow_deleted:
            raise absent(f"the model {model_id!r} was deleted")
        return self._model(told)

    @in_its_words
    def finalize_logged_model(self, model_id: str, status: Any) -> Any:
        """Say what became of a model."""
        return self._changed(model_id, {"status": str(status)})

    @in_its_words
    def set_logged_model_tags(self, model_id: str, tags: Iterable[Any]) -> None:
        """Set tags of a model."""
        there = self._told(model_id)[1]["tags"]
        self._changed(model_id, {"tags": {**there, **{tag.key: tag.value for tag in tags}}})

    @in_its_words
    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Take a tag of a model away."""
        there = self._told(model_id)[1]["tags"]
        if key not in there:
            raise absent(f"the model {model_id!r} has no tag {key!r}")
        self._changed(model_id, {"tags": {name: there[name] for name in there if name != key}})

    @in_its_words
    def log_logged_model_params(self, model_id: str, params: Iterable[Any]) -> None:
        """Add parameters to a model."""
        there = self._told(model_id)[1]["params"]
        new = {param.key: param.value for param in params}
        self._changed(model_id, {"params": {**there, **new}})

    @in_its_words
    def delete_logged_model(self, model_id: str) -> None:
        """Leave a model out of lists; its files stay with its run."""
        self._changed(model_id, {"deleted": True})

    @in_its_words
    def search_logged_models(
        self, experiment_ids: Iterable[str], filter_string: str | None = None,
        datasets: Any = None, max_results: int | None = None, order_by: Any = None,
        page_token: str | None = None,
    ) -> Any:  # fmt: skip
        """The models of these experiments that fit."""
        from mlflow.utils.search_utils import SearchLoggedModelsUtils as Search

        models = [self._model(told) for told in self._all(experiment_ids)]
        fit = Search.filter_logged_models(models, filter_string, datasets)
        ordered = Search.sort(fit, order_by)
        return PagedList(*Search.paginate(ordered, page_token, max_results or 100))

    @in_its_words
    def log_outputs(self, run_id: str, models: Iterable[Any]) -> None:
        """Note at which step a run has logged models."""
        for model in models or ():
            self._changed(model.model_id, {"step": model.step})

    @in_its_words
    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        """Note a model of MLflow 2 in the tag where its clients look for it."""
        run = self._runs.of(run_id)
        there = json.loads(self._runs.look(run)["tags"].get(_HISTORY, "[]"))
        tell = getattr(mlflow_model, "get_tags_dict", mlflow_model.to_dict)
        run.set_tags({_HISTORY: json.dumps([*there, tell()])})

    # ---- inside -----------------------------------------------------------------------------

    def _of_models(self, metrics: Iterable[Any]) -> None:
        """Keep the newest value of each metric with the model that it measures."""
        by_model: dict[str, list[dict[str, Any]]] = {}
        for metric in metrics:
            by_model.setdefault(metric.model_id, []).append(_measured(metric))
        for model_id, some in by_model.items():
            there = [*self._told(model_id)[1]["metrics"], *some]
            newest = {(m["key"], m["dataset_name"], m["dataset_digest"]): m for m in there}
            self._changed(model_id, {"metrics": list(newest.values())})

    def _outputs_of(self, run: Run, tags: Mapping[str, str]) -> Any:
        """The models that a run has logged, as MLflow 3 has them beside its data."""
        if TAG not in tags:
            return None
        from mlflow.entities import LoggedModelOutput, RunOutputs

        told = [each for each in kept.all_below(run, kept.MODELS) if "step" in each]
        return RunOutputs([LoggedModelOutput(each["model_id"], each["step"]) for each in told])

    def _told(self, model_id: str) -> tuple[Run, dict[str, Any]]:
        if not model_id.startswith(_MARK) or len(model_id) <= len(_MARK) + _SUFFIX:
            raise absent(f"there is no model {model_id!r}")
        run = self._runs.of(model_id[len(_MARK) : -_SUFFIX])
        told = kept.read(run, _file(model_id))
        if told is None:
            raise absent(f"run {run.id} has no model {model_id!r}")
        return run, told

    def _changed(self, model_id: str, changes: Mapping[str, Any]) -> Any:
        run, told = self._told(model_id)
        changed = {**told, **changes, "last_updated_timestamp": _now()}
        kept.write(run, _file(model_id), changed)
        return self._model(changed)

    def _all(self, experiment_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        self._runs.enter_children()
        workspace, line = self._runs.workspace, filters.line(tags=TAG)
        for name in experiment_ids:
            of_this_process = {
                run.id: run for run in self._runs.begun if run.seen["experiment"] == name
            }
            pages = filters.pages(
                workspace.client, workspace=workspace.name, experiment=name, filter=line
            )
            listed = {each["runId"]: each for page in pages for each in page["runs"]}
            others = (self._runs.listed(listed[each]) for each in listed.keys() - of_this_process)
            for run in (*of_this_process.values(), *others):
                found = kept.all_below(run, kept.MODELS)
                yield from (told for told in found if not told.get("deleted"))

    def _model(self, told: Mapping[str, Any]) -> Any:
        from mlflow.entities import LoggedModel, LoggedModelStatus, Metric

        run_id, experiment = told["source_run_id"], told["experiment_id"]
        base = tracking.artifact_uri(self._uri, experiment, run_id)
        of_run = {"model_id": told["model_id"], "run_id": run_id}
        return LoggedModel(
            **{name: told[name] for name in _SAME},
            artifact_location=f"{base}/{told['path']}",
            status=LoggedModelStatus(told["status"]),
            metrics=[Metric(**metric, **of_run) for metric in told["metrics"]],
        )


def _measured(metric: Any) -> dict[str, Any]:
    names = ("key", "value", "timestamp", "step", "dataset_name", "dataset_digest")
    return {name: getattr(metric, name) for name in names}


def _file(model_id: str) -> str:
    return f"{kept.MODELS}{model_id}.json"


def _free(name: str, taken: set[str]) -> str:
    """The folder of a model: its name, with a number for a second one of that name."""
    number, path = 1, name
    while path in taken:
        number += 1
        path = f"{name}-{number}"
    return path


def _check(name: str) -> None:
    if not name or any(letter in name for letter in "/:.%\"'"):
        raise invalid(f"{name!r} cannot be the name of a model: it has none of / : . % and quotes")


def _now() -> int:
    return round(time.time() * 1000)
