"""Columns that name files: fetched, or laid out as a folder."""

from __future__ import annotations

from typing import Any

from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.data._reads import executing
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.exceptions import UserErrorException

_DATASTORE = "amldatastore://"


def of_column(tabular: Any, column: str) -> FileDataset:
    """A file data set of the files that a column names: addresses, or paths of datastores."""
    found = tabular.keep_columns([column]).to_pandas_dataframe()[column].dropna().unique()
    sources = tuple(_source(str(each)) for each in found)
    if not sources:
        raise UserErrorException(f"column {column!r} names no file")
    definition = Dataset(kind="file", sources=sources, steps=({"do": "read", "form": "files"},))
    return FileDataset._make(definition, tabular._stores)


def downloaded(
    tabular: Any, column: str, target_path: str | None, overwrite: bool, ignore_not_found: bool
) -> Any:
    """Copy the files that a column names; returns their paths as an array."""
    import numpy

    files = of_column(tabular, column)
    with executing():
        return numpy.array(
            files.download(target_path, overwrite=overwrite, ignore_not_found=ignore_not_found)
        )


def _source(text: str) -> Source:
    if text.lower().startswith(_DATASTORE):
        name, _, path = text[len(_DATASTORE) :].partition("/")
        return Source(path, name)
    if "://" in text or text.startswith("/"):
        return Source(text)
    raise Invalid(
        f"{text!r:.80} is no address of a file: write AmlDatastore://<datastore>/<path>, a URL, or "
        "a path from / on"
    )


__all__ = ["downloaded", "of_column"]
