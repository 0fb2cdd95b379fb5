"""The metrics of a run as the browser wants them: merged, sorted by step, thinned out."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.ids import RunId
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import Points, packed
from jupyter_aml.runfolder.reading import Columns, RecordReader, Value
from jupyter_aml.wire.coding import finite
from jupyter_aml.wire.columns import Packed, pack
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
_MOST_POINTS, _LEAST_POINTS = 500_000, 50
"""Points of all series together that a thinned answer has, and of each at the least."""


class RunMetrics:
    """All that one run has logged, in memory, following its files. Threads take turns.

    A cursor is the number of points and values that were taken in, so it is as small for 10,000
    names as for one. Beside each item stands the cursor of the reading that brought it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reader: RecordReader | None = None
        self._series: dict[str, Columns] = {}
        self._values: dict[str, list[Value]] = {}
        self._arrivals: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("q"))
        self._cursors = {0}
        self._lock = threading.RLock()
        self._is_whole = False
        self.cursor = 0
        """How many points and values there are."""

    @property
    def _is_merged(self) -> bool:
        return self._reader is not None and self._reader.processes > 1

    def knows(self, cursor: int) -> bool:
        """Whether it can be told what came after that cursor, be it of an earlier engine.

        Of several processes the order of what they write is another one after each restart.
        """
        with self._lock:
            return cursor in self._cursors and not self._is_merged

    def follow(self) -> int:
        """Take in what was logged since the last time, and return the cursor."""
        with self._lock:
            if self._reader is None:
                self._is_whole = self._unpack()
                self._reader = RecordReader(self._folder.metrics)
            if not self._is_whole:
                batch = self._reader.read()
                self._take(batch.series.items(), batch.values)
            return self.cursor

    def _unpack(self) -> bool:
        """Take what was packed when the run ended; False where it has not been yet."""
        whole = packed(self._folder)
        if whole is None:
            return False
        series = ((name, whole.series(name)) for name in whole.names)
        self._take(((name, _columns(points)) for name, points in series), whole.values)
        return True

    def _take(self, series: Iterable[tuple[str, Columns]], values: Sequence[Value]) -> None:
        new = list(series)
        self.cursor += sum(len(columns) for _, columns in new) + len(values)
        self._cursors.add(self.cursor)
        for name, columns in new:
            known = self._series.get(name)
            if known is None:
                self._series[name] = columns
            else:
                known.extend(columns)
            self._arrivals["m", name].extend(repeat(self.cursor, len(columns)))
        for value in values:
            self._values.setdefault(value.name, []).append(value)
            self._arrivals["v", value.name].append(self.cursor)

    def news(self, after: int, until: int, *, points: int) -> dict[str, int]:
        """The names that came between two cursors, each with how many items of it are told."""
        with self._lock:
            found = {}
            for name in dict.fromkeys((*self._series, *self._values)):
                numbers = len(self._between("m", name, after, until))
                values = len(self._between("v", name, after, until))
                if numbers or values:
                    found[name] = min(numbers, points) + min(values, _MOST_VALUES)
            return found

    def since(
        self,
        run_id: RunId,
        cursor: int = 0,
        *,
        points: int,
        names: Collection[str] = (),
        until: int | None = None,
    ) -> WireMetrics:
        """Everything newer than the cursor, each series thinned to `points` (0: not at all).

        Of very many series each is thinned further, so that an answer has a bound.
        """
        drawn, metrics = self._drawn(run_id, cursor, points=points, names=names, until=until)
        return {**metrics, "series": {name: one.to_wire() for name, one in drawn.items()}}

    def columns(self, run_id: RunId, *, points: int, names: Collection[str] = ()) -> bytes:
        """All that `since` gives, with the series as bytes, which cost next to nothing."""
        drawn, metrics = self._drawn(run_id, 0, points=points, names=names, until=None)
        return pack(metrics, {name: one.packed() for name, one in drawn.items()})

    def _drawn(
        self, run_id: RunId, cursor: int, *, points: int, names: Collection[str], until: int | None
    ) -> tuple[dict[str, _Drawn], WireMetrics]:
        """The series, and beside them an answer that has none of them yet."""
        with self._lock:
            end = self.follow() if until is None else until
            chosen = names or dict.fromkeys((*self._series, *self._values))
            series: dict[str, _Drawn] = {}
            values: dict[str, list[WireValue]] = {}
            points = thinned(points, len(chosen))
            for name in chosen:
                new = self._between("m", name, cursor, end)
                if new:
                    columns = self._series[name]
                    series[name] = _drawn(columns, new, points=points, merged=self._is_merged)
                shown = self._between("v", name, cursor, end)[-_MOST_VALUES:]
                if shown:
                    longest = _LONGEST_TEXT if points else None
                    these = self._values[name][shown.start : shown.stop]
                    values[name] = [_value(value, longest) for value in these]
            return series, {"runId": run_id, "series": {}, "values": values, "cursor": end}

    def _between(self, kind: str, name: str, after: int, until: int) -> range:
        if (kind, name) not in self._arrivals:
            return range(0)
        arrived = self._arrivals[kind, name]
        return range(bisect_right(arrived, after), bisect_right(arrived, until))


def thinned(points: int, series: int) -> int:
    """How many points of each series are told where there are so many series."""
    return min(points, max(_LEAST_POINTS, _MOST_POINTS // max(series, 1)))


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


def _columns(points: Points) -> Columns:
    return Columns(
        _column(points.time), _column(points.step), _column(points.value), points.is_whole
    )


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


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A series as it is drawn: by its steps, thinned out."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    t: NDArray[np.float64]
    count: int
    """Points that there are, thinned out or not."""
    last: float | None
    is_whole: bool

    def to_wire(self) -> WireSeries:
        """The series as JSON has it."""
        return {
            "x": self.x.tolist(),
            "y": _shown(self.y, is_whole=self.is_whole),
            "t": self.t.tolist(),
            "count": self.count,
            "last": self.last,
        }

    def packed(self) -> Packed:
        """The series as bytes."""
        x, y, t = (column.astype("<f8").tobytes() for column in (self.x, self.y, self.t))
        return Packed(x, y, t, self.count, self.last, self.is_whole)


def _drawn(columns: Columns, which: range, *, points: int, merged: bool) -> _Drawn:
    import numpy as np

    part = slice(which.start, which.stop)
    # Copies: an array that exports its buffer could not grow any more.
    step, value, time = (
        np.array(column[part]) for column in (columns.step, columns.value, columns.time)
    )
    if merged:
        order = np.argsort(time, kind="stable")
        step, value, time = step[order], value[order], time[order]
    last = float(value[-1])
    index = np.arange(which.start, which.stop, dtype=float)
    x = np.where(np.isnan(step), index, step)
    if len(x) > 1 and np.any(np.diff(x) < 0):
        order = np.argsort(x, kind="stable")
        x, value, time = x[order], value[order], time[order]
    keep = _thin(x, value, points)
    if keep is not None:
        x, value, time = x[keep], value[keep], time[keep]
    told = None if last != last else finite(last)
    return _Drawn(x, value, np.round(time, 3), which.stop, told, columns.is_whole)


def _shown(values: NDArray[np.float64], *, is_whole: bool) -> list[float | None]:
    import numpy as np

    shown: list[float | None] = values.tolist()
    if is_whole:
        return [int(number) for number in values.tolist()]
    return shown if np.isfinite(values).all() else [finite(number) for number in shown]


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
