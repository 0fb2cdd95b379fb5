"""Runs and what they logged as tables of pandas, which is imported when one is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_aml.runfolder.packed import packed
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.wire.coding import decode_time
from jupyter_aml.wire.numbers import number
from jupyter_aml.wire.runs import WireRun

if TYPE_CHECKING:
    import pandas

    from jupyter_aml.runfolder.layout import RunFolder
    from jupyter_aml.sdk._run.place import RunPlace

_FACTS = ("experiment", "number", "name", "status", "type", "created", "started", "ended",
          "duration", "arguments")  # fmt: skip
_DRAWN = 2000
_TIMES = ("created", "started", "ended")


def runs(found: Iterable[WireRun]) -> pandas.DataFrame:
    """One row a run, by its id: what it is, then `param.*`, `metric.*` and `tag.*`.

    The names are those of the filter line of lists. `duration` is in seconds.
    """
    pandas = need("pandas")
    rows = list(found)
    table = pandas.DataFrame(
        [_row(run) for run in rows], index=pandas.Index([run["runId"] for run in rows], name="run")
    )
    for name in _TIMES:
        if name in table:
            table[name] = pandas.to_datetime(table[name], utc=True, format="ISO8601")
    others = [name for name in table.columns if name not in _FACTS]
    # The kinds stand together, each in the order in which its names first came.
    kinds = ("param.", "metric.", "tag.")
    ordered = [name for kind in kinds for name in others if name.startswith(kind)]
    return table.reindex(columns=[*_FACTS, *ordered])


def points(run: RunPlace) -> pandas.DataFrame:
    """Every number that a run logged: metric, step, time, value."""
    pandas = need("pandas")
    parts = [
        pandas.DataFrame({"metric": name, "step": steps, "time": times, "value": values})
        for name, steps, times, values in _series(run)
    ]
    if not parts:
        return pandas.DataFrame({"metric": [], "step": [], "time": [], "value": []})
    table = pandas.concat(parts, ignore_index=True)
    table["time"] = pandas.to_datetime(table["time"], unit="s", utc=True)
    return table


def curves(run: RunPlace) -> dict[str, tuple[list[float], list[float], list[float]]]:
    """Of each series its steps, times and values, thinned out to what a picture can show."""
    if run._is_in_script:
        found = _from_folder(run._folder)
        return {name: (list(x), list(t), list(y)) for name, x, t, y in found}
    series = run.client.runs.metrics(run.id, points=_DRAWN)["series"]
    return {
        name: (one["x"], one["t"], [number(value) for value in one["y"]])
        for name, one in series.items()
    }


def need(name: str) -> Any:
    """Import a library that not every environment has, or say how to get it."""
    try:
        return import_module(name)
    except ImportError:
        library = name.partition(".")[0]
        raise UserErrorException(
            f"this needs {library}, which this Python does not have: pip install {library}"
        ) from None


def _row(run: WireRun) -> dict[str, Any]:
    start, end = decode_time(run["startedAt"]), decode_time(run["endedAt"])
    row: dict[str, Any] = {
        "experiment": run["experiment"],
        "number": run["number"],
        "name": run["displayName"],
        "status": run["status"],
        "type": run["type"],
        "created": run["createdAt"],
        "started": run["startedAt"],
        "ended": run["endedAt"],
        "duration": (end - start).total_seconds() if start and end else math.nan,
        "arguments": " ".join(run["arguments"]) or None,
    }
    row.update({f"param.{name}": value for name, value in run["parameters"].items()})
    row.update({f"metric.{name}": number(value) for name, value in run["metrics"].items()})
    row.update({f"tag.{name}": value for name, value in run["tags"].items()})
    return row


Series = tuple[str, Sequence[float], Sequence[float], Sequence[float]]


def _series(run: RunPlace) -> Iterator[Series]:
    here = run._here
    if here is not None:
        yield from _from_folder(here)
        return
    for name, one in run.client.runs.metrics(run.id, points=0)["series"].items():
        yield name, one["x"], one["t"], [number(value) for value in one["y"]]


def _from_folder(folder: RunFolder) -> Iterator[Series]:
    whole = packed(folder)
    found: Mapping[str, Any] = (
        read_all(folder.metrics).series
        if whole is None
        else {name: whole.series(name) for name in whole.names}
    )
    for name, columns in found.items():
        steps = columns.step.tolist()
        # Where no step was given, the place in the series is one.
        steps = [place if step != step else step for place, step in enumerate(steps)]
        yield name, steps, columns.time.tolist(), columns.value.tolist()
