"""A database of MySQL, in Azure or elsewhere."""

from __future__ import annotations

from jupyter_aml.domain.datastore import MY_SQL
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore, Hidden

__all__ = ["AbstractDatastore", "AzureMySqlDatastore"]


class AzureMySqlDatastore(AbstractDatastore):
    """A database that `Dataset.Tabular.from_sql_query` reads."""

    user_password = Hidden()
    _KEPT = (
        "server_name", "database_name", "user_id", "user_password", "port_number",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        server_name: str | None,
        database_name: str | None,
        user_id: str | None,
        user_password: str | None,
        port_number: str | None = None,
    ) -> None:
        super().__init__(workspace, name, MY_SQL)
        self.server_name, self.database_name = server_name, database_name
        self.user_id, self.user_password = user_id, user_password
        self.port_number = port_number
