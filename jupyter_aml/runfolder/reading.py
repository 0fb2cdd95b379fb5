"""Reads records back as columns: incrementally, in bounded memory, past torn lines."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_aml.runfolder.records import SUFFIX

_BLOCK = 1 << 20
_NONE = float("nan")


@dataclass(slots=True)
class Columns:
    """One number metric: three columns of equal length; a step that was not given is NaN."""

    time: array[float] = field(default_factory=lambda: array("d"))
    step: array[float] = field(default_factory=lambda: array("d"))
    value: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.value)

    def extend(self, other: Columns) -> None:
        """Append the other's points."""
        self.time.extend(other.time)
        self.step.extend(other.step)
        self.value.extend(other.value)


@dataclass(frozen=True, slots=True)
class Value:
    """One logged thing that is not a number."""

    name: str
    time: float
    step: float | None
    kind: str
    value: Any


@dataclass(slots=True)
class Batch:
    """What one reading found: numbers as columns, the rest as values and plain records."""

    series: dict[str, Columns] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    others: list[list[Any]] = field(default_factory=list)
    torn: int = 0
    """Lines that were no records and have been passed over."""

    def __bool__(self) -> bool:
        return bool(self.series or self.values or self.others)


class RecordReader:
    """Follows the record files of one run; each `read` gives what came since the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets: dict[str, int] = {}

    @property
    def processes(self) -> int:
        """How many processes have written so far."""
        return len(self._offsets)

    def read(self) -> Batch:
        """Read all complete lines that are new. A line without its end is left for later."""
        batch = Batch()
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            offset = self._offsets.get(path.name, 0)
            for block in _blocks(path, offset):
                _sort_in(block, batch)
                offset += len(block)
            self._offsets[path.name] = offset
        return batch


def read_all(folder: Path) -> Batch:
    """Read every record of a run, the numbers of several processes merged by time."""
    reader = RecordReader(folder)
    batch = reader.read()
    if reader.processes > 1:
        batch.series = {name: by_time(columns) for name, columns in batch.series.items()}
        batch.values.sort(key=lambda value: value.time)
    return batch


def by_time(columns: Columns) -> Columns:
    """Return the points ordered by time; equal times keep their order."""
    order = sorted(range(len(columns)), key=columns.time.__getitem__)
    return Columns(
        *(array("d", map(column.__getitem__, order)) for column in
          (columns.time, columns.step, columns.value))
    )  # fmt: skip


def _blocks(path: Path, offset: int) -> Iterator[bytes]:
    """Yield whole lines from `offset` on, about a block at a time, whatever a line's length."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = b""
        while block := file.read(_BLOCK):
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block


def _sort_in(block: bytes, batch: Batch) -> None:
    lines = block.split(b"\n")
    try:
        # One call for the whole block is five times faster than one a line.
        records = json.loads(b"[" + b",".join(line for line in lines if line) + b"]")
        if not all(type(record) is list for record in records):
            raise ValueError
    except (ValueError, RecursionError):
        records = list(_whole(lines, batch))
    name, columns = None, Columns()
    for record in records:
        try:
            if record[0] == "m":
                _, key, time, step, value = record
                if key != name:
                    name, columns = key, batch.series.setdefault(key, Columns())
                _point(columns, time, step, value)
            elif record[0] == "v":
                _, key, time, step, kind, value = record
                batch.values.append(Value(str(key), float(time), step, str(kind), value))
            else:
                batch.others.append(record)
        except (TypeError, ValueError, IndexError, OverflowError):
            batch.torn += 1


def _point(columns: Columns, time: float, step: float | None, value: float) -> None:
    # All three are checked before one is stored, so that columns stay of one length.
    at, when, number = _NONE if step is None else float(step), float(time), float(value)
    columns.time.append(when)
    columns.step.append(at)
    columns.value.append(number)


def _whole(lines: list[bytes], batch: Batch) -> Iterator[list[Any]]:
    for line in lines:
        try:
            record = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            batch.torn += 1
            continue
        if type(record) is list:
            yield record
        elif record is not None:
            batch.torn += 1
