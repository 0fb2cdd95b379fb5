"""A place on a datastore, and how a run gets what lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_aml.sdk.data.abstract_datastore import need_datastore
from jupyter_aml.sdk.data.data_reference import DataReference, checked_mode, checked_path
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore

__all__ = ["DataPath", "DataPathComputeBinding", "DataReference"]


class DataPath:
    """A folder or file of a datastore."""

    def __init__(
        self,
        datastore: AbstractDatastore | None = None,
        path_on_datastore: str | None = None,
        name: str | None = None,
    ) -> None:
        self._datastore = None if datastore is None else need_datastore(datastore, "datastore")
        self._path_on_datastore, self._name = checked_path(path_on_datastore), name

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPath:
        """The place of a reference."""
        return DataPath(data_reference.datastore, data_reference.path_on_datastore)

    @property
    def datastore_name(self) -> str | None:
        """The name of the datastore."""
        return None if self._datastore is None else self._datastore.name

    @property
    def path_on_datastore(self) -> str | None:
        """The path, without slashes around it; None for all of the datastore."""
        return self._path_on_datastore

    def create_data_reference(
        self,
        data_reference_name: str | None = None,
        datapath_compute_binding: DataPathComputeBinding | None = None,
    ) -> DataReference:
        """A reference to it; without a binding it is mounted."""
        if self._datastore is None:
            raise UserErrorException("this DataPath names no datastore: give it one")
        binding = datapath_compute_binding or DataPathComputeBinding()
        return DataReference(
            self._datastore, data_reference_name or self._name, self._path_on_datastore,
            binding.mode, binding.path_on_compute, binding.overwrite,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"DataPath(datastore={self.datastore_name!r}, path={self._path_on_datastore!r})"


class DataPathComputeBinding:
    """How a run gets what lies at a DataPath."""

    def __init__(
        self, mode: str = "mount", path_on_compute: str | None = None, overwrite: bool = False
    ) -> None:
        self.mode, self.path_on_compute = checked_mode(mode), path_on_compute
        self.overwrite = overwrite

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPathComputeBinding:
        """How a reference gives it."""
        return DataPathComputeBinding(
            data_reference.mode, data_reference.path_on_compute, data_reference.overwrite
        )

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath: DataPath | None = None
    ) -> DataReference:
        """A reference to a place, given so."""
        if datapath is None:
            raise UserErrorException("datapath: give a DataPath")
        return datapath.create_data_reference(data_reference_name, self)
