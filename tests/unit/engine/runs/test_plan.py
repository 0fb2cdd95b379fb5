"""What a run becomes, given what is seen of its job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_aml.compute.protocol import Phase, Sighting
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.engine.runs.plan import next_status
from tests.unit.domain.test_run import NOON, a_run

S = RunStatus
LOST = Sighting(phase=Phase.GONE, lost_node="its node 'n1' failed")
NEVER = Sighting(phase=Phase.GONE, never_started=True)


@pytest.mark.parametrize(
    ("status", "seen", "to"),
    [
        (S.STARTING, Sighting(phase=Phase.WAITING), None),
        (S.STARTING, Sighting(phase=Phase.ALIVE), S.RUNNING),
        (S.STARTING, Sighting(phase=Phase.GONE, exit_code=0), S.RUNNING),
        (S.STARTING, NEVER, S.QUEUED),
        (S.RUNNING, Sighting(phase=Phase.ALIVE), None),
        (S.RUNNING, Sighting(phase=Phase.GONE, exit_code=0), S.FINALIZING),
        (S.RUNNING, Sighting(phase=Phase.LOST), S.FINALIZING),
        (S.NOT_RESPONDING, Sighting(phase=Phase.ALIVE), S.RUNNING),
        (S.CANCEL_REQUESTED, Sighting(phase=Phase.GONE), S.FINALIZING),
    ],
)
def test_a_run_becomes_what_its_job_shows(
    status: RunStatus, seen: Sighting, to: RunStatus | None
) -> None:
    assert next_status(replace(a_run(status), attempt=1), seen, attempts=3) is to


@pytest.mark.parametrize("status", [S.STARTING, S.RUNNING, S.NOT_RESPONDING])
def test_a_run_that_has_lost_its_node_is_tried_again(status: RunStatus) -> None:
    assert next_status(replace(a_run(status), attempt=2), LOST, attempts=3) is S.QUEUED


def test_a_run_that_has_lost_its_last_node_ends() -> None:
    assert next_status(replace(a_run(S.RUNNING), attempt=3), LOST, attempts=3) is S.FINALIZING
    # One that was not seen at work comes there by way of it.
    assert next_status(replace(a_run(S.STARTING), attempt=3), LOST, attempts=3) is S.RUNNING


def test_a_run_that_is_to_end_is_not_tried_again() -> None:
    run = replace(a_run(S.CANCEL_REQUESTED), attempt=1)

    assert next_status(run, LOST, attempts=3) is S.FINALIZING


def test_a_run_that_is_queued_again_has_not_begun() -> None:
    run = replace(a_run(S.RUNNING), started_at=NOON)

    assert run.move(S.QUEUED, at=NOON).started_at is None
