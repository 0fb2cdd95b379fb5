"""The two ways to read a data set: its files, and its rows."""

from __future__ import annotations

from jupyter_aml.data import chosen, listing
from jupyter_aml.data.listing import DataFile, OpenStore
from jupyter_aml.data.rows import Reader, import_needed
from jupyter_aml.data.writing import is_written, written_files
from jupyter_aml.domain.dataset import Dataset

__all__ = ["DataFile", "OpenStore", "Reader", "files", "import_needed"]


def files(definition: Dataset, open_store: OpenStore) -> list[DataFile]:
    """The files of a file data set that its steps leave, or those of a tabular one's sources.

    Rows that are to be files (`to_csv_files`) are written for it. NotFound says where it looked.
    """
    if is_written(definition):
        return written_files(definition, open_store)
    found = listing.files(definition, open_store)
    return chosen.chosen(definition, found) if definition.kind == "file" else found
