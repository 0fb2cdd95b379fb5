"""Where datastores are, and where a setting sends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.domain.datastore import BLOB, Datastore
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.data.addresses import built_in, located, read_endpoints

ROOT = Path("/root of runs")
BLOBS = {"account_name": "acct", "container_name": "c"}
SERVER = {"server_name": "s", "database_name": "d b"}


def at(kind: str, endpoints: str = "", **options: object) -> str | None:
    store = Datastore(name="x", kind=kind, options=options)
    return located(store, ROOT, "ws", read_endpoints(endpoints)).url


@pytest.mark.parametrize(
    ("kind", "options", "url"),
    [
        ("AzureBlob", BLOBS, "https://acct.blob.core.windows.net/c"),
        ("AzureBlob", {**BLOBS, "endpoint": "core.chinacloudapi.cn", "protocol": "http"},
         "http://acct.blob.core.chinacloudapi.cn/c"),
        ("AzureDataLakeGen2", {"account_name": "acct", "filesystem": "f"},
         "https://acct.blob.core.windows.net/f"),
        ("AzureFile", {"account_name": "acct", "file_share_name": "s"},
         "https://acct.file.core.windows.net/s"),
        ("AzureSqlDatabase", SERVER, "mssql://s.database.windows.net:1433/d%20b"),
        ("AzurePostgreSql", {**SERVER, "server_name": "db.local", "port_number": "5433"},
         "postgresql://db.local:5433/d%20b"),
        ("AzurePostgreSql", {**SERVER, "server_name": "localhost", "enforce_ssl": True},
         "postgresql://localhost:5432/d%20b?sslmode=require"),
        ("AzureMySql", SERVER, "mysql://s.mysql.database.azure.com:3306/d%20b"),
        ("DBFS", {}, "file:///dbfs"),
        ("HDFS", {"namenode_address": "nn:9870"}, "webhdfs://nn:9870"),
    ],
)  # fmt: skip
def test_the_options_of_v1_name_an_address(kind: str, options: dict[str, object], url: str) -> None:
    assert at(kind, **options) == url


def test_a_setting_sends_an_account_elsewhere_and_all_others_too() -> None:
    endpoints = "*=http://127.0.0.1:10000/{account} teaching=file:///srv/teaching/"

    assert at(BLOB, endpoints, **BLOBS) == "http://127.0.0.1:10000/acct/c"
    assert at(BLOB, endpoints, account_name="teaching", container_name="a b") == (
        "file:///srv/teaching/a%20b"
    )


@pytest.mark.parametrize("text", ["acct", "=http://x", "a=ftp://x", "a= http://x", "a=x"])
def test_a_setting_that_cannot_be_is_named(text: str) -> None:
    with pytest.raises(Invalid, match="expected ACCOUNT=URL"):
        read_endpoints(text)


def test_the_files_of_a_workspaces_own_lie_in_the_root() -> None:
    store = located(built_in("workspacefilestore", "My.WS"), ROOT, "My.WS", {})

    assert store.url == "file:///root%20of%20runs/workspaces/My.WS/storage/workspacefilestore"
    assert store.options["account_name"] == "myws"


def test_an_address_of_ones_own_stays_what_it_is() -> None:
    store = Datastore(name="x", kind="Custom", url="s3://bucket/x")

    assert located(store, ROOT, "ws", {"*": "http://elsewhere"}).url == "s3://bucket/x"
