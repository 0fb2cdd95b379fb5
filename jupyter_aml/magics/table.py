"""A list of runs as a cell's value: a table in a notebook, columns in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from jupyter_aml import wire
from jupyter_aml.widgets.plain import clean, duration, inert, moment, short

_HEADS = ("Run", "Status", "Created", "Duration", "Metrics", "Run id")


class RunTable(Sequence[Any]):
    """Runs, newest first: a sequence of `Run` that draws itself."""

    def __init__(self, found: Sequence[wire.WireRun], runs: Sequence[Any], total: int) -> None:
        self._found, self._runs, self._total = found, runs, total

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._runs)

    def __repr__(self) -> str:
        if not self._found:
            return "no runs"
        rows = [_HEADS, *(_row(run) for run in self._found)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join(lines + ([self._rest] if self._rest else []))

    def _repr_html_(self) -> str:
        if not self._found:
            return "<p>no runs</p>"
        heads = "".join(f"<th style='text-align:left'>{inert(head)}</th>" for head in _HEADS)
        rows = "".join(
            "<tr>"
            + "".join(f"<td style='text-align:left'>{inert(text)}</td>" for text in _row(run))
            + "</tr>"
            for run in self._found
        )
        rest = f"<p>{inert(self._rest)}</p>" if self._rest else ""
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{rest}"

    @property
    def _rest(self) -> str:
        hidden = self._total - len(self._found)
        return f"and {hidden} more (--limit N shows them)" if hidden > 0 else ""


def _row(run: wire.WireRun) -> tuple[str, ...]:
    metrics = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in list(run["metrics"].items())[:3]
    )
    name = f"{run['experiment']} #{run['number']}"
    if run["displayName"]:
        name += f" {run['displayName']}"
    return tuple(
        clean(short(text, 60)).replace("\n", " ")
        for text in (
            name, run["status"], moment(run["createdAt"]), duration(run), metrics, run["runId"],
        )
    )  # fmt: skip
