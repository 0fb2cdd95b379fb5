"""Sending a run once more, and looking at it beside others. All of this is ours, not SDK v1's."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run.place import RunPlace

if TYPE_CHECKING:
    from typing import Self

    import matplotlib.figure
    import pandas

    from jupyter_aml.sdk._run.comparison import Difference


class RunRepeats(RunPlace):
    """The part of Run that repeats it and tells it from others."""

    def retry(
        self, parameters: Mapping[str, Any] | None = None, display_name: str | None = None
    ) -> Self:
        """Send it once more as it was, with these parameters in place of its own."""
        from jupyter_aml.domain.ids import new_run_id

        # Our own id makes a repeated call harmless, should the engine be restarted under it.
        suffix, experiment = os.urandom(4).hex(), self.seen["experiment"]
        body: dict[str, Any] = {
            "runId": new_run_id(experiment, seconds=int(time.time()), suffix=suffix)
        }
        if parameters:
            body["parameters"] = given.parameters(parameters)
        if display_name is not None:
            body["displayName"] = display_name
        return self.from_wire(self.experiment.workspace, self.client.runs.retry(self.id, body))

    def to_cell(self) -> str:
        """The code of a cell that repeats it."""
        return self.client.runs.cell(self.id)["text"]

    def difference(self, other: RunPlace | str) -> Difference:
        """All in which another run differs from this one."""
        from jupyter_aml.sdk._run.comparison import Difference

        other_id = other if isinstance(other, str) else other.id
        return Difference(self.client.runs.difference(self.id, other_id))

    @property
    def df(self) -> pandas.DataFrame:
        """Every number that was logged, one row each: metric, step, time, value."""
        from jupyter_aml.sdk._run.frames import points

        return points(self)

    def plot(
        self, names: str | Sequence[str] | None = None, x: str = "step", smooth: float = 0.0
    ) -> matplotlib.figure.Figure:
        """The series that it logged as a figure of matplotlib, all or those of these names."""
        from jupyter_aml.sdk._run.comparison import Comparison

        return Comparison([self]).plot(names, x=x, smooth=smooth)
