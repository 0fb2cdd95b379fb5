"""A list of things as a cell's value: a table in a notebook, columns in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar, overload

from jupyter_aml.sdk._run import frames
from jupyter_aml.widgets.plain import cell, columns, inert, local, spent, status
from jupyter_aml.wire.runs import WireRun

if TYPE_CHECKING:
    import pandas

T = TypeVar("T")

_HEADS = ("Run", "Status", "Created", "Duration", "Metrics", "Run id")


class Table(Sequence[T]):
    """Things that are drawn as rows of texts, one row each."""

    def __init__(
        self,
        items: Sequence[T],
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        nothing: str,
        rest: str = "",
    ) -> None:
        self._items, self._heads = items, heads
        self._rows = [[cell(text) for text in row] for row in rows]
        self._nothing, self._rest = nothing, rest

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __repr__(self) -> str:
        if not self._rows:
            return self._nothing
        lines = columns([self._heads, *self._rows])
        return "\n".join(lines + ([self._rest] if self._rest else []))

    def _repr_html_(self) -> str:
        if not self._rows:
            return f"<p>{inert(self._nothing)}</p>"
        heads = "".join(f"<th style='text-align:left'>{inert(head)}</th>" for head in self._heads)
        rows = "".join(
            "<tr>"
            + "".join(f"<td style='text-align:left'>{inert(text)}</td>" for text in row)
            + "</tr>"
            for row in self._rows
        )
        rest = f"<p>{inert(self._rest)}</p>" if self._rest else ""
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{rest}"


class RunTable(Table[Any]):
    """Runs, newest first: a sequence of `Run` that draws itself."""

    def __init__(self, found: Sequence[WireRun], runs: Sequence[Any], total: int) -> None:
        hidden = total - len(found)
        rest = f"and {hidden} more (--limit N shows them)" if found and hidden > 0 else ""
        now = datetime.now(timezone.utc)
        rows = [_row(run, now) for run in found]
        super().__init__(runs, _HEADS, rows, nothing="no runs", rest=rest)
        self._found = found

    @property
    def df(self) -> pandas.DataFrame:
        """One row a run: parameters, metrics, tags. Raises UserErrorException without pandas."""
        return frames.runs(self._found)


def _row(run: WireRun, now: datetime) -> tuple[str, ...]:
    metrics = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in list(run["metrics"].items())[:3]
    )
    name = f"{run['experiment']} #{run['number']}"
    if run["displayName"]:
        name += f" {run['displayName']}"
    return (
        name, status(run), local(run["createdAt"]), spent(run, now=now), metrics, run["runId"],
    )  # fmt: skip
