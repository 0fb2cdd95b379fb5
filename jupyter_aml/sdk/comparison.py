"""Runs side by side: as a table, as curves, as what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.sdk._run import frames
from jupyter_aml.sdk.core.experiment import Experiment
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.widgets.labels import labels

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas

    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.facts import WireRunDifference
    from jupyter_aml.wire.runs import WireRun

_OF_AN_EXPERIMENT = 50
"""So many runs of an experiment, the newest, can still be told from each other in a picture."""

Axis = Literal["step", "time"]


def compare(*runs: Any) -> Comparison:
    """Put runs side by side: `Run`s, ids, lists of them, or an experiment (its newest 50 runs)."""
    return Comparison(list(_each(runs, None)))


class Comparison:
    """Some runs, in the order in which they were given. As a cell's value it draws itself."""

    def __init__(self, runs: Sequence[Run]) -> None:
        # Given twice, a run would only hide itself.
        self.runs = list(dict.fromkeys(runs))
        if not self.runs:
            raise UserErrorException("there is no run to compare")

    @property
    def df(self) -> pandas.DataFrame:
        """One row a run: what it is, its parameters, last metrics and tags."""
        return frames.runs(self.look())

    def look(self) -> list[WireRun]:
        """The runs as they are now."""
        return [run.seen if run._is_in_script else run.look() for run in self.runs]

    def plot(
        self, metric: str | Sequence[str] | None = None, x: str = "step", smooth: float = 0.0
    ) -> matplotlib.figure.Figure:
        """The curves of all runs, one picture a metric: by "step" or by "time" since the start.

        `smooth` from 0 up to below 1 is the weight of what came before. A metric that was logged
        once is drawn as bars.
        """
        from jupyter_aml.sdk._run import drawing

        if x not in ("step", "time"):
            raise UserErrorException(f'x must be "step" or "time", not {x!r}')
        if not 0 <= smooth < 1:
            raise UserErrorException(f"smooth must be from 0 up to below 1, not {smooth!r}")
        names = [metric] if isinstance(metric, str) else metric
        return drawing.curves(self._labelled(), names, by_time=x == "time", smooth=smooth)

    def parallel(self, names: Sequence[str] | None = None) -> matplotlib.figure.Figure:
        """A line a run through its parameters and last metrics, coloured by the last of them."""
        from jupyter_aml.sdk._run import drawing

        return drawing.parallel(self.look(), names)

    def scatter(self, x: str, y: str) -> matplotlib.figure.Figure:
        """A point a run: one parameter or last metric against another."""
        from jupyter_aml.sdk._run import drawing

        return drawing.scatter(self.look(), x, y)

    def difference(self) -> Difference:
        """All in which two runs differ: parameters, metrics, code, packages."""
        if len(self.runs) != 2:
            raise UserErrorException(
                f"a difference is between two runs, and these are {len(self.runs)}"
            )
        return self.runs[0].difference(self.runs[1])

    def _labelled(self) -> list[tuple[str, Run]]:
        return list(zip(labels(self.look()), self.runs, strict=True))

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(run.id for run in self.runs)})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from jupyter_aml.widgets.comparison import bundle

        return bundle(self)


class Difference:
    """All in which two runs differ, as `WireRunDifference` has it. It draws itself."""

    def __init__(self, found: WireRunDifference) -> None:
        self.found = found

    @property
    def is_empty(self) -> bool:
        """Whether the two are the same in everything that was recorded."""
        found = self.found
        return not any(
            (found["facts"], found["parameters"], found["metrics"], found["packages"],
             found["files"])
        )  # fmt: skip

    def __repr__(self) -> str:
        from jupyter_aml.widgets.difference import text

        return text(self.found)

    def _repr_html_(self) -> str:
        from jupyter_aml.widgets.difference import html

        return html(self.found)


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
