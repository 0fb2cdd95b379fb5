"""DataFrames and folders that are copied to a datastore and become data sets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_aml.data import patterns
from jupyter_aml.data.reading import import_needed
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.sdk.data._paths import one_datastore
from jupyter_aml.sdk.data._reads import Stores, asking
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.data.tabular_dataset import TabularDataset
from jupyter_aml.sdk.exceptions import UserErrorException

_BLOCK = 1 << 20


def saved_pandas(
    frame: Any, target: Any, name: str, description: str | None, tags: Mapping[str, str] | None,
    show_progress: bool, row_group_size: int | None, is_unique: bool,
) -> TabularDataset:  # fmt: skip
    """Write a DataFrame as Parquet, and register it as a new version of its name."""
    import_needed("register_pandas_dataframe")
    import pandas

    if not isinstance(frame, pandas.DataFrame):
        raise UserErrorException(f"dataframe: give a DataFrame, not a {type(frame).__name__}")
    datastore, folder = _place(target, is_unique)
    with tempfile.TemporaryDirectory() as there:
        path = Path(there, "part-00000.parquet")
        _parquet(frame, path, row_group_size)
        _put(datastore, [(path, f"{folder}/{path.name}".lstrip("/"))], show_progress)
    return _registered(datastore, folder, name, description, tags, show_progress)


def saved_dask(
    frame: Any, target: Any, name: str, description: str | None, tags: Mapping[str, str] | None,
    show_progress: bool,
) -> TabularDataset:  # fmt: skip
    """Write a dask DataFrame as Parquet, a file for each of its parts, and register it."""
    if not hasattr(frame, "partitions") or not hasattr(frame, "npartitions"):
        raise UserErrorException(f"dataframe: give a dask DataFrame, not a {type(frame).__name__}")
    import_needed("register_dask_dataframe")
    datastore, folder = _place(target, True)
    with tempfile.TemporaryDirectory() as there:
        pairs = []
        for place in range(frame.npartitions):
            path = Path(there, f"part-{place:05}.parquet")
            _parquet(frame.partitions[place].compute(), path, None)
            pairs.append((path, f"{folder}/{path.name}".lstrip("/")))
        _put(datastore, pairs, show_progress)
    return _registered(datastore, folder, name, description, tags, show_progress)


def uploaded(
    src_dir: str | os.PathLike[str], target: Any, pattern: str | None, overwrite: bool,
    show_progress: bool,
) -> FileDataset:  # fmt: skip
    """Copy the files of a folder, or those that a pattern means, and point at them."""
    folder = Path(src_dir).expanduser().absolute()
    if not folder.is_dir():
        raise UserErrorException(f"src_dir: there is no folder {os.fspath(src_dir)!r}")
    datastore, place = one_datastore(target, "target")
    fits = patterns.matcher(pattern) if pattern else None
    names = [name for name in _names(folder) if fits is None or fits(name)
             or ("/" not in str(pattern) and fits(name.rpartition("/")[2]))]  # fmt: skip
    if not names:
        what = f"no file that {pattern!r} means" if pattern else "no file"
        raise UserErrorException(f"src_dir: there is {what} below {os.fspath(src_dir)!r}")
    store = datastore._store()
    pairs = [(folder / name, f"{place}/{name}".lstrip("/")) for name in names]
    if not overwrite:
        pairs = [(source, path) for source, path in pairs if not _is_same(store, source, path)]
        there = [path for _, path in pairs if store.exists(path)]
        if there:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            raise UserErrorException(
                f"{there[0]}{more} is on the datastore already, with another content: pass "
                "overwrite=True, or another target"
            )
    _put(datastore, pairs, show_progress)
    definition = Dataset(
        kind="file", sources=(Source(place or "**", datastore.name),),
        steps=({"do": "read", "form": "files"},),
    )  # fmt: skip
    return FileDataset._make(definition, Stores(datastore.workspace, {datastore.name: datastore}))


def _is_same(store: Any, source: Path, path: str) -> bool:
    """Whether a file is there already, byte by byte: a cell that is run again changes nothing."""
    if not store.exists(path):
        return False
    with source.open("rb") as ours, store.open(path, "rb") as theirs:
        while True:
            block = ours.read(_BLOCK)
            if block != theirs.read(_BLOCK):
                return False
            if not block:
                return True


def _names(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        below = os.path.relpath(place, folder)
        for name in sorted(names):
            if os.path.isfile(os.path.join(place, name)):
                yield name if below == "." else f"{below}/{name}"


def _place(target: Any, is_unique: bool) -> tuple[Any, str]:
    datastore, folder = one_datastore(target, "target")
    if is_unique:
        folder = f"{folder or 'managed-dataset'}/{uuid4()}"
    return datastore, folder


def _parquet(frame: Any, path: Path, row_group_size: int | None) -> None:
    import pyarrow as pa

    try:
        options = {"row_group_size": row_group_size} if row_group_size else {}
        frame.to_parquet(path, index=False, engine="pyarrow", **options)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        said = str(error.args[0] if error.args else error)
        where = f" ({error.args[1]})" if len(error.args) > 1 else ""
        raise UserErrorException(
            f"the DataFrame cannot be kept as Parquet: {said}{where}"
        ) from None


def _put(datastore: Any, pairs: list[tuple[Path, str]], show_progress: bool) -> None:
    if show_progress:
        print(f"Uploading {len(pairs)} file{'' if len(pairs) == 1 else 's'} to {datastore.name}")
    with asking():
        store = datastore._store()
        for source, target in pairs:
            store.put(source, target)
    if show_progress:
        print("Successfully uploaded file to datastore.")


def _registered(
    datastore: Any, folder: str, name: str, description: str | None,
    tags: Mapping[str, str] | None, show_progress: bool,
) -> TabularDataset:  # fmt: skip
    definition = Dataset(
        kind="tabular", sources=(Source(f"{folder}/*.parquet".lstrip("/"), datastore.name),),
        steps=({"do": "read", "form": "parquet"},),
    )  # fmt: skip
    stores = Stores(datastore.workspace, {datastore.name: datastore})
    if show_progress:
        print("Creating and registering a new dataset.")
    made = TabularDataset._make(definition, stores).register(
        datastore.workspace, name, description, tags, create_new_version=True
    )
    if show_progress:
        print("Successfully created and registered a new dataset.")
    return made
