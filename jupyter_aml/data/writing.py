"""Rows as files again: of `to_csv_files` and `to_parquet_files`, written when they are used."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_aml.data.listing import DataFile, OpenStore
from jupyter_aml.domain.dataset import Dataset

_ENDINGS = {"delimited": "csv", "parquet": "parquet"}
_made: list[str] = []


def is_written(definition: Dataset) -> bool:
    """Whether its files are made of rows."""
    return any(step["do"] == "write" for step in definition.steps)


def written_files(definition: Dataset, open_store: OpenStore) -> list[DataFile]:
    """The files of its rows, and what later steps leave of them; gone with this process."""
    from jupyter_aml.data.chosen import chosen
    from jupyter_aml.data.stores import LocalStore

    place = next(at for at, step in enumerate(definition.steps) if step["do"] == "write")
    how = definition.steps[place]
    folder = _folder()
    name = f"part-00000.{_ENDINGS[how['form']]}"
    write(replace(definition, kind="tabular", steps=definition.steps[:place]), open_store,
          folder / name, how)  # fmt: skip
    store = LocalStore(folder)
    every = [
        DataFile(store, each.path, str(folder / each.path), each.path, each.size, each.modified)
        for each in store.walk()
    ]
    return chosen(replace(definition, steps=(definition.steps[0], *definition.steps[place + 1 :])),
                  every)  # fmt: skip


def write(rows: Dataset, open_store: OpenStore, path: Path, how: Any) -> None:
    """Write all rows of a tabular data set into one file, in bounded memory."""
    from jupyter_aml.data.rows import Reader

    reader = Reader(rows, open_store)
    schema = reader.schema()

    def use(tables: Iterator[Any]) -> None:
        with _writer(path, schema, how) as writer:
            for table in tables:
                writer.write_table(table.cast(schema))

    reader.stream(use)


def _writer(path: Path, schema: Any, how: Any) -> Any:
    import pyarrow.csv as pacsv
    import pyarrow.parquet as paparquet

    if how["form"] == "parquet":
        return paparquet.ParquetWriter(path, schema)
    options = pacsv.WriteOptions(delimiter=how.get("separator") or ",")
    return pacsv.CSVWriter(path, schema, write_options=options)


def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="jupyter-aml-rows-")
    _made.append(folder)
    atexit.register(shutil.rmtree, folder, True)
    return Path(folder)
