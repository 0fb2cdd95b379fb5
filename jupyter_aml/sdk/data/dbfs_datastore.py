"""The file system of Databricks, where it is mounted as `/dbfs`."""

from __future__ import annotations

from jupyter_aml.domain.datastore import DBFS
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore

__all__ = ["AbstractDatastore", "DBFSDatastore"]


class DBFSDatastore(AbstractDatastore):
    """Files below `/dbfs`, as clusters of Databricks have them."""

    def __init__(self, workspace: Place, name: str) -> None:
        super().__init__(workspace, name, DBFS)
