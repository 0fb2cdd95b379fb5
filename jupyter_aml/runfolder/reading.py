"""Reads records back as columns: incrementally, in bounded memory, past torn lines."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from jupyter_aml.runfolder.plain import NotPlain, plain
from jupyter_aml.runfolder.records import SUFFIX

_BLOCK = 1 << 20
_NONE = float("nan")
_BEGINNING = re.compile(
    rb'\["(?:m|v|tag|property|parameter|file|name|description|fail|complete|child|wait|resume|unwritten)",'
)


@dataclass(slots=True)
class Columns:
    """One number metric: three columns of equal length; a step that was not given is NaN."""

    time: array[float] = field(default_factory=lambda: array("d"))
    step: array[float] = field(default_factory=lambda: array("d"))
    value: array[float] = field(default_factory=lambda: array("d"))
    is_whole: bool = True
    """Whether each value was logged as an int, and so is given back as one."""

    def __len__(self) -> int:
        return len(self.value)

    def extend(self, other: Columns) -> None:
        """Append the other's points."""
        self.time.extend(other.time)
        self.step.extend(other.step)
        self.value.extend(other.value)
        self.is_whole &= other.is_whole


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

    @property
    def unwritten(self) -> int:
        """How many records the disk did not take, as far as their processes could say so."""
        return sum(
            record[1]
            for record in self.others
            if record[0] == "unwritten" and len(record) == 2 and type(record[1]) is int
        )

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
            try:
                for block in _blocks(path, offset):
                    _sort_in(block, batch)
                    offset += len(block)
            except NotPlain:
                continue  # The script has put it there, and it holds no records.
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
    rows = sorted(range(len(columns)), key=columns.time.__getitem__)
    return _chosen(columns, rows, is_whole=columns.is_whole)


def _chosen(columns: Columns, rows: Sequence[int], *, is_whole: bool) -> Columns:
    return Columns(
        array("d", map(columns.time.__getitem__, rows)),
        array("d", map(columns.step.__getitem__, rows)),
        array("d", map(columns.value.__getitem__, rows)),
        is_whole,
    )


def _blocks(path: Path, offset: int) -> Iterator[bytes]:
    """Yield whole lines from `offset` on, about a block at a time, whatever a line's length."""
    with open(path, "rb", opener=plain) as file:
        file.seek(offset)
        rest: list[bytes] = []
        while block := file.read(_BLOCK):
            end = block.rfind(b"\n") + 1
            if end:
                yield b"".join([*rest, block[:end]])
                rest = [block[end:]]
            else:
                rest.append(block)


def _sort_in(block: bytes, batch: Batch) -> None:
    found = _numbers(block)
    if found is None:
        _sort_in_one_by_one(block, batch)
        return
    for name, columns in found.items():
        batch.series.setdefault(name, Columns()).extend(columns)


def _numbers(block: bytes) -> dict[str, Columns] | None:
    """Read a block of nothing but number records, twice as fast; None if it holds others too."""
    if not block.startswith(b'["m",') or not block.endswith(b"]\n"):
        return None
    try:
        # One flat list of name, time, step, value and so on: no list for each record.
        # Within a string a line feed is always escaped, so only ends of records are found.
        items = json.loads(b"[" + block[5:-2].replace(b']\n["m",', b",") + b"]")
        names, steps, values = items[0::4], items[2::4], items[3::4]
        if len(items) % 4 or set(map(type, names)) != {str}:
            return None
        columns = Columns(
            array("d", items[1::4]),
            array("d", [_NONE if step is None else step for step in steps]),
            array("d", values),
            set(map(type, values)) == {int},
        )
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    if len(set(names)) == 1:
        return {names[0]: columns}
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name in rows:
            rows[name].append(row)
        else:
            rows[name] = [row]
    return {
        name: _chosen(columns, its, is_whole=all(type(values[row]) is int for row in its))
        for name, its in rows.items()
    }


def _sort_in_one_by_one(block: bytes, batch: Batch) -> None:
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
                    name, columns = key, batch.series.setdefault(str(key), Columns())
                _point(columns, time, step, value)
            elif record[0] == "v":
                _, key, time, step, kind, value = record
                batch.values.append(Value(str(key), float(time), step, str(kind), value))
            else:
                batch.others.append(record)
        except (TypeError, ValueError, IndexError, OverflowError):
            batch.torn += 1
    # A name whose records are all no numbers is no series.
    for key in [key for key, found in batch.series.items() if not len(found)]:
        del batch.series[key]


def _point(columns: Columns, time: float, step: float | None, value: float) -> None:
    # All three are checked before one is stored, so that columns stay of one length.
    at, when, number = _NONE if step is None else float(step), float(time), float(value)
    columns.time.append(when)
    columns.step.append(at)
    columns.value.append(number)
    columns.is_whole &= type(value) is int


def _whole(lines: list[bytes], batch: Batch) -> Iterator[list[Any]]:
    for line in lines:
        if not line.strip():
            continue
        record = _record(line)
        if record is None:
            batch.torn += 1
            # Another thread may have appended to a line that a full disk had cut off.
            record = next(filter(None, map(_record, _rests(line))), None)
        if record is not None:
            yield record


def _rests(line: bytes) -> Iterator[bytes]:
    return (line[match.start() :] for match in islice(_BEGINNING.finditer(line, 1), 16))


def _record(line: bytes) -> list[Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if type(record) is list and record else None
