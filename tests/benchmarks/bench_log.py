"""A logged number against a bare append of the same line, and reading a million of them.

python tests/benchmarks/bench_log.py [CALLS]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack, packed
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.runfolder.records import RecordWriter

ROUNDS = 5


def seconds(work: Callable[[], object]) -> float:
    """How long that takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def writing(folder: Path, calls: int) -> tuple[float, float]:
    """Best nanoseconds a call of os.write and of RecordWriter.number, taken in turn."""
    writer = RecordWriter(folder / "metrics")
    writer.number("loss", 0.5)
    [records] = (folder / "metrics").iterdir()
    line = records.read_bytes()
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def bare() -> None:
        for _ in range(calls):
            os.write(fd, line)

    def numbers() -> None:
        for step in range(calls):
            writer.number("loss", step * 0.001)

    times = [(seconds(bare), seconds(numbers)) for _ in range(ROUNDS)]
    os.close(fd)
    writer.close()
    append, number = (min(column) / calls * 1e9 for column in zip(*times, strict=True))
    return append, number


def main(calls: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        append, number = writing(Path(place), calls)
        folder = RunFolder(place)
        points = len(read_all(folder.metrics).series["loss"])
        live = min(seconds(lambda: read_all(folder.metrics)) for _ in range(2))
        pack(folder)

        def columns() -> None:
            found = packed(folder)
            assert found is not None and len(found.series("loss")) == points

        whole = min(seconds(columns) for _ in range(ROUNDS))
        raw = Path(place, "raw")
        np.arange(points * 3, dtype=float).tofile(raw)
        bare = min(seconds(lambda: np.fromfile(raw).reshape(3, -1)) for _ in range(ROUNDS))
    print(f"os.write of the line        {append:8.0f} ns")
    print(f"RecordWriter.number         {number:8.0f} ns   {number / append:.2f} x")
    print(f"{points:,} points, live       {live * 1e3:8.0f} ms")
    print(f"{points:,} points, packed     {whole * 1e3:8.1f} ms   {whole / bare:.2f} x")
    print(f"numpy.fromfile of as many   {bare * 1e3:8.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
