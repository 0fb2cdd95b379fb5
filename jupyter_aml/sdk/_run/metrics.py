"""What was logged, in the form of SDK v1: one value, or the list of values of a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import packed
from jupyter_aml.runfolder.reading import read_all


def from_folder(folder: RunFolder, name: str | None = None) -> dict[str, Any]:
    """Read the metrics of a run from its folder."""
    whole = packed(folder)
    found = _Metrics()
    if whole is not None:
        numbers: Iterable[tuple[str, Any]] = (
            (key, whole.series(key)) for key in whole.names if name in (None, key)
        )
        values = whole.values
    else:
        batch = read_all(folder.metrics)
        numbers = ((key, series) for key, series in batch.series.items() if name in (None, key))
        values = batch.values
    for key, points in numbers:
        logged = points.value.tolist()
        found.numbers(key, points.time.tolist(), [*map(int, logged)] if points.is_whole else logged)
    for value in values:
        if name in (None, value.name):
            found.value(value.name, value.time, value.kind, value.value)
    return found.result()


def from_wire(metrics: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """Read the metrics from an answer of the engine that was not thinned."""
    found = _Metrics()
    for key, series in metrics["series"].items():
        if name in (None, key):
            found.numbers(key, series["t"], [_number(value) for value in series["y"]])
    for key, values in metrics["values"].items():
        for value in values:
            if name in (None, key):
                found.value(key, value["time"], value["kind"], value["value"])
    return found.result()


class _Metrics:
    def __init__(self) -> None:
        self._logged: dict[str, list[tuple[float, Any]]] = {}
        self._numbers: dict[str, tuple[list[float], list[Any]]] = {}
        """Times and values of each name."""
        self._rows: dict[str, dict[str, list[Any]]] = {}
        self._first: dict[str, float] = {}

    def numbers(self, name: str, times: list[float], values: list[float]) -> None:
        if times:
            self._first[name] = min(times[0], self._first.get(name, times[0]))
            self._numbers[name] = times, values

    def value(self, name: str, time: float, kind: str, value: Any) -> None:
        self._first[name] = min(time, self._first.get(name, time))
        if kind == "row" and isinstance(value, Mapping):
            rows = self._rows.setdefault(name, {})
            for column, item in value.items():
                rows.setdefault(column, []).append(item)
        elif kind == "list" and isinstance(value, list):
            self._logged.setdefault(name, []).extend((time, item) for item in value)
        elif kind == "image" and isinstance(value, Mapping):
            self._logged.setdefault(name, []).append((time, f"aml://artifact/{value['file']}"))
        else:
            self._logged.setdefault(name, []).append((time, value))

    def result(self) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for name in sorted(self._first, key=self._first.__getitem__):
            if name in self._rows:
                named[name] = {key: _one(items) for key, items in self._rows[name].items()}
            else:
                named[name] = _one(self._in_order(name))
        return named

    def _in_order(self, name: str) -> list[Any]:
        times, values = self._numbers.get(name, ([], []))
        # Nearly always so; a pair for each of a million points would cost a second.
        if name not in self._logged and times == sorted(times):
            return values
        logged = [*zip(times, values, strict=True), *self._logged.get(name, [])]
        logged.sort(key=lambda item: item[0])
        return [value for _, value in logged]


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _number(value: Any) -> float:
    return float("nan") if value is None else value if type(value) is int else float(value)
