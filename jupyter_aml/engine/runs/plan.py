"""What a run should become, given what is seen of it. Touches nothing."""

from __future__ import annotations

from jupyter_aml.compute.protocol import Phase, Sighting
from jupyter_aml.domain.run import Run, RunStatus

S = RunStatus


def next_status(run: Run, seen: Sighting, *, attempts: int) -> RunStatus | None:
    """Say what a run that was handed to its backend should become; None means wait on.

    A run that has lost its node is tried again until it has had that many attempts.
    """
    match run.status, seen.phase:
        case S.STARTING | S.RUNNING | S.NOT_RESPONDING, Phase.GONE if seen.lost_node is not None:
            if run.attempt < attempts:
                return S.QUEUED
        case S.STARTING, Phase.GONE if seen.never_started:
            return S.QUEUED
    match run.status, seen.phase:
        # A short job may be gone before we first look.
        case S.STARTING, Phase.ALIVE | Phase.GONE | Phase.LOST:
            return S.RUNNING
        case S.RUNNING | S.CANCEL_REQUESTED, Phase.GONE | Phase.LOST:
            return S.FINALIZING
        case S.NOT_RESPONDING, Phase.ALIVE | Phase.GONE | Phase.LOST:
            return S.RUNNING
    return None
