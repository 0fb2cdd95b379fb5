"""`jupyter_aml.compare`: runs, ids and experiments put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._run.comparison import Comparison
from jupyter_aml.sdk.core.experiment import Experiment
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace

_OF_AN_EXPERIMENT = 50
"""So many runs of an experiment, the newest, can still be told from each other in a picture."""


def compare(*runs: Any) -> Comparison:
    """Put runs side by side: `Run`s, ids, lists of them, or an experiment (its newest 50 runs)."""
    return Comparison(list(_each(runs, None)))


def _each(given: Iterable[Any], workspace: Workspace | None) -> Iterator[Run]:
    for one in given:
        if isinstance(one, Run):
            yield one
        elif isinstance(one, Experiment):
            yield from islice(one.get_runs(), _OF_AN_EXPERIMENT)
        elif isinstance(one, str):
            workspace = workspace or _workspace()
            yield Run.get(workspace, one)
        elif isinstance(one, Iterable):
            yield from _each(one, workspace)
        else:
            raise UserErrorException(
                f"a {type(one).__name__} is not a run: give runs, their ids, or an experiment"
            )


def _workspace() -> Workspace:
    from jupyter_aml.sdk.core.workspace import Workspace

    return Workspace.from_config()
