"""What the records of a run hold by now, which the engine may not have read yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities import Metric

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.reading import Columns, read_all


@dataclass(frozen=True)
class Recorded:
    """Numbers and parameters that a run has logged."""

    series: Mapping[str, Columns]
    parameters: Mapping[str, str]

    def latest(self) -> list[Metric]:
        """The value of each metric at its greatest step."""
        return [max(_metrics(name, it), key=_order) for name, it in self.series.items()]

    def history(self, name: str) -> list[Metric]:
        """Every value of a metric, in the order of their times."""
        return list(_metrics(name, self.series[name])) if name in self.series else []


def recorded(folder: RunFolder) -> Recorded:
    """Read the records of a run."""
    batch = read_all(folder.metrics)
    parameters: dict[str, str] = {}
    for record in batch.others:
        if record[0] == "parameter" and len(record) > 2:
            parameters.setdefault(str(record[1]), str(record[2]))
    return Recorded(batch.series, parameters)


def told(name: str, series: Mapping[str, Any]) -> list[Metric]:
    """The values of a metric as the engine tells them."""
    points = zip(series["t"], series["x"], series["y"], strict=True)
    return [_metric(name, time, step, number(value)) for time, step, value in points]


def number(value: Any) -> float:
    """A number as it travels: what JSON cannot hold is null or a text."""
    return float("nan") if value is None else float(value)


def numbers(metrics: Mapping[str, Any], at: float) -> Iterator[Metric]:
    """The last values of metrics as lists of runs have them; text is none of MLflow's."""
    for name, value in metrics.items():
        if value in (None, "Infinity", "-Infinity") or isinstance(value, float | int):
            yield _metric(name, at, 0, number(value))


def _metrics(name: str, columns: Columns) -> Iterable[Metric]:
    points = zip(columns.time, columns.step, columns.value, strict=True)
    for time, step, value in points:
        # To MLflow what was logged without a step has the step 0.
        yield _metric(name, time, 0 if step != step else step, value)


def _metric(name: str, time: float, step: float, value: float) -> Metric:
    return Metric(name, value, round(time * 1000), int(step))


def _order(metric: Metric) -> tuple[Any, ...]:
    is_number = metric.value == metric.value
    return metric.step, metric.timestamp, is_number, metric.value if is_number else 0
