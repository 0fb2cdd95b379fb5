"""Data sets: reading against pyarrow on the same files, many files, many registered versions.

    python tests/benchmarks/bench_data.py [--smoke]

Prints a table in Markdown. The limit of a reading is what pyarrow takes for the same files and
columns, to pandas; they take turns, and the medians are compared. Versions are listed by
the engine's registry, once as a new engine finds them and once as one that has seen them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy
import pandas
import pyarrow.csv as pacsv
import pyarrow.dataset as pads

from jupyter_aml.data.frames import frame
from jupyter_aml.data.listing import files, seen
from jupyter_aml.data.rows import Reader
from jupyter_aml.domain import dataset
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.registry import Noun, Registry
from jupyter_aml.engine.root import Root

SMOKE = "--smoke" in sys.argv
ROWS = 20_000 if SMOKE else 2_000_000
MANY_FILES = 1_000 if SMOKE else 100_000
VERSIONS = 100 if SMOKE else 10_000
ROUNDS = 2 if SMOKE else 7
HERE = WorkspaceName("default")


def main() -> None:
    """Print the table."""
    print("| what | ours | pyarrow | ratio | of processor time |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        readings(Path(folder))
        many_files(Path(folder))
        versions(Path(folder))


def readings(folder: Path) -> None:
    """Rows of files, whole and in part."""
    make(folder)
    csv, parquet = made(folder, "*.csv", "delimited"), made(folder, "*.parquet", "parquet")
    hive = made(folder, "year=*/*.csv", "delimited", partition="year={year}/*.csv")
    over = {"do": "filter", "where": ["gt", ["column", "id"], ["value", ROWS - 1000]]}
    no_year = {"do": "drop", "columns": ["year"]}
    of_2020 = {"do": "filter", "where": ["eq", ["column", "year"], ["value", "2020"]]}
    keep = {"do": "keep", "columns": ["id", "price"]}
    cases: dict[str, tuple[Dataset, Callable[[], Any]]] = {
        f"{ROWS:,} rows of 5 columns, CSV": (csv, lambda: pyarrow_csv(folder)),
        "the same as Parquet": (parquet, lambda: pyarrow_parquet(folder)),
        "2 columns of it": (
            parquet.then(**keep), lambda: pyarrow_parquet(folder, columns=["id", "price"]),
        ),
        "its last 1,000 rows by a condition": (
            parquet.then(**over),
            lambda: pyarrow_parquet(folder, filter=pads.field("id") > ROWS - 1000),
        ),
        "2 columns of CSV": (
            csv.then(**keep), lambda: pyarrow_csv(folder, columns=["id", "price"]),
        ),
        "one folder of ten by its path, CSV": (
            hive.then(**of_2020).then(**no_year), lambda: pyarrow_csv(folder / "year=2020"),
        ),
    }  # fmt: skip
    for what, (definition, limit) in cases.items():
        print(f"| {what} {turns(lambda d=definition: read(d), limit)}")
    first = turns(lambda: read(csv.then(do="take", count=10)), lambda: None).ours
    print(f"| the first 10 rows of the CSV files | {first * 1e3:.1f} ms | | | |")
    half = csv.then(do="split", seed=1, **{"from": 0.0, "to": 0.7})
    print(f"| `random_split(0.7)` of them, the larger part (pyarrow: all) "
          f"{turns(lambda: read(half), lambda: pyarrow_csv(folder))}")  # fmt: skip


def make(folder: Path) -> None:
    """Ten files of each kind."""
    chance = numpy.random.default_rng(0)
    table = pandas.DataFrame({
        "id": numpy.arange(ROWS), "price": chance.random(ROWS).round(6),
        "kind": chance.choice(["bicycle", "car", "train"], ROWS),
        "count": chance.integers(0, 1000, ROWS),
        "at": pandas.Timestamp("2020-01-01") + pandas.to_timedelta(numpy.arange(ROWS), "s"),
    })  # fmt: skip
    for place, part in enumerate(numpy.array_split(numpy.arange(ROWS), 10)):
        rows = table.iloc[part]
        rows.to_csv(folder / f"{place}.csv", index=False)
        rows.to_parquet(folder / f"{place}.parquet", row_group_size=50_000)
        year = folder / f"year={2015 + place}"
        year.mkdir()
        rows.to_csv(year / "a.csv", index=False)


def made(folder: Path, pattern: str, form: str, **how: Any) -> Dataset:
    """A data set that is not registered."""
    step = {"do": "read", "form": form, **how}
    return Dataset(kind="tabular", sources=(Source(f"{folder}/{pattern}"),), steps=(step,))


def read(definition: Dataset) -> Any:
    """As `to_pandas_dataframe` does."""
    return frame(Reader(definition, no_store).table())


def no_store(name: str) -> Any:
    """All files are on this machine."""
    raise LookupError(name)


def pyarrow_csv(folder: Path, columns: list[str] | None = None) -> Any:
    """The files in their order, missing texts as missing, times in nanoseconds."""
    convert = pacsv.ConvertOptions(strings_can_be_null=True, null_values=[""])
    form = pads.CsvFileFormat(convert_options=convert)
    found = pads.dataset(sorted(map(str, folder.glob("*.csv"))), format=form)
    return found.to_table(columns=columns).to_pandas()


def pyarrow_parquet(folder: Path, **how: Any) -> Any:
    """The files in their order."""
    found = pads.dataset(sorted(map(str, folder.glob("*.parquet"))), format="parquet")
    return found.to_table(**how).to_pandas()


class Turns(NamedTuple):
    """Medians in seconds; what the processor took is much the same on a machine that is busy."""

    ours: float
    theirs: float
    processor: float

    def __str__(self) -> str:
        return (
            f"| {self.ours * 1e3:.0f} ms | {self.theirs * 1e3:.0f} ms "
            f"| {self.ours / self.theirs:.2f} | {self.processor:.2f} |"
        )


def turns(ours: Callable[[], Any], theirs: Callable[[], Any]) -> Turns:
    """What both take, one after the other."""
    clocks = (time.perf_counter, time.process_time)
    taken: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(ROUNDS):
        for call, times in zip((ours, theirs), taken, strict=True):
            begin = [clock() for clock in clocks]
            call()
            times.append([clock() - at for clock, at in zip(clocks, begin, strict=True)])
    (one, one_cpu), (other, other_cpu) = (map(median, zip(*times, strict=True)) for times in taken)
    return Turns(one, other, one_cpu / max(other_cpu, 1e-9))


def many_files(folder: Path) -> None:
    """A data set of very many files: listed, told apart, and one of them read."""
    for number in range(MANY_FILES):
        if number % 1000 == 0:
            below = folder / "many" / f"{number // 1000:03}"
            below.mkdir(parents=True)
        (below / f"{number:06}.csv").write_text(f"x\n{number}\n")
    definition = made(folder / "many", "**/*.csv", "delimited", partition="{part}/*.csv")
    listed = turns(lambda: seen(files(definition, no_store)), lambda: None).ours
    print(f"| {MANY_FILES:,} files listed and compared with what was registered "
          f"| {listed * 1e3:.0f} ms | | | |")  # fmt: skip
    one = definition.then(do="filter", where=["eq", ["column", "part"], ["value", "000"]])
    chosen = turns(lambda: read(one), lambda: None).ours
    print(f"| 1,000 of them read, by their path | {chosen * 1e3:.0f} ms | | | |")


def versions(folder: Path) -> None:
    """Very many registered versions: one in ten is of the same name."""
    root = Root(folder / "root")
    noun = Noun("data set", "datasets", dataset.read, named=dataset.dataset_name)
    registry = Registry(root, noun)
    begin = time.perf_counter()
    for number in range(VERSIONS):
        name = "one name" if number % 10 == 0 else f"name {number:06}"
        definition = made(folder, f"{number}.csv", "delimited")
        named = dataset.read({**definition.to_json(), "name": name})
        registry.register(HERE, named, at="2026-01-01T00:00:00Z")
    each = (time.perf_counter() - begin) / VERSIONS
    print(f"| one of {VERSIONS:,} versions registered | {each * 1e3:.2f} ms | | | |")
    first, again, _ = turns(lambda: every(Registry(root, noun)), lambda: every(registry))
    print(f"| {VERSIONS:,} versions listed by a new engine | {first * 1e3:.0f} ms | | | |")
    print(f"| the same again | {again * 1e3:.0f} ms | | | |")


def every(registry: Registry[Dataset]) -> int:
    """The newest of each name, and all versions of the one that has many."""
    return len([*registry.newest(HERE)]) + len(registry.versions(HERE, "one name"))


if __name__ == "__main__":
    main()
