"""`azureml.data`: datastores, and what lies on them. Each name is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "DataType": "dataset_factory",
    "FileDataset": "file_dataset",
    "HDFSOutputDatasetConfig": "output_dataset_config",
    "LinkFileOutputDatasetConfig": "output_dataset_config",
    "LinkTabularOutputDatasetConfig": "output_dataset_config",
    "OutputFileDatasetConfig": "output_dataset_config",
    "TabularDataset": "tabular_dataset",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f"{__name__}.{place}"), name)
    except (ModuleNotFoundError, AttributeError):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
