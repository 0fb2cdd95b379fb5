"""A reference to what a query, a table or a procedure of a database gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.data.data_reference import DataReference
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore

__all__ = ["DataReference", "SqlDataReference"]


class SqlDataReference(DataReference):
    """What SDK v1's DataTransferStep took as its source; it is no folder."""

    def __init__(
        self,
        datastore: AbstractDatastore,
        data_reference_name: str | None = None,
        sql_table: str | None = None,
        sql_query: str | None = None,
        sql_stored_procedure: str | None = None,
        sql_stored_procedure_params: Any = None,
    ) -> None:
        super().__init__(datastore, data_reference_name)
        given = [sql_table, sql_query, sql_stored_procedure]
        if sum(value is not None for value in given) != 1:
            raise UserErrorException("give one of sql_table, sql_query, sql_stored_procedure")
        self.sql_table, self.sql_query = sql_table, sql_query
        self.sql_stored_procedure = sql_stored_procedure
        self.sql_stored_procedure_params = sql_stored_procedure_params

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> Any:
        """Raises UserErrorException: a query has no path."""
        raise self._no_folder()

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> Any:
        """Raises UserErrorException: a query is no folder."""
        raise self._no_folder()

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> Any:
        """Raises UserErrorException: a query is no folder."""
        raise self._no_folder()

    def as_mount(self) -> Any:
        """Raises UserErrorException: a query is no folder."""
        raise self._no_folder()

    def to_config(self) -> Any:
        """Raises UserErrorException: no run configuration holds a query here."""
        raise self._no_folder()

    def _no_folder(self) -> UserErrorException:
        return UserErrorException(
            "the result of a query is no folder: read it with Dataset.Tabular.from_sql_query"
        )
