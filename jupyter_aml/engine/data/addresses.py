"""Where a datastore is: in the root, in a cloud, or where a setting sends its account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from jupyter_aml.domain import datastore
from jupyter_aml.domain.datastore import BLOB, BUILT_IN, DATA_LAKE_2, FILE_SHARE, Datastore
from jupyter_aml.domain.errors import Invalid

Endpoints = Mapping[str, str]
"""Addresses by account; `*` is for all others. `{account}` stands for the account's name."""

_CLOUD = "core.windows.net"
_ADDRESS = re.compile(r"(https?|file)://\S+")


def storage(root: Path, workspace: str, name: str) -> Path:
    """The folder of a built-in datastore."""
    return root / "workspaces" / workspace / "storage" / name


def built_in(name: str, workspace: str) -> Datastore:
    """A datastore that every workspace has; account and container are labels."""
    account = re.sub(r"[^a-z0-9]", "", workspace.lower())[:24] or "default"
    kind = BUILT_IN[name]
    container = {BLOB: "container_name", FILE_SHARE: "file_share_name"}[kind]
    options = {"account_name": account, container: name}
    return Datastore(name=name, kind=kind, options=options, version="1")


def located(definition: Datastore, root: Path, workspace: str, endpoints: Endpoints) -> Datastore:
    """The datastore with the address where it is now."""
    if definition.is_built_in:
        folder = storage(root, workspace, definition.name)
        return replace(definition, url=folder.as_uri())
    return replace(definition, url=definition.url or _address(definition, endpoints))


def read_endpoints(text: str) -> dict[str, str]:
    """Read `ACCOUNT=URL ACCOUNT=URL`, where `*` is every account; raises Invalid."""
    endpoints: dict[str, str] = {}
    for entry in text.split():
        account, equals, url = entry.partition("=")
        if not equals or not account or not _ADDRESS.fullmatch(url):
            raise Invalid(f"expected ACCOUNT=URL, such as *=http://127.0.0.1:10000/{{account}}, "
                          f"not {entry!r}")  # fmt: skip
        endpoints[account] = url.rstrip("/")
    return endpoints


def _address(definition: Datastore, endpoints: Endpoints) -> str | None:
    of_kind = _OF_KIND.get(definition.kind)
    return None if of_kind is None else of_kind(definition, endpoints)


def _blob(definition: Datastore, endpoints: Endpoints) -> str:
    """Blobs of both kinds: a data lake of the second generation is a blob account, too."""
    container = definition.option("container_name") or definition.option("filesystem")
    return f"{_service(definition, 'blob', endpoints)}/{quote(container or '')}"


def _share(definition: Datastore, endpoints: Endpoints) -> str:
    share = definition.option("file_share_name") or ""
    return f"{_service(definition, 'file', endpoints)}/{quote(share)}"


def _service(definition: Datastore, service: str, endpoints: Endpoints) -> str:
    account = definition.option("account_name") or ""
    redirected = endpoints.get(account) or endpoints.get("*")
    if redirected is not None:
        return redirected.replace("{account}", account)
    protocol = definition.option("protocol") or "https"
    return f"{protocol}://{account}.{service}.{definition.option('endpoint') or _CLOUD}"


def _data_lake(definition: Datastore, endpoints: Endpoints) -> str:
    return f"adl://{definition.option('store_name')}.azuredatalakestore.net"


def _database(scheme: str, port: int, cloud: str) -> Callable[[Datastore, Endpoints], str]:
    def address(definition: Datastore, endpoints: Endpoints) -> str:
        server = definition.option("server_name") or ""
        endpoint = definition.option("endpoint") or cloud
        host = endpoints.get(server) or (server if "." in server or server == "localhost"
                                         else f"{server}.{endpoint}")  # fmt: skip
        at = definition.option("port_number") or port
        safely = "?sslmode=require" if definition.options.get("enforce_ssl") is True else ""
        return f"{scheme}://{host}:{at}/{quote(definition.option('database_name') or '')}{safely}"

    return address


def _hdfs(definition: Datastore, endpoints: Endpoints) -> str:
    return f"webhdfs://{definition.option('namenode_address')}"


_OF_KIND: Mapping[str, Callable[[Datastore, Endpoints], str]] = {
    BLOB: _blob,
    DATA_LAKE_2: _blob,
    FILE_SHARE: _share,
    datastore.DATA_LAKE: _data_lake,
    datastore.SQL_SERVER: _database("mssql", 1433, "database.windows.net"),
    datastore.POSTGRES: _database("postgresql", 5432, "postgres.database.azure.com"),
    datastore.MY_SQL: _database("mysql", 3306, "mysql.database.azure.com"),
    datastore.HDFS: _hdfs,
    datastore.DBFS: lambda definition, endpoints: "file:///dbfs",
}
