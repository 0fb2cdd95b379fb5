"""The metrics of a run as the browser wants them: merged, sorted by step, thinned out."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.ids import RunId
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import packed
from jupyter_aml.runfolder.reading import Columns, RecordReader, Value, by_time
from jupyter_aml.wire.coding import finite
from jupyter_aml.wire.contents import WireMetrics, WireSeries, WireValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_VALUES = 500
"""Values of one name that are sent; a run may log more, and get_metrics gives them all."""

_LONGEST_NAME = 500
"""Characters of a name in the last values of a run; charts and `get_metrics` have all of it."""
_LONGEST_TEXT = 10_000
"""Characters of a text that are sent, unless all points are asked for."""


class RunMetrics:
    """All that one run has logged, in memory, following its files. One thread at a time."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reader: RecordReader | None = None
        self._series: dict[str, Columns] = {}
        self._values: dict[str, list[Value]] = {}
        self._lock = threading.Lock()
        self._is_whole = False

    @property
    def can_resume(self) -> bool:
        """Whether a cursor means the same after a restart: so only while one process wrote."""
        return not self._is_merged

    @property
    def _is_merged(self) -> bool:
        return self._reader is not None and self._reader.processes > 1

    def follow(self) -> None:
        """Take in what was logged since the last time."""
        if self._reader is None:
            self._is_whole = self._unpack()
            self._reader = RecordReader(self._folder.metrics)
        if self._is_whole:
            return
        batch = self._reader.read()
        for name, columns in batch.series.items():
            known = self._series.get(name)
            if known is None:
                self._series[name] = columns
            else:
                known.extend(columns)
        for value in batch.values:
            self._values.setdefault(value.name, []).append(value)

    def _unpack(self) -> bool:
        """Take what was packed when the run ended; False where it has not been yet."""
        whole = packed(self._folder)
        if whole is None:
            return False
        for name in whole.names:
            points = whole.series(name)
            self._series[name] = Columns(
                _column(points.time),
                _column(points.step),
                _column(points.value),
                points.is_whole,
            )
        for value in whole.values:
            self._values.setdefault(value.name, []).append(value)
        return True

    def cursor(self) -> dict[str, int]:
        """How much there is of each name."""
        return {name: len(columns) for name, columns in self._series.items()} | {
            f"value:{name}": len(values) for name, values in self._values.items()
        }

    def since(
        self,
        run_id: RunId,
        cursor: dict[str, int] | None,
        *,
        points: int,
        names: Sequence[str] = (),
    ) -> WireMetrics:
        """Everything newer than the cursor, each series thinned to `points` (0: not at all)."""
        with self._lock:
            self.follow()
            start = cursor or {}
            merged = self._is_merged
            series = {}
            for name, columns in self._series.items():
                begin = start.get(name, 0)
                if (not names or name in names) and begin < len(columns):
                    series[name] = _series(columns, begin, points=points, merged=merged)
            values: dict[str, list[WireValue]] = {}
            for name, logged in self._values.items():
                begin = start.get(f"value:{name}", 0)
                if (not names or name in names) and begin < len(logged):
                    longest = _LONGEST_TEXT if points else None
                    shown = logged[begin:][-_MOST_VALUES:]
                    values[name] = [_value(value, longest) for value in shown]
            return {"runId": run_id, "series": series, "values": values, "cursor": self.cursor()}


def last_values(folder: RunFolder) -> LastValues:
    """Return a follower that keeps only the newest value of each name."""
    return LastValues(folder.metrics)


class LastValues:
    """The newest number or text of each name, and the records that change the run itself."""

    def __init__(self, metrics: Path) -> None:
        self._reader = RecordReader(metrics)
        self._times: dict[str, float] = {}
        self.last: dict[str, float | str] = {}

    def follow(self) -> tuple[bool, list[list[Any]]]:
        """Take in what is new; say whether any last value changed, and give the other records."""
        batch = self._reader.read()
        changed = False
        for name, columns in batch.series.items():
            changed |= self._keep(name, columns.time[-1], columns.value[-1])
        for value in batch.values:
            if value.kind == "text" and isinstance(value.value, str | int | float):
                changed |= self._keep(value.name, value.time, _short(value.value))
        return changed, batch.others

    def _keep(self, name: str, time: float, value: float | str) -> bool:
        # Of one process the order of its lines counts: its clock may have been set back.
        if self._reader.processes > 1 and time < self._times.get(name, float("-inf")):
            return False
        self._times[name] = time
        self.last[_named(name)] = as_text(value) if isinstance(value, str) else value
        return True


def as_text(said: str) -> str:
    """What a script said as text that can be stored: half of a surrogate pair becomes '?'."""
    return said.encode("utf-8", "replace").decode()


class MetricsCache:
    """Keeps the metrics of the runs looked at last, so that a chart need not read files again."""

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._held: OrderedDict[RunId, RunMetrics] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run_id: RunId, folder: RunFolder) -> RunMetrics:
        """Return the metrics of this run, from memory where they are."""
        with self._lock:
            held = self._held.pop(run_id, None) or RunMetrics(folder)
            self._held[run_id] = held
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return held

    def drop(self, run_id: RunId) -> None:
        """Forget a run."""
        with self._lock:
            self._held.pop(run_id, None)


def _column(numbers: memoryview[float]) -> array[float]:
    column: array[float] = array("d")
    column.frombytes(numbers.cast("B"))
    return column


def _named(name: str) -> str:
    """The name as the index takes it: its keys may not be of any length."""
    text = as_text(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def _short(value: str | float) -> str:
    return str(value)[:200]


def _value(value: Value, longest: int | None) -> WireValue:
    told = value.value
    if longest is not None and isinstance(told, str) and len(told) > longest:
        told = f"{told[:longest]}… ({len(told):,} characters)"
    return {"kind": value.kind, "value": told, "time": value.time, "step": value.step}  # type: ignore[typeddict-item]


def _series(columns: Columns, begin: int, *, points: int, merged: bool) -> WireSeries:
    import numpy as np

    if merged:
        columns = by_time(columns)
    # Copies: an array that exports its buffer could not grow any more.
    step = np.array(columns.step[begin:])
    value = np.array(columns.value[begin:])
    time = np.array(columns.time[begin:])
    index = np.arange(begin, begin + len(value), dtype=float)
    x = np.where(np.isnan(step), index, step)
    if len(x) > 1 and np.any(np.diff(x) < 0):
        order = np.argsort(x, kind="stable")
        x, value, time = x[order], value[order], time[order]
    keep = _thin(x, value, points)
    if keep is not None:
        x, value, time = x[keep], value[keep], time[keep]
    last = columns.value[-1]
    shown = map(int, value.tolist()) if columns.is_whole else value.tolist()
    return {
        "x": x.tolist(),
        "y": [finite(number) if number - number != 0 else number for number in shown],
        "t": [round(moment, 3) for moment in time.tolist()],
        "count": len(columns),
        "last": None if last != last else finite(last),
    }


def _thin(x: NDArray[np.float64], y: NDArray[np.float64], points: int) -> NDArray[np.uint64] | None:
    """Indices of the points that keep the look of the curve (MinMaxLTTB), or None for all."""
    import numpy as np

    # With less than both ends and one between them the sampler ends in a panic.
    wanted = max(points, 3)
    if points <= 0 or len(x) <= wanted:
        return None
    from tsdownsample import MinMaxLTTBDownsampler

    # The sampler knows no gaps: what is not finite is drawn as the value before it.
    shown = np.where(np.isfinite(y), y, np.nan)
    if np.isnan(shown).any():
        good = np.maximum.accumulate(np.where(np.isnan(shown), 0, np.arange(len(shown))))
        shown = np.nan_to_num(shown[good])
    sampler: Any = MinMaxLTTBDownsampler
    kept: NDArray[np.uint64] = sampler().downsample(x, shown, n_out=wanted)
    return kept
