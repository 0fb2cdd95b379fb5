"""Rows written to a datastore in folders by the values of some columns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.sdk.data._paths import one_datastore
from jupyter_aml.sdk.data._reads import Stores, asking, executing
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.exceptions import UserErrorException

_MOST = 10_000


def partitioned(
    tabular: Any, keys: Sequence[str], target: Any, name: str | None, show_progress: bool,
    as_files: bool,
) -> Any:  # fmt: skip
    """Write Parquet below `<key>=<value>/...`, and return the data set of it."""
    datastore, place = one_datastore(target, "target")
    with executing():
        reader = tabular._reader()
        names = reader.schema().names
    for key in keys:
        if key not in names:
            raise UserErrorException(f"there is no column {key!r}{did_you_mean(key, names)}")
    folder = f"{place}/{uuid4()}".lstrip("/")
    with tempfile.TemporaryDirectory() as there:
        with executing():
            count = reader.stream(lambda tables: _write(tables, keys, Path(there)))
        if show_progress:
            print(f"Uploading {count} partition{'s' if count != 1 else ''} to {datastore.name}")
        with asking():
            store = datastore._store()
            for path in sorted(Path(there).rglob("*.parquet")):
                store.put(path, f"{folder}/{path.relative_to(there).as_posix()}")
    tabular._tell(reader)
    form = "/".join(f"{key}={{{key}}}" for key in keys)
    read = {"do": "read", "form": "files" if as_files else "parquet",
            "partition": f"{form}/*.parquet"}  # fmt: skip
    source = Source(f"{folder}/**/*.parquet", datastore.name)
    definition = Dataset(kind="file" if as_files else "tabular", sources=(source,), steps=(read,))
    kind = FileDataset if as_files else type(tabular)
    made = kind._make(definition, Stores(datastore.workspace, {datastore.name: datastore}))
    if name is None:
        return made
    return made.register(datastore.workspace, name, create_new_version=True)


def _write(tables: Iterator[Any], keys: Sequence[str], folder: Path) -> int:
    """A file for each combination of values, each written as its rows come."""
    import pyarrow.parquet as paparquet

    writers: dict[tuple[str, ...], Any] = {}
    try:
        for table in tables:
            for values, rows in _groups(table, keys):
                writer = writers.get(values)
                if writer is None:
                    if len(writers) >= _MOST:
                        raise UserErrorException(
                            f"{', '.join(keys)} have more than {_MOST:,} combinations of values"
                        )
                    path = folder.joinpath(
                        *(f"{key}={value}" for key, value in zip(keys, values))  # noqa: B905
                    )
                    path.mkdir(parents=True, exist_ok=True)
                    writer = paparquet.ParquetWriter(path / "part-00000.parquet", rows.schema)
                    writers[values] = writer
                writer.write_table(rows)
    finally:
        for writer in writers.values():
            writer.close()
    return len(writers)


def _groups(table: Any, keys: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The rows of each combination, without the columns that name it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows:
        return
    texts = [_texts(table.column(key), key) for key in keys]
    joined = pc.binary_join_element_wise(*texts, "\x1f") if len(texts) > 1 else texts[0]
    coded = pa.chunked_array([joined]) if isinstance(joined, pa.Array) else joined
    coded = coded.combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    rest = table.drop_columns(list(keys))
    for place, value in enumerate(coded.dictionary.to_pylist()):
        yield tuple(value.split("\x1f")), rest.filter(pc.equal(coded.indices, place))


def _texts(column: Any, key: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        raise UserErrorException(f"column {key!r} has missing values: filter these rows out first")
    texts = pc.cast(column, pa.string())
    if pc.any(pc.match_substring_regex(texts, r"[/\x00-\x1f{}]|^\.{0,2}$")).as_py():
        raise UserErrorException(f"column {key!r} has values that cannot be the name of a folder")
    return texts
