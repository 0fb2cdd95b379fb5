"""SDK v1's words for kinds of datastores, credentials and modes."""

from __future__ import annotations

from jupyter_aml.domain import datastore

AZURE_BLOB, AZURE_FILE = datastore.BLOB, datastore.FILE_SHARE
AZURE_DATA_LAKE, AZURE_DATA_LAKE_GEN2 = datastore.DATA_LAKE, datastore.DATA_LAKE_2
AZURE_SQL_DATABASE, AZURE_POSTGRESQL = datastore.SQL_SERVER, datastore.POSTGRES
AZURE_MYSQL, DBFS, HDFS, CUSTOM = (
    datastore.MY_SQL, datastore.DBFS, datastore.HDFS, datastore.CUSTOM,
)  # fmt: skip
WORKSPACE_BLOB_DATASTORE, WORKSPACE_FILE_DATASTORE = "workspaceblobstore", "workspacefilestore"
ACCOUNT_KEY, SAS, NONE = "AccountKey", "Sas", "None"
CLIENT_CREDENTIALS, SERVICE_PRINCIPAL = "ClientCredentials", "ServicePrincipal"
SQL_AUTHENTICATION = "SqlAuthentication"
DIRECT_MODE, DOWNLOAD_MODE, MOUNT_MODE = "direct", "download", "mount"
UPLOAD_MODE, HDFS_MODE, LINK_MODE = "upload", "hdfs", "link"
