"""A reference to files of a datastore, which a run gets as a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.data.abstract_datastore import need_datastore
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.runconfig import DataReferenceConfiguration
    from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore

MODES = ("mount", "download", "upload")


class DataReference:
    """Files of a datastore for a run: mounted, copied to it, or copied back after it.

    As text it is `$AZUREML_DATAREFERENCE_<name>`, the variable that holds the path in the run.
    """

    def __init__(
        self,
        datastore: AbstractDatastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore = need_datastore(datastore, "datastore")
        self.path_on_datastore = checked_path(path_on_datastore)
        self.data_reference_name = _name(data_reference_name, datastore, self.path_on_datastore)
        self.mode = checked_mode(mode)
        self.path_on_compute, self.overwrite = path_on_compute, overwrite

    @staticmethod
    def create(
        data_reference_name: str | None = None,
        datapath: Any = None,
        datapath_compute_binding: Any = None,
    ) -> DataReference:
        """A reference to the place of a DataPath, as a DataPathComputeBinding says."""
        if datapath is None:
            raise UserErrorException("datapath: give a DataPath")
        made: DataReference = datapath.create_data_reference(
            data_reference_name, datapath_compute_binding
        )
        return made

    def path(
        self, path: str | None = None, data_reference_name: str | None = None
    ) -> DataReference:
        """A reference to what lies below this one."""
        parts = [part for part in (self.path_on_datastore, path) if part]
        return DataReference(
            self.datastore, data_reference_name, "/".join(parts) or None, self.mode,
            self.path_on_compute, self.overwrite,
        )  # fmt: skip

    def as_download(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> DataReference:
        """The same files, copied to where the run is."""
        return self._as("download", path_on_compute, overwrite)

    def as_upload(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> DataReference:
        """The same place, to which what the run writes is copied."""
        return self._as("upload", path_on_compute, overwrite)

    def as_mount(self) -> DataReference:
        """The same files, as a folder."""
        return self._as("mount", None, False)

    def to_config(self) -> DataReferenceConfiguration:
        """What a RunConfiguration holds of it."""
        from jupyter_aml.sdk.core.runconfig import DataReferenceConfiguration

        return DataReferenceConfiguration(
            self.datastore.name, self.mode, self.path_on_datastore, self.path_on_compute,
            self.overwrite,
        )  # fmt: skip

    def _as(self, mode: str, path_on_compute: str | None, overwrite: bool) -> DataReference:
        return DataReference(
            self.datastore, self.data_reference_name, self.path_on_datastore, mode,
            path_on_compute, overwrite,
        )  # fmt: skip

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

    __repr__ = __str__


def checked_mode(mode: str) -> str:
    """Return a mode, or raise UserErrorException."""
    if mode not in MODES:
        raise UserErrorException(f"mode={mode!r}: there are {', '.join(MODES)}")
    return mode


def checked_path(path: str | None) -> str | None:
    """A path on a datastore without slashes around it; UserErrorException where it climbs out."""
    if path is None:
        return None
    try:
        return inside(path) or None
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def _name(given: str | None, datastore: AbstractDatastore, path: str | None) -> str:
    if given is None:
        return uuid4().hex if path else re.sub(r"\W", "_", datastore.name)
    if not isinstance(given, str) or not re.fullmatch(r"[A-Za-z0-9_]+", given):
        raise UserErrorException(
            f"data_reference_name={given!r}: use letters, digits and '_'; it names a variable"
        )
    return given
