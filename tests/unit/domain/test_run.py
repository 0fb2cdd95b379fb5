"""The rules of a run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_aml.domain.errors import IllegalMove, Invalid
from jupyter_aml.domain.ids import experiment_name, new_run_id, run_id, workspace_name
from jupyter_aml.domain.run import MOVES, Run, RunStatus, outcome

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_run(status: RunStatus = RunStatus.NOT_STARTED) -> Run:
    return Run(
        id=run_id("diabetes_1"),
        workspace=workspace_name("default"),
        experiment=experiment_name("diabetes"),
        number=1,
        status=status,
        created_at=NOON,
        changed_at=NOON,
    )


@pytest.mark.parametrize("end", [status for status in RunStatus if status.is_final])
@pytest.mark.parametrize("to", RunStatus)
def test_a_finished_run_never_moves_again(end: RunStatus, to: RunStatus) -> None:
    with pytest.raises(IllegalMove):
        a_run(end).move(to, at=NOON)


def test_only_finalizing_leads_to_an_end() -> None:
    leads = {status for status, moves in MOVES.items() for to in moves if to.is_final}

    assert leads == {RunStatus.FINALIZING}


@pytest.mark.parametrize("status", [status for status in RunStatus if not status.is_final])
def test_every_state_leads_to_an_end(status: RunStatus) -> None:
    seen, ahead = set(), {status}
    while ahead:
        seen |= ahead
        ahead = {to for one in ahead for to in MOVES[one]} - seen

    assert {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED} <= seen


def test_a_run_remembers_that_it_was_asked_to_end() -> None:
    asked = a_run(RunStatus.RUNNING).move(RunStatus.CANCEL_REQUESTED, at=NOON)

    assert asked.move(RunStatus.FINALIZING, at=NOON).cancel_requested


@pytest.mark.parametrize(
    ("exit_code", "cancel", "failed", "end"),
    [
        (0, False, False, RunStatus.COMPLETED),
        (0, True, False, RunStatus.COMPLETED),
        (0, False, True, RunStatus.FAILED),
        (1, False, False, RunStatus.FAILED),
        (1, True, False, RunStatus.CANCELED),
        (-15, True, True, RunStatus.CANCELED),
        (None, False, False, RunStatus.FAILED),
        (None, True, False, RunStatus.CANCELED),
    ],
)
def test_what_a_run_did_counts_for_more_than_what_it_was_asked(
    exit_code: int | None, cancel: bool, failed: bool, end: RunStatus
) -> None:
    assert outcome(exit_code=exit_code, cancel_requested=cancel, said_failed=failed) is end


@pytest.mark.parametrize(
    "name", ["", "a/b", "../x", "a\nb", "é", ".hidden", "-x", "x" * 256, "a b"]
)
def test_a_name_that_could_be_a_path_or_a_command_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        experiment_name(name)
    with pytest.raises(Invalid):
        workspace_name(name)


def test_a_new_id_is_made_of_any_experiment_name() -> None:
    assert new_run_id("my.exp", seconds=7, suffix="0a1b2c3d") == "my-exp_7_0a1b2c3d"
