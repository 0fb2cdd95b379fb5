"""The records of a run that has ended, as columns that are mapped into memory, not parsed."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import plain, read_plain
from jupyter_aml.runfolder.reading import Columns, Value, read_all
from jupyter_aml.runfolder.records import SUFFIX
from jupyter_aml.runfolder.reserve import give_back

_VERSION = 2


@dataclass(frozen=True, slots=True)
class Points:
    """One number metric: three columns of equal length; a step that was not given is NaN."""

    time: memoryview[float]
    step: memoryview[float]
    value: memoryview[float]
    is_whole: bool
    """Whether each value was logged as an int."""

    def __len__(self) -> int:
        return len(self.value)


class Packed:
    """What a run has recorded, read at once; a series costs nothing until it is looked at."""

    def __init__(self, index: Mapping[str, Any], numbers: memoryview[float]) -> None:
        self._series: dict[str, tuple[int, int, bool]] = index["series"]
        self._numbers = numbers
        self.values = [Value(*item) for item in index["values"]]
        """All that is not a number, in the order of their times."""
        self.others: list[list[Any]] = index["others"]
        """Plain records: tags, properties, files, ..."""
        self.torn: int = index["torn"]

    @property
    def names(self) -> list[str]:
        """The names of the number metrics, in the order in which they first came."""
        return list(self._series)

    def series(self, name: str) -> Points:
        """The points of one metric as `read_all` orders them; raises KeyError. Copies nothing."""
        offset, count, is_whole = self._series[name]
        time, step, value = (
            self._numbers[offset + n * count : offset + (n + 1) * count] for n in range(3)
        )
        return Points(time, step, value, is_whole)


def pack(folder: RunFolder) -> int:
    """Write all records as columns; to be called once nobody writes any more.

    The records stay where they are: what is packed can always be made again from them. Room that
    was reserved for more is given back. Returns how many records the disk did not take.
    """
    _give_back(folder)
    batch = read_all(folder.metrics)
    series, offset = {}, 0
    for name, columns in batch.series.items():
        series[name] = (offset, len(columns), columns.is_whole)
        offset += 3 * len(columns)
    index = {
        "version": _VERSION,
        "items": offset,
        "series": series,
        "values": [[v.name, v.time, v.step, v.kind, v.value] for v in batch.values],
        "others": batch.others,
        "torn": batch.torn,
    }
    numbers, catalogue = _files(folder)
    try:
        folder.metrics.mkdir(parents=True, exist_ok=True)
        # An index that is there speaks of the columns that are there: out first, in last.
        catalogue.unlink(missing_ok=True)
        _put(numbers, [_little(column) for c in batch.series.values() for column in _columns(c)])
        _put(catalogue, [json.dumps(index, separators=(",", ":")).encode()])
    except OSError as error:
        raise StorageFailed(f"cannot pack the records in {folder.metrics}: {error.strerror}") from (
            error
        )
    return batch.unwritten


def packed(folder: RunFolder) -> Packed | None:
    """Return what `pack` wrote, or None where it has not or where that is not whole."""
    numbers, catalogue = _files(folder)
    try:
        index = json.loads(read_plain(catalogue))
        if index["version"] != _VERSION:
            return None
        column: array[float] = array("d")
        with open(numbers, "rb", opener=plain) as file:
            column.fromfile(file, index["items"])
        return Packed(index, _native(column))
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        # Whoever asks reads the records themselves, which are the truth.
        return None


def _give_back(folder: RunFolder) -> None:
    for path in folder.metrics.glob(f"*{SUFFIX}"):
        # What cannot be opened has no room of ours.
        with contextlib.suppress(OSError), open(path, "r+b", 0, opener=plain) as file:
            give_back(file.fileno())


def _files(folder: RunFolder) -> tuple[Path, Path]:
    return folder.metrics / "packed.bin", folder.metrics / "packed.json"


def _columns(columns: Columns) -> tuple[array[float], ...]:
    return columns.time, columns.step, columns.value


def _little(column: array[float]) -> bytes:
    if sys.byteorder == "little":
        return column.tobytes()
    turned = array("d", column)
    turned.byteswap()
    return turned.tobytes()


def _native(column: array[float]) -> memoryview[float]:
    if sys.byteorder != "little":
        column.byteswap()
    return cast("memoryview[float]", memoryview(column))


def _put(path: Path, pieces: list[bytes]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
