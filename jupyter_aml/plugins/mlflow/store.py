"""A workspace as MLflow's tracking store: its experiments, its runs and what they log."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from mlflow.entities import Metric, RunStatus, ViewType
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.name_utils import _generate_random_name

from jupyter_aml.domain import limits, tracking
from jupyter_aml.plugins.mlflow import entities, kept, search, take_ours
from jupyter_aml.plugins.mlflow.experiments import Experiments
from jupyter_aml.plugins.mlflow.models import LoggedModels
from jupyter_aml.plugins.mlflow.recorded import recorded, told
from jupyter_aml.plugins.mlflow.refusals import absent, ended, in_its_words, invalid, refusing
from jupyter_aml.plugins.mlflow.runs import runs_in
from jupyter_aml.sdk.core import Run
from jupyter_aml.wire.runs import WireRun

Number = tuple[str, float, int, float]
"""A name, a time in seconds, a step and a value."""
_NOW = 60.0
"""Seconds by which a clock may differ from ours."""


class Store(Experiments, LoggedModels, AbstractStore):  # type: ignore[misc]  # MLflow's classes have no types.
    """The tracking store of one workspace. Experiments have their names as ids."""

    def __init__(self, store_uri: str) -> None:
        super().__init__()
        take_ours()
        with refusing():
            self._uri = store_uri
            self._runs = runs_in(tracking.workspace_of(store_uri))
        self._stepped: set[tuple[str, str]] = set()

    # ---- runs -------------------------------------------------------------------------------

    @in_its_words
    def get_run(self, run_id: str) -> Any:
        """The run of that id with the newest value of each of its metrics."""
        run = self._runs.of(run_id)
        return self._whole(self._runs.look(run), run)

    @in_its_words
    def create_run(
        self, experiment_id: str, user_id: str, start_time: int | None,
        tags: Iterable[Any] | None, run_name: str | None = None,
    ) -> Any:  # fmt: skip
        """Begin a run that logs from this process; a child where it has a parent."""
        _check_is_now("start", start_time)
        named = {tag.key: str(tag.value) for tag in tags or ()}
        tag_name, parent = named.pop(entities.NAME, None), named.pop(entities.PARENT, None)
        note = named.pop(entities.NOTE, "")
        if user_id and named.get(entities.USER) == user_id:
            del named[entities.USER]  # The workspace knows by itself whose run it is.
        run = self._runs.begin(
            self._experiment_name(experiment_id),
            name=run_name or tag_name or _generate_random_name(),
            parent=parent,
            tags=named,
            note=note,
        )
        return self._whole(self._runs.look(run), run)

    @in_its_words
    def update_run_info(
        self, run_id: str, run_status: Any, end_time: int | None, run_name: str | None
    ) -> Any:
        """Name a run, or end it; the end of a script's own run is that of the script."""
        run = self._runs.of(run_id)
        if run_name:
            run.display_name = run_name
        if run_status is not None and not self._runs.is_script(run):
            status = RunStatus.to_string(run_status)
            if status in ("RUNNING", "SCHEDULED"):
                self._runs.need_active(run)
            else:
                _check_is_now("end", end_time)
                self._runs.end(run, status)
        # What a child of this process is, this process has just said.
        seen = self._runs.look(run) if run._maker is None else run.seen
        return self._whole(seen, run).info

    @in_its_words
    def delete_run(self, run_id: str) -> None:
        """Refused: MLflow would promise that it can be restored."""
        raise invalid(
            f"run {run_id} cannot be deleted so that it can be restored; "
            f"`jupyter aml rm {run_id}` removes it with all its files"
        )

    @in_its_words
    def restore_run(self, run_id: str) -> None:
        """Nothing to do for a run that is there: none is ever half deleted."""
        self._runs.of(run_id)

    @in_its_words
    def _search_runs(
        self, experiment_ids: Any, filter_string: str | None, run_view_type: Any,
        max_results: int, order_by: Any, page_token: str | None,
    ) -> Any:  # fmt: skip
        if run_view_type == ViewType.DELETED_ONLY:
            return [], None
        names = [self._experiment_name(each) for each in experiment_ids]
        found = search.seen(self._runs, names, is_all=bool(filter_string or order_by or page_token),
                            most=max_results)  # fmt: skip
        some = (self._listed(each) for each in found)
        return search.runs(some, filter_string, max_results, order_by, page_token)

    # ---- what runs log ----------------------------------------------------------------------

    @in_its_words
    def log_batch(
        self, run_id: str, metrics: Iterable[Any], params: Iterable[Any], tags: Iterable[Any]
    ) -> None:
        """Log all of these; parameters are checked before anything is logged."""
        run = self._runs.of(run_id)
        new = self._new_parameters(run, params)
        each = list(metrics)
        of_models = [metric for metric in each if getattr(metric, "model_id", None) is not None]
        measured = [_number(metric) for metric in each]
        if of_models:
            self._of_models(of_models)
            measured = self._without_known(run, measured, {metric.key for metric in of_models})
        if new or measured:
            self._record(run, new, measured)
        self._set_tags(run, {tag.key: tag.value for tag in tags})

    def log_metric(self, run_id: str, metric: Any) -> None:
        """Log a number."""
        self.log_batch(run_id, [metric], [], [])

    def log_param(self, run_id: str, param: Any) -> None:
        """Log a parameter, once and for all."""
        self.log_batch(run_id, [], [param], [])

    def set_tag(self, run_id: str, tag: Any) -> None:
        """Set a tag."""
        self.log_batch(run_id, [], [], [tag])

    @in_its_words
    def log_inputs(
        self,
        run_id: str,
        datasets: Iterable[Any] | None = None,
        models: Iterable[Any] | None = None,
    ) -> None:
        """Keep which data sets and models a run has read."""
        run = self._runs.of(run_id)
        for dataset in datasets or ():
            told = {"dataset": dataset.dataset.to_dictionary()}
            kept.add_input(run, {**told, "tags": {tag.key: tag.value for tag in dataset.tags}})
        for model in models or ():
            kept.add_input(run, {"model": model.model_id})

    @in_its_words
    def delete_tag(self, run_id: str, key: str) -> None:
        """Take a tag away."""
        run = self._runs.of(run_id)
        if key not in self._runs.look(run)["tags"]:
            raise absent(f"run {run_id} has no tag {key!r}")
        run.remove_tags([key])

    @in_its_words
    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None,
        page_token: str | None = None,
    ) -> Any:  # fmt: skip
        """Every value of a metric; all of them are one page."""
        run = self._runs.of(run_id)
        if run._here is not None:
            return PagedList(recorded(run._here).history(metric_key), None)
        answer = run.client.runs.metrics(run_id, points=0, names=[metric_key])
        series = answer["series"].get(metric_key)
        points = [] if series is None else told(metric_key, series)
        return PagedList(sorted(points, key=lambda each: each.timestamp), None)

    # ---- inside -----------------------------------------------------------------------------

    def _whole(self, seen: WireRun, run: Run) -> Any:
        found = self._logged(seen, run)
        found._inputs = entities.inputs(kept.all_below(run, kept.INPUTS))
        found._outputs = self._outputs_of(run, seen["tags"])
        return found

    def _logged(self, seen: WireRun, run: Run) -> Any:
        there = self._runs.recorded_of(seen, run)
        if there is not None:
            parameters = {**there.parameters, **seen["parameters"]}
            return entities.run(seen, self._uri, there.latest(), parameters)
        answer = run.client.runs.metrics(run.id, points=2)
        latest = [told(name, series)[-1] for name, series in answer["series"].items()
                  if series["t"]]  # fmt: skip
        return entities.run(seen, self._uri, latest, seen["parameters"])

    def _listed(self, seen: WireRun) -> Any:
        if seen["endedAt"] is None:
            run = self._runs.listed(seen)
            return self._logged(seen if run._maker is None else self._runs.look(run), run)
        at = entities.milliseconds(seen["endedAt"]) or 0
        latest = search.last_values(seen, at / 1000)
        return entities.run(seen, self._uri, latest, seen["parameters"])

    def _without_known(self, run: Run, measured: list[Number], names: set[str]) -> list[Number]:
        """These numbers without those that are there: MLflow 3 tells them again for a model."""
        there = self._runs.recorded(run)
        known = set() if there is None else {
            (each.key, each.timestamp, each.step, repr(each.value))
            for name in names for each in there.history(name)
        }  # fmt: skip
        return [
            (name, at, step, value) for name, at, step, value in measured
            if (name, round(at * 1000), step, repr(value)) not in known
        ]  # fmt: skip

    def _new_parameters(self, run: Run, params: Iterable[Any]) -> dict[str, str]:
        new: dict[str, str] = {}
        for param in params:
            name, text = str(param.key), str(param.value)
            there = {**self._runs.parameters(run), **new}.get(name)
            if there not in (None, text):
                raise invalid(
                    f"Changing param values is not allowed. The parameter {name!r} of run {run.id} "
                    f"is {there!r} already, and was now given as {text!r}"
                )
            if there is None:
                limits.parameters({name: text})
                new[name] = text
        if new:
            limits.parameters({**self._runs.parameters(run), **new})
        return new

    def _record(self, run: Run, new: dict[str, str], measured: list[Number]) -> None:
        if run._writer is None and run._has_ended:
            raise ended(f"run {run.id} has ended: nothing can be logged to it")
        records = run._records
        for name, at, step, value in measured:
            records.record("m", name, at, self._step(run, name, step), value)
        for name, text in new.items():
            records.record("parameter", name, text, time.time())
        if new:
            self._runs.parameters(run).update(new)

    def _step(self, run: Run, name: str, step: int) -> int | None:
        """The step, None where none was given: MLflow says 0 then, and charts would not go on."""
        if step != 0:
            self._stepped.add((run.id, name))
        return step if (run.id, name) in self._stepped else None

    def _set_tags(self, run: Run, named: dict[str, Any]) -> None:
        if entities.NAME in named:
            run.display_name = str(named.pop(entities.NAME))
        if entities.NOTE in named:
            run.description = str(named.pop(entities.NOTE))
        parent = named.pop(entities.PARENT, None)
        if parent is not None and parent != self._runs.look(run)["parentId"]:
            raise invalid(
                f"run {run.id} was begun without the parent {parent!r}: it keeps what it is"
            )
        if named:
            run.set_tags(named)


def _number(metric: Metric) -> Number:
    limits.metric(metric.key)
    try:
        value, step = float(metric.value), int(metric.step or 0)
    except (TypeError, ValueError):
        raise invalid(
            f"the metric {metric.key!r} must be a number with a whole step, not {metric.value!r} "
            f"at {metric.step!r}"
        ) from None
    at = time.time() if metric.timestamp is None else metric.timestamp / 1000
    return str(metric.key), at, step, value


def _check_is_now(what: str, milliseconds: int | None) -> None:
    """Raise MlflowException for a time that is another: runs begin and end when that is said."""
    if milliseconds is not None and abs(milliseconds / 1000 - time.time()) > _NOW:
        raise invalid(
            f"a run has its {what} when that is said, which is now and not at {milliseconds}; "
            f"leave the time out, and keep the other one as a tag"
        )
