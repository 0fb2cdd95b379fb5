"""The classes of datastores by their kinds, and the one that an answer of the engine means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_aml.domain import datastore
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore
from jupyter_aml.sdk.data.azure_data_lake_datastore import (
    AzureDataLakeDatastore,
    AzureDataLakeGen2Datastore,
)
from jupyter_aml.sdk.data.azure_my_sql_datastore import AzureMySqlDatastore
from jupyter_aml.sdk.data.azure_postgre_sql_datastore import AzurePostgreSqlDatastore
from jupyter_aml.sdk.data.azure_sql_database_datastore import AzureSqlDatabaseDatastore
from jupyter_aml.sdk.data.azure_storage_datastore import (
    AzureBlobDatastore,
    AzureFileDatastore,
    UrlDatastore,
)
from jupyter_aml.sdk.data.dbfs_datastore import DBFSDatastore
from jupyter_aml.sdk.data.hdfs_datastore import HDFSDatastore
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk._data.place import Place
    from jupyter_aml.wire.datastores import WireDatastore

__all__ = [
    "AbstractDatastore",
    "AzureBlobDatastore",
    "AzureDataLakeDatastore",
    "AzureDataLakeGen2Datastore",
    "AzureFileDatastore",
    "AzureMySqlDatastore",
    "AzurePostgreSqlDatastore",
    "AzureSqlDatabaseDatastore",
    "DBFSDatastore",
    "HDFSDatastore",
    "UserErrorException",
    "from_wire",
]

_CLASSES: dict[str, type[AbstractDatastore]] = {
    datastore.BLOB: AzureBlobDatastore,
    datastore.FILE_SHARE: AzureFileDatastore,
    datastore.DATA_LAKE: AzureDataLakeDatastore,
    datastore.DATA_LAKE_2: AzureDataLakeGen2Datastore,
    datastore.SQL_SERVER: AzureSqlDatabaseDatastore,
    datastore.POSTGRES: AzurePostgreSqlDatastore,
    datastore.MY_SQL: AzureMySqlDatastore,
    datastore.DBFS: DBFSDatastore,
    datastore.HDFS: HDFSDatastore,
    datastore.CUSTOM: UrlDatastore,
}


def from_wire(workspace: Place, seen: WireDatastore) -> AbstractDatastore:
    """The datastore of an answer of the engine."""
    return _CLASSES[seen["kind"]]._of(workspace, seen)
