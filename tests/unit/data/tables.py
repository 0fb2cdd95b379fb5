"""What tests of reading share: files, definitions of them, and what comes of these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_aml.data.frames import frame
from jupyter_aml.data.rows import Reader
from jupyter_aml.domain import dataset
from jupyter_aml.domain.dataset import Dataset, Source


def write(folder: Path, **files: str) -> None:
    """Write texts; `a__b` is the file b in the folder a."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__"))
        path = path.with_name(path.name.replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def texts(folder: Path, pattern: str = "*.csv", **how: Any) -> Dataset:
    """A data set of texts with separators, checked as one that comes from elsewhere."""
    return made(folder, pattern, form="delimited", **how)


def made(folder: Path, pattern: str, **how: Any) -> Dataset:
    definition = Dataset(
        kind="tabular", sources=(Source(f"{folder}/{pattern}"),), steps=({"do": "read", **how},)
    )
    return dataset.read(definition.to_json())


def no_store(name: str) -> Any:
    raise AssertionError(f"nobody asked for datastore {name}")


def read(definition: Dataset, on_error: Any = "null", **how: Any) -> Any:
    """Its rows as a DataFrame."""
    return told(definition, on_error, **how)[0]


def told(definition: Dataset, on_error: Any = "null", **how: Any) -> tuple[Any, list[str]]:
    """Its rows, and what is said of them."""
    reader = Reader(definition, no_store, on_error=on_error)
    return frame(reader.table(), **how), reader.report.sentences
