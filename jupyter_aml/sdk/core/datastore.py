"""Datastores of a workspace: found, registered, made the default."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

from jupyter_aml.domain import datastore as kinds
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._data.place import Place, told_as_v1
from jupyter_aml.sdk.exceptions import UserErrorException

_CLOUD = "there is no Azure subscription to ask here: give a key, a signature or a login"


class Datastore:
    """`Datastore(workspace, name)` is the datastore of that name, an object of its kind's class."""

    def __new__(cls, workspace: Place, name: str | None = None) -> Any:
        """Find a datastore, or the default one."""
        return Datastore.get_default(workspace) if name is None else Datastore.get(workspace, name)

    def __init__(self, workspace: Place, name: str | None = None) -> None:
        # `__new__` returns an object of another class, as in SDK v1: this is never called.
        self.workspace, self.name = workspace, name

    def set_as_default(self) -> NoReturn:
        """Stands here for its signature; a datastore's own class has it."""
        raise TypeError("Datastore(workspace, name) has it")

    def unregister(self) -> NoReturn:
        """Stands here for its signature; a datastore's own class has it."""
        raise TypeError("Datastore(workspace, name) has it")

    # ---- finding ---------------------------------------------------------------------------------

    @staticmethod
    def get(workspace: Place, datastore_name: str) -> Any:
        """The datastore of that name; UserErrorException names the nearest."""
        from jupyter_aml.sdk.data.datastore_client import from_wire

        with told_as_v1():
            kinds.datastore_name(datastore_name)
            seen = workspace.client.datastores.get(workspace.name, datastore_name)
        return from_wire(workspace, seen)

    @staticmethod
    def get_default(workspace: Place) -> Any:
        """The default datastore."""
        from jupyter_aml.sdk.data.datastore_client import from_wire

        return from_wire(workspace, workspace.client.datastores.default(workspace.name))

    # ---- registering -----------------------------------------------------------------------------

    @staticmethod
    def register(
        workspace: Place,
        name: str,
        url: str,
        options: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> Any:
        """Ours: files below any address that fsspec opens, such as `s3://bucket/folder`.

        `options` go to fsspec's file system; those that are secrets are kept in the vault.
        """
        return _registered(workspace, name, kinds.CUSTOM, dict(options or {}), overwrite, url=url)

    @staticmethod
    def register_azure_blob_container(
        workspace: Place,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: int | None = None,
        grant_workspace_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
    ) -> Any:
        """A container of blobs; the key or signature is kept in the vault.

        Without either it is a public one. It is looked at now, unless `skip_validation`, and made
        where it is missing with `create_if_not_exists`.
        """
        given.refuse(_CLOUD, grant_workspace_access=grant_workspace_access)
        given.refuse("nothing is mounted through a cache here",
                     blob_cache_timeout=blob_cache_timeout)  # fmt: skip
        _one_of(sas_token=sas_token, account_key=account_key)
        options = {
            "container_name": container_name, "account_name": account_name,
            "sas_token": sas_token, "account_key": account_key, "protocol": protocol,
            "endpoint": endpoint, "subscription_id": subscription_id,
            "resource_group": resource_group,
        }  # fmt: skip
        made = _registered(
            workspace, datastore_name, kinds.BLOB, options, overwrite,
            make=create_if_not_exists, check=not skip_validation,
        )  # fmt: skip
        return made

    @staticmethod
    def register_azure_file_share(
        workspace: Place,
        datastore_name: str,
        file_share_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> Any:
        """A file share; the key or signature is kept in the vault.

        Its files are read where the share is mounted: the setting `storage_endpoints` names the
        folder.
        """
        _one_of(sas_token=sas_token, account_key=account_key)
        options = {
            "file_share_name": file_share_name, "account_name": account_name,
            "sas_token": sas_token, "account_key": account_key, "protocol": protocol,
            "endpoint": endpoint,
        }  # fmt: skip
        return _registered(
            workspace, datastore_name, kinds.FILE_SHARE, options, overwrite,
            make=create_if_not_exists, check=not skip_validation,
        )  # fmt: skip

    @staticmethod
    def register_azure_data_lake(
        workspace: Place,
        datastore_name: str,
        store_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        overwrite: bool = False,
        grant_workspace_access: bool = False,
    ) -> Any:
        """A data lake of the first generation: it is kept, but Azure has switched these off."""
        given.refuse(_CLOUD, grant_workspace_access=grant_workspace_access)
        options = {
            "store_name": store_name, "tenant_id": tenant_id, "client_id": client_id,
            "client_secret": client_secret, "resource_url": resource_url,
            "authority_url": authority_url, "subscription_id": subscription_id,
            "resource_group": resource_group,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.DATA_LAKE, options, overwrite)

    @staticmethod
    def register_azure_data_lake_gen2(
        workspace: Place,
        datastore_name: str,
        filesystem: str,
        account_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        grant_workspace_access: bool = False,
    ) -> Any:
        """A data lake of the second generation; the client's secret is kept in the vault."""
        given.refuse(_CLOUD, grant_workspace_access=grant_workspace_access)
        options = {
            "filesystem": filesystem, "account_name": account_name, "tenant_id": tenant_id,
            "client_id": client_id, "client_secret": client_secret,
            "resource_url": resource_url, "authority_url": authority_url,
            "protocol": protocol, "endpoint": endpoint, "subscription_id": subscription_id,
            "resource_group": resource_group,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.DATA_LAKE_2, options, overwrite)

    @staticmethod
    def register_azure_sql_database(
        workspace: Place,
        datastore_name: str,
        server_name: str,
        database_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        username: str | None = None,
        password: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        grant_workspace_access: bool = False,
        **kwargs: Any,
    ) -> Any:
        """A database of SQL Server; password and secret are kept in the vault.

        A `server_name` with a dot is taken as it is, others as Azure's.
        """
        given.only("register_azure_sql_database", kwargs)
        given.refuse(_CLOUD, grant_workspace_access=grant_workspace_access)
        options = {
            "server_name": server_name, "database_name": database_name, "tenant_id": tenant_id,
            "client_id": client_id, "client_secret": client_secret,
            "resource_url": resource_url, "authority_url": authority_url, "endpoint": endpoint,
            "username": username, "password": password, "subscription_id": subscription_id,
            "resource_group": resource_group,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.SQL_SERVER, options, overwrite)

    @staticmethod
    def register_azure_postgre_sql(
        workspace: Place,
        datastore_name: str,
        server_name: str,
        database_name: str,
        user_id: str,
        user_password: str,
        port_number: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        enforce_ssl: bool = True,
        **kwargs: Any,
    ) -> Any:
        """A database of PostgreSQL; the password is kept in the vault.

        A `server_name` with a dot is taken as it is, others as Azure's.
        """
        given.only("register_azure_postgre_sql", kwargs)
        options = {
            "server_name": server_name, "database_name": database_name, "user_id": user_id,
            "user_password": user_password, "port_number": port_number, "endpoint": endpoint,
            "enforce_ssl": enforce_ssl,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.POSTGRES, options, overwrite)

    @staticmethod
    def register_azure_my_sql(
        workspace: Place,
        datastore_name: str,
        server_name: str,
        database_name: str,
        user_id: str,
        user_password: str,
        port_number: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        **kwargs: Any,
    ) -> Any:
        """A database of MySQL; the password is kept in the vault.

        A `server_name` with a dot is taken as it is, others as Azure's.
        """
        given.only("register_azure_my_sql", kwargs)
        options = {
            "server_name": server_name, "database_name": database_name, "user_id": user_id,
            "user_password": user_password, "port_number": port_number, "endpoint": endpoint,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.MY_SQL, options, overwrite)

    @staticmethod
    def register_dbfs(workspace: Place, datastore_name: str) -> Any:
        """The file system of Databricks, read where it is mounted: `/dbfs`."""
        return _registered(workspace, datastore_name, kinds.DBFS, {}, False)

    @staticmethod
    def register_hdfs(
        workspace: Place,
        datastore_name: str,
        protocol: str,
        namenode_address: str,
        hdfs_server_certificate: str | None,
        kerberos_realm: str,
        kerberos_kdc_address: str,
        kerberos_principal: str,
        kerberos_keytab: str | None = None,
        kerberos_password: str | None = None,
        overwrite: bool = False,
    ) -> Any:
        """A file system of Hadoop, opened with the Kerberos login of this machine (`kinit`).

        Realm, address and keytab or password are kept, the last in the vault, and not used: a
        warning says so. `hdfs_server_certificate` is the file of a certificate.
        """
        _one_of(kerberos_keytab=kerberos_keytab, kerberos_password=kerberos_password)
        warnings.warn(
            f"datastore {datastore_name!r} is opened with the Kerberos login of this machine: "
            "log in with kinit before it is used",
            stacklevel=2,
        )
        options = {
            "protocol": protocol, "namenode_address": namenode_address,
            "hdfs_server_certificate": hdfs_server_certificate,
            "kerberos_realm": kerberos_realm, "kerberos_kdc_address": kerberos_kdc_address,
            "kerberos_principal": kerberos_principal, "kerberos_keytab": kerberos_keytab,
            "kerberos_password": kerberos_password,
        }  # fmt: skip
        return _registered(workspace, datastore_name, kinds.HDFS, options, overwrite)


def _one_of(**credentials: str | None) -> None:
    if sum(value is not None for value in credentials.values()) > 1:
        raise UserErrorException(f"give {' or '.join(credentials)}, not both")


def _registered(
    workspace: Place, name: str, kind: str, options: dict[str, Any], overwrite: bool, *,
    url: str | None = None, make: bool = False, check: bool = False,
) -> Any:  # fmt: skip
    from jupyter_aml.sdk._data.looking import look_at
    from jupyter_aml.sdk.data.datastore_client import from_wire
    from jupyter_aml.wire.datastores import decode_datastore

    body = {
        "workspace": workspace.name, "name": name, "kind": kind, "options": options,
        "overwrite": overwrite, "url": url,
    }  # fmt: skip
    body = {key: value for key, value in body.items() if value is not None}
    with told_as_v1():
        if make or check:
            meant = workspace.client.datastores.add({**body, "dryRun": True})
            look_at(decode_datastore({**meant, "options": options}), make=make)
        seen = workspace.client.datastores.add(body)
    return from_wire(workspace, seen)
