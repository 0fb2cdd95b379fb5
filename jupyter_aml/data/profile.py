"""What the columns of a data set hold, computed in one pass and bounded memory."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jupyter_aml.data.rows import Reader

BINS = 20
_KEPT = 20_000
"""Values of a column that are kept for its quantiles and its histogram."""
_MOST_DISTINCT = 20_000
_QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)


def profile(reader: Reader, seconds: float | None = None) -> dict[str, Any]:
    """A profile as `wire.datasets.WireProfile` has it; after so many seconds of what was read."""
    until = None if seconds is None else time.monotonic() + seconds
    schema = reader.schema()

    def use(tables: Iterator[Any]) -> dict[str, Any]:
        columns = [_Column(column.name, column.type) for column in schema]
        rows, whole = 0, True
        for table in tables:
            for place, column in enumerate(columns):
                column.add(table.column(place))
            rows += table.num_rows
            if until is not None and time.monotonic() > until:
                whole = False
                break
        return {"rows": rows, "whole": whole, "columns": [each.told() for each in columns]}

    found = reader.stream(use)
    return {**found, "warnings": list(reader.report.sentences)}


def type_name(kind: Any) -> str:
    """What SDK v1's profiles call a type."""
    import pyarrow as pa

    is_kind = pa.types
    if is_kind.is_boolean(kind):
        return "boolean"
    if is_kind.is_integer(kind):
        return "integer"
    if is_kind.is_floating(kind) or is_kind.is_decimal(kind):
        return "decimal"
    if is_kind.is_timestamp(kind) or is_kind.is_date(kind):
        return "datetime"
    if is_kind.is_string(kind) or is_kind.is_large_string(kind):
        return "string"
    return str(kind)[:100]


class _Column:
    """What is known of a column so far."""

    def __init__(self, name: str, kind: Any) -> None:
        self.name, self.kind, self.type = name, kind, type_name(kind)
        self.count = self.missing = 0
        self.low: Any = None
        self.high: Any = None
        self.mean = self.spread = 0.0
        self.numbers = 0
        self.kept: list[float] = []
        self.step = 1
        self.seen = 0
        self.labels: Counter[str] | None = Counter()

    def add(self, values: Any) -> None:
        """Take a portion of the column."""
        import pyarrow.compute as pc

        self.count += len(values)
        self.missing += values.null_count
        there = pc.drop_null(values)
        if not len(there):
            return
        if self.type in ("integer", "decimal", "datetime"):
            self._numbers(there)
        elif self.type in ("string", "boolean"):
            self._texts(there)

    def _numbers(self, there: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.type == "datetime":
            there = pc.cast(pc.cast(there, pa.timestamp("ms"), safe=False), pa.int64())
        numbers = pc.cast(there, pa.float64(), safe=False)
        numbers = numbers.filter(pc.is_finite(numbers))
        count = len(numbers)
        self.missing += len(there) - count
        if not count:
            return
        ends = pc.min_max(numbers).as_py()
        self.low = ends["min"] if self.low is None else min(self.low, ends["min"])
        self.high = ends["max"] if self.high is None else max(self.high, ends["max"])
        mean = pc.mean(numbers).as_py()
        spread = pc.variance(numbers).as_py() * count
        # Two portions together, after Chan.
        apart, both = mean - self.mean, self.numbers + count
        self.spread += spread + apart * apart * self.numbers * count / both
        self.mean += apart * count / both
        self.numbers = both
        self._keep(numbers)
        self._count(pc.value_counts(numbers))

    def _keep(self, numbers: Any) -> None:
        """Keep every so many, ever fewer, so that all of the column has the same share."""
        first = -self.seen % self.step
        self.kept.extend(numbers.to_numpy()[first :: self.step].tolist())
        self.seen += len(numbers)
        while len(self.kept) > _KEPT:
            self.kept, self.step = self.kept[::2], self.step * 2

    def _texts(self, there: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pc.cast(there, pa.string())
        if self.type == "string":
            ends = pc.min_max(texts).as_py()
            self.low = ends["min"] if self.low is None else min(self.low, ends["min"])
            self.high = ends["max"] if self.high is None else max(self.high, ends["max"])
        self._count(pc.value_counts(texts))

    def _count(self, counted: Any) -> None:
        """Count values for as long as there are not too many of them."""
        if self.labels is None:
            return
        if len(counted) > _MOST_DISTINCT:
            self.labels = None
            return
        values = counted.field("values").to_pylist()
        self.labels.update(dict(zip(values, counted.field("counts").to_pylist())))  # noqa: B905
        if len(self.labels) > _MOST_DISTINCT:
            self.labels = None

    def told(self) -> dict[str, Any]:
        """As the wire has it."""
        is_number = self.type in ("integer", "decimal")
        quantiles = self._quantiles() if is_number else {}
        return {
            "name": self.name, "type": self.type, "count": self.count, "missing": self.missing,
            "distinct": None if self.labels is None else len(self.labels),
            "min": self._end(self.low), "max": self._end(self.high),
            "mean": self.mean if is_number and self.numbers else None,
            "deviation": math.sqrt(self.spread / (self.numbers - 1))
            if is_number and self.numbers > 1 else None,
            "quantiles": quantiles, "histogram": self._histogram(),
        }  # fmt: skip

    def _end(self, value: Any) -> Any:
        from datetime import datetime, timezone

        if value is None or self.type != "datetime":
            return value if not isinstance(value, str) else value[:200]
        try:
            at = datetime.fromtimestamp(value / 1000, timezone.utc)
        except (OverflowError, ValueError, OSError):
            return None
        return at.replace(tzinfo=None).isoformat()

    def _quantiles(self) -> dict[str, float]:
        import numpy

        if not self.kept:
            return {}
        found = numpy.quantile(self.kept, _QUANTILES)
        return {str(share): float(value) for share, value in zip(_QUANTILES, found)}  # noqa: B905

    def _histogram(self) -> list[dict[str, Any]]:
        if self.type in ("string", "boolean"):
            top = [] if self.labels is None else self.labels.most_common(BINS)
            return [
                {"low": None, "high": None, "label": text[:200], "count": count}
                for text, count in top
            ]
        if not self.kept or self.low is None:
            return []
        import numpy

        counts, edges = numpy.histogram(self.kept, bins=BINS, range=(self.low, self.high))
        scale = self.numbers / len(self.kept)
        return [
            {"low": float(edges[at]), "high": float(edges[at + 1]), "label": None,
             "count": round(int(count) * scale)}
            for at, count in enumerate(counts)
        ]  # fmt: skip
