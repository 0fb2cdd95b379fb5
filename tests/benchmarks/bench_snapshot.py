"""Snapshots against the limit: `python tests/benchmarks/bench_snapshot.py [--folder DIR]`.

Prints one row for each target of the design, next to what the bare system calls take in the same
run. The bare limits copy or look at the same files with nothing around it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_aml.engine.snapshot import (
    Limits,
    Manifest,
    StatCache,
    lay_out,
    plan,
    plan_files,
    take,
)
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.store.blobs import Blobs

LIMITS = Limits(max_bytes=400_000_000, max_files=3_000)


def main() -> None:
    """Measure in a temporary folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to measure; default: the temp folder")
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--megabytes", type=int, default=300)
    given = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="bench-snapshot-", dir=given.folder))
    try:
        measure(top, files=given.files, size=given.megabytes * 1_000_000 // given.files)
    finally:
        remove_tree(top)


def measure(top: Path, *, files: int, size: int) -> None:
    """Print a row for each target."""
    source, blobs, cache = top / "source", Blobs(top / "blobs"), StatCache(top / "cache")
    make_source(source, files=files, size=size)
    print(f"{files:,} files of {size:,} bytes\n")
    print(f"{'what':<34}{'ours ms':>10}{'bare ms':>10}{'ratio':>8}{'target ms':>11}")

    def snapshot() -> Manifest:
        return take(plan(source, limits=LIMITS), blobs, cache, now=later)

    bare = once(lambda: bare_copy(source, top / "bare"))
    os.sync()
    row("first snapshot", once(snapshot), bare, 800)
    row("unchanged", median(snapshot), median(lambda: bare_look(source)), 20)
    manifest = snapshot()
    folder = RunFolder(top / "run")
    folder.path.mkdir()
    row("laid out (work is a copy)", once(lambda: lay_out(manifest, blobs, folder)), bare, None)
    row("removed again", once(lambda: remove_tree(folder.path)), None, None)

    number = iter(range(10_000))

    def cell() -> None:
        at = next(number)
        place = RunFolder(top / f"cell{at}")
        place.path.mkdir()
        sent = take(plan_files({"cell.py": f"print({at})"}, limits=LIMITS), blobs, cache)
        lay_out(sent, blobs, place)

    os.sync()
    row("a cell, planned to laid out", median(cell, times=50), None, 3)
    row("runtime, made", once(lambda: ensure_runtime(top)), None, None)
    row("runtime, there", median(lambda: ensure_runtime(top)), None, 2)


def make_source(source: Path, *, files: int, size: int) -> None:
    """Files of random bytes in 40 folders, with an ignore file of 30 lines."""
    for number in range(files):
        place = source / f"d{number % 40}" / f"{number}.bin"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(size))
    (source / ".gitignore").write_text("".join(f"*.x{n}\n/build{n}/\n" for n in range(15)))


def bare_copy(source: Path, target: Path) -> None:
    """Read and write every file, two at a time."""
    target.mkdir()

    def copy(path: str) -> None:
        with open(path, "rb", buffering=0) as file:
            content = file.read(os.fstat(file.fileno()).st_size)
        made = os.open(target / os.path.basename(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.write(made, content)
        os.close(made)

    paths = [os.path.join(at, name) for at, _, names in os.walk(source) for name in names]
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(copy, paths):
            pass


def bare_look(source: Path) -> None:
    """Ask for the stat of every file."""
    folders = [str(source)]
    while folders:
        with os.scandir(folders.pop()) as found:
            for entry in found:
                entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)


def later() -> int:
    """A clock by which the files did not change lately."""
    return time.time_ns() + 10_000_000_000


def once(act: Callable[[], object]) -> float:
    """How long it takes, in ms."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def median(act: Callable[[], object], *, times: int = 11) -> float:
    """The median of several times, in ms."""
    return statistics.median(once(act) for _ in range(times))


def row(what: str, ours: float, bare: float | None, target: float | None) -> None:
    """Print one row of the table."""
    limit = "" if bare is None else f"{bare:.1f}"
    ratio = "" if bare is None else f"{ours / bare:.1f}"
    print(f"{what:<34}{ours:>10.2f}{limit:>10}{ratio:>8}{target or '':>11}")


if __name__ == "__main__":
    main()
