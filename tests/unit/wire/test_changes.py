"""What is asked of runs that are there is read once, and every mistake is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.wire.changes import decode_patch, decode_run_pruning


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"status": "Failed"}, "'status' of a run cannot be changed; displayName, description"),
        ({"displayName": None}, "patch.displayName: expected text, got NoneType"),
        ({"tags": []}, "patch.tags: expected an object, got list"),
        ({"properties": {"a": 1}}, "patch.properties: expected an object of texts"),
    ],
)
def test_a_patch_that_makes_no_sense_is_named(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        decode_patch(body)


def test_a_patch_tells_what_stays_from_what_goes() -> None:
    patch = decode_patch({"description": "", "tags": {"gone": None, "number": 1}})

    assert (patch.display_name, patch.description) == (None, "")
    assert patch.tags == {"gone": None, "number": "1"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "say which runs shall go: olderThan, keep or status"),
        ({"dryRun": True}, "say which runs shall go"),
        ({"kep": 3}, "'kep' is not known; workspace, experiment, olderThan"),
        ({"keep": True}, "keep: expected a whole number from 0 on, not True"),
        ({"keep": 1, "experiment": "a/b"}, "'a/b' cannot be the name of an experiment"),
        ({"olderThan": "30d"}, "olderThan: expected days, not '30d'"),
        ({"olderThan": float("nan")}, "olderThan: expected days, not nan"),
        ({"status": "Failed"}, "status: expected a list of texts"),
        ({"status": ["Running"]}, "no run ends as 'Running'; Completed, Failed, Canceled"),
    ],
)
def test_a_pruning_that_makes_no_sense_is_named(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        decode_run_pruning(body)


@pytest.mark.parametrize("days", [1e400, 10**400, 100_001])
def test_an_age_no_clock_can_count_is_older_than_any_run(days: float) -> None:
    assert decode_run_pruning({"olderThan": days}).older_than == timedelta(days=100_000)


def test_a_pruning_takes_runs_however_they_ended() -> None:
    asked = decode_run_pruning({"keep": 0})

    assert asked.statuses == {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED}
    assert (asked.workspace, asked.experiment, asked.is_dry) == ("default", None, False)
