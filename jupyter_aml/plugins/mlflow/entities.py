"""Experiments and runs as MLflow's values, and its words for their states."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mlflow.entities import (
    Experiment,
    ExperimentTag,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunTag,
)
from mlflow.utils import mlflow_tags

from jupyter_aml.domain import tracking
from jupyter_aml.wire.coding import decode_time
from jupyter_aml.wire.runs import WireExperiment, WireRun

NAME = mlflow_tags.MLFLOW_RUN_NAME
PARENT = mlflow_tags.MLFLOW_PARENT_RUN_ID
NOTE = getattr(mlflow_tags, "MLFLOW_RUN_NOTE", "mlflow.note.content")
USER = mlflow_tags.MLFLOW_USER
ARCHIVED = "aml.archived_time"
"""The tag of an experiment that is archived, which is MLflow's deleted."""

_STATES = {
    "Running": "RUNNING",
    "NotResponding": "RUNNING",
    "CancelRequested": "RUNNING",
    "Finalizing": "RUNNING",
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
}
"""All others come before a run begins."""


def experiment(seen: WireExperiment) -> Experiment:
    """An experiment; its id is its name."""
    is_archived = ARCHIVED in seen["tags"]
    tags = [ExperimentTag(key, text) for key, text in seen["tags"].items() if key != ARCHIVED]
    return Experiment(
        experiment_id=seen["name"],
        name=seen["name"],
        artifact_location=None,
        lifecycle_stage=LifecycleStage.DELETED if is_archived else LifecycleStage.ACTIVE,
        tags=tags,
        creation_time=milliseconds(seen["createdAt"]),
    )


def run(
    seen: WireRun, workspace_uri: str, metrics: Iterable[Metric], parameters: Mapping[str, Any]
) -> Run:
    """A run with what it has logged."""
    data = RunData(
        metrics=list(metrics),
        params=[Param(name, as_text(value)) for name, value in parameters.items()],
        tags=[RunTag(name, text) for name, text in tags(seen).items()],
    )
    return Run(_info(seen, workspace_uri), data)


def inputs(kept: Iterable[Mapping[str, Any]]) -> Any:
    """What a run has read, where it has said so."""
    told = list(kept)
    if not told:
        return None
    from mlflow.entities import Dataset, DatasetInput, InputTag, RunInputs

    datasets = [
        DatasetInput(
            Dataset(**each["dataset"]), [InputTag(*tag) for tag in each.get("tags", {}).items()]
        )
        for each in told
        if "dataset" in each
    ]
    models = [each["model"] for each in told if "model" in each]
    if not models:
        return RunInputs(dataset_inputs=datasets)
    from mlflow.entities import LoggedModelInput

    return RunInputs(datasets, [LoggedModelInput(model_id) for model_id in models])


def tags(seen: WireRun) -> dict[str, str]:
    """The tags of a run, with those in which MLflow keeps what has another place here."""
    own = {NAME: seen["displayName"] or seen["runId"], USER: seen["submittedBy"] or ""}
    if seen["parentId"] is not None:
        own[PARENT] = seen["parentId"]
    if seen["description"]:
        own[NOTE] = seen["description"]
    return {**own, **seen["tags"]}


def as_text(value: Any) -> str:
    """A parameter as MLflow has them."""
    return value if isinstance(value, str) else str(value)


def milliseconds(text: str | None) -> int | None:
    """A time as MLflow counts it."""
    at: datetime | None = decode_time(text)
    return None if at is None else round(at.timestamp() * 1000)


def _info(seen: WireRun, workspace_uri: str) -> RunInfo:
    known: dict[str, Any] = {
        "run_id": seen["runId"],
        "experiment_id": seen["experiment"],
        "user_id": seen["submittedBy"] or "",
        "status": _STATES.get(seen["status"], "SCHEDULED"),
        "start_time": milliseconds(seen["startedAt"] or seen["createdAt"]),
        "end_time": milliseconds(seen["endedAt"]),
        "lifecycle_stage": LifecycleStage.ACTIVE,
        "artifact_uri": tracking.artifact_uri(workspace_uri, seen["experiment"], seen["runId"]),
        "run_name": seen["displayName"] or seen["runId"],
    }
    if "run_uuid" in inspect.signature(RunInfo).parameters:
        known["run_uuid"] = seen["runId"]  # MLflow 2 had both names.
    return RunInfo(**known)
