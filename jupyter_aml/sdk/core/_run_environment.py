"""The environment that a run has run in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_aml.sdk.core.environment import Environment

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run


def environment_of(run: Run) -> Environment:
    """The definition that the run was sent with, even where it is registered no longer."""
    job = run.seen["job"]
    name, is_registered, version = ("" if job is None else job["environment"]).partition(":")
    if is_registered:
        return _kept(run) or Environment.get(run.experiment.workspace, name, version)
    found = Environment("user-managed" if job is None else job["environment"])
    found.python.user_managed_dependencies = True
    if job is not None:
        found.python.interpreter_path = job["interpreter"] or "python"
        found.environment_variables = dict(job["environmentVariables"])
    return found


def _kept(run: Run) -> Environment | None:
    """The definition in the run's folder, where that is on this machine."""
    here = run._here
    if here is None or not here.environment.is_file():
        return None
    data = json.loads(here.environment.read_text(encoding="utf-8"))
    return Environment._from_json(data["definition"])
