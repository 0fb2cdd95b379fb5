"""Runs and experiments as MLflow's values."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain import tracking
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.plugins.mlflow import entities
from jupyter_aml.wire.coding import encode_run
from tests.unit.domain.test_run import a_run

URI = tracking.tracking_uri("default")


def seen(**changes: Any) -> Any:
    return {**encode_run(a_run()), **changes}


@pytest.mark.parametrize("status", RunStatus)
def test_every_state_is_one_of_mlflows(status: RunStatus) -> None:
    told = entities.run(seen(status=status.value), URI, [], {}).info.status

    assert told in {"SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"}
    assert (told in {"FINISHED", "FAILED", "KILLED"}) is status.is_final


def test_what_has_another_place_here_is_read_as_a_tag() -> None:
    run = seen(displayName="ridge", description="a try", parentId="other_1", submittedBy="ada",
               tags={"team": "blue"})  # fmt: skip

    assert entities.tags(run) == {
        "mlflow.runName": "ridge", "mlflow.note.content": "a try",
        "mlflow.parentRunId": "other_1", "mlflow.user": "ada", "team": "blue",
    }  # fmt: skip


def test_parameters_are_texts() -> None:
    run = entities.run(seen(), URI, [], {"a": 0.5, "b": "x", "c": True, "d": [1, 2]})

    assert run.data.params == {"a": "0.5", "b": "x", "c": "True", "d": "[1, 2]"}


def test_an_archived_experiment_is_a_deleted_one_and_its_mark_is_no_tag() -> None:
    told: Any = {"name": "e", "workspace": "w", "createdAt": "2026-01-01T00:00:00.000000Z",
                 "tags": {entities.ARCHIVED: "2026-01-02", "k": "v"}, "runCount": 0}  # fmt: skip

    experiment = entities.experiment(told)

    assert (experiment.experiment_id, experiment.lifecycle_stage) == ("e", "deleted")
    assert experiment.tags == {"k": "v"}
