"""Runs side by side: as a table, as curves, as what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.sdk._run import frames
from jupyter_aml.sdk._run.place import RunPlace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.widgets.labels import labels

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas

    from jupyter_aml.wire.facts import WireRunDifference
    from jupyter_aml.wire.runs import WireRun

Axis = Literal["step", "time"]


class Comparison:
    """Some runs, in the order in which they were given. As a cell's value it draws itself."""

    def __init__(self, runs: Sequence[RunPlace]) -> None:
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
        one, other = self.runs
        return Difference(one.client.runs.difference(one.id, other.id))

    def _labelled(self) -> list[tuple[str, RunPlace]]:
        return list(zip(labels(self.look()), self.runs, strict=True))

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[RunPlace]:
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
