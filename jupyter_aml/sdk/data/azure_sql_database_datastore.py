"""A database of SQL Server, in Azure or elsewhere."""

from __future__ import annotations

from jupyter_aml.domain.datastore import SQL_SERVER
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore, Hidden

__all__ = ["AbstractDatastore", "AzureSqlDatabaseDatastore"]


class AzureSqlDatabaseDatastore(AbstractDatastore):
    """A database that `Dataset.Tabular.from_sql_query` reads."""

    client_secret = Hidden()
    password = Hidden()
    _KEPT = (
        "server_name", "database_name", "tenant_id", "client_id", "client_secret",
        "resource_url", "authority_url", "username", "password",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        server_name: str | None,
        database_name: str | None,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        username: str | None = None,
        password: str | None = None,
        auth_type: str | None = None,
        service_data_access_auth_identity: str | None = None,
    ) -> None:
        super().__init__(workspace, name, SQL_SERVER)
        self.server_name, self.database_name = server_name, database_name
        self.tenant_id, self.client_id = tenant_id, client_id
        self.client_secret, self.password = client_secret, password
        self.resource_url, self.authority_url = resource_url, authority_url
        self.username = username
        known = "SqlAuthentication" if username else "ServicePrincipal" if client_id else "None"
        self.auth_type = auth_type or known
        self.service_data_access_auth_identity = service_data_access_auth_identity
