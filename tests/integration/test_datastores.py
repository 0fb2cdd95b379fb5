"""Datastores through the SDK: found, registered, filled and emptied."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from jupyter_aml.sdk.core import Datastore, Workspace
from jupyter_aml.sdk.data.azure_storage_datastore import AzureBlobDatastore, AzureFileDatastore
from jupyter_aml.sdk.data.data_reference import DataReference
from jupyter_aml.sdk.data.datapath import DataPath, DataPathComputeBinding
from jupyter_aml.sdk.exceptions import UserErrorException
from tests.azurite import ACCOUNT, KEY, Azurite

UPLOADS_FOR_EVER = """
import os, sys
from pathlib import Path
from jupyter_aml.data import landing
from jupyter_aml.sdk.core import Workspace

store = Workspace.from_config().get_default_datastore()
copy = landing.os.replace

def pause(*args):
    if args[1].name == "3.bin":
        print("in the middle", flush=True)
        sys.stdin.read()
    copy(*args)

landing.os.replace = pause
store.upload(sys.argv[1], "big", show_progress=False)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with names of all kinds."""
    made = tmp_path / "data"
    for name in ("a.csv", "sub/b.csv", "sub/ünï \"q' .csv", "数据/x.csv"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_workspace_has_three_and_one_is_the_default(ws: Workspace, aml_root: Path) -> None:
    stores = ws.datastores

    assert list(stores) == ["workspaceblobstore", "workspacefilestore", "workspaceartifactstore"]
    assert isinstance(stores["workspaceblobstore"], AzureBlobDatastore)
    assert isinstance(stores["workspacefilestore"], AzureFileDatastore)
    default = ws.get_default_datastore()
    assert (default.name, default.datastore_type) == ("workspaceblobstore", "AzureBlob")
    assert (default.account_name, default.container_name) == ("default", "workspaceblobstore")
    assert default.workspace is ws
    with pytest.raises(UserErrorException, match="cannot be unregistered"):
        default.unregister()
    with pytest.raises(UserErrorException, match="every workspace has a datastore"):
        Datastore.register(ws, "workspaceblobstore", "file:///tmp")


def test_files_go_up_and_come_down_as_they_were(
    ws: Workspace, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ws.get_default_datastore()

    reference = store.upload(str(folder), target_path="/deep/data/", show_progress=True)
    lines = capsys.readouterr().out.splitlines()
    count = store.download(str(tmp_path / "back"), prefix="deep/data")

    assert lines[0] == "Uploading an estimated of 4 files"
    assert f"Uploading {folder}/a.csv" in lines
    assert lines[-1] == "Uploaded 4 files"
    assert lines[-2].endswith(", 4 files out of an estimated total of 4")
    assert count == 4
    assert names(tmp_path / "back" / "deep" / "data") == names(folder)
    assert isinstance(reference, DataReference)
    assert str(reference).startswith("$AZUREML_DATAREFERENCE_")
    assert reference.path_on_datastore == "deep/data"


def test_what_is_there_stays_unless_it_is_overwritten(
    ws: Workspace, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ws.get_default_datastore()
    store.upload(folder, "x", show_progress=False)
    (folder / "a.csv").write_text("changed")
    assert capsys.readouterr().out == ""

    store.upload(folder, "x")
    kept = capsys.readouterr().out
    store.upload(folder, "x", overwrite=True, show_progress=False)

    assert "Target already exists. Skipping upload for x/a.csv" in kept
    assert kept.endswith("Uploaded 0 files\n")
    assert store.download(tmp_path / "d", prefix="x/a.csv", show_progress=False) == 1
    assert (tmp_path / "d" / "x" / "a.csv").read_text() == "changed"
    assert store.download(tmp_path / "d", prefix="x", show_progress=False) == 3
    assert store.download(tmp_path / "d", prefix="x", overwrite=True, show_progress=False) == 4
    assert store.download(tmp_path / "e", prefix="nothing", show_progress=False) == 0


def test_single_files_go_where_their_root_says(
    ws: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ws.get_default_datastore()
    monkeypatch.chdir(folder.parent)

    store.upload_files(["./data/a.csv"], target_path="one/", show_progress=False)
    store.upload_files(
        files=["data/a.csv", "data/sub/b.csv"], target_path="two", show_progress=False
    )
    store.upload_files(["data/sub/b.csv"], relative_root="data", show_progress=False)

    assert [entry.path for entry in store._store().walk()] == [
        "one/a.csv", "sub/b.csv", "two/a.csv", "two/sub/b.csv",
    ]  # fmt: skip
    with pytest.raises(UserErrorException, match=r"'data/none\.csv' is no file"):
        store.upload_files(["data/none.csv"])
    with pytest.raises(UserErrorException, match="does not hold the file"):
        store.upload_files(["data/a.csv"], relative_root="data/sub")
    with pytest.raises(UserErrorException, match="give a list of paths"):
        store.upload_files("data/a.csv")
    with pytest.raises(UserErrorException, match="is no folder"):
        store.upload("data/a.csv")


def test_an_address_that_hands_out_keys_is_no_datastore(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match=r"169\.254\.169\.254 is an address of"):
        Datastore.register(ws, "keys", "http://169.254.169.254/")

    assert "keys" not in ws.datastores


@pytest.mark.parametrize("path", ["../out", "a/../../out"])
def test_a_path_that_climbs_out_is_refused(ws: Workspace, folder: Path, path: str) -> None:
    store = ws.get_default_datastore()

    with pytest.raises(UserErrorException, match="leads out of the datastore"):
        store.upload(folder, path)
    with pytest.raises(UserErrorException, match="leads out of the datastore"):
        store.download(folder, prefix=path)
    with pytest.raises(UserErrorException, match="leads out of the datastore"):
        store.path(path)


def test_an_upload_that_is_killed_is_repeated_and_leaves_nothing(
    ws: Workspace, tmp_path: Path, aml_root: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(6):
        (source / f"{number}.bin").write_bytes(os.urandom(50_000))
    victim = subprocess.Popen(
        [sys.executable, "-c", UPLOADS_FOR_EVER, str(source)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with victim:
        assert victim.stdout is not None and victim.stdout.readline() == "in the middle\n"
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    store = ws.get_default_datastore()
    whole = [entry.path for entry in store._store().walk()]
    place = aml_root / "workspaces/default/storage/workspaceblobstore/big"
    assert "big/3.bin" not in whole
    assert any(path.name.endswith(".part") for path in place.iterdir())
    for path in whole:
        assert (place.parent / path).read_bytes() == (source / Path(path).name).read_bytes()

    store.upload(source, "big", show_progress=False)

    assert sorted(path.name for path in place.iterdir()) == [f"{n}.bin" for n in range(6)]


def test_a_file_that_cannot_be_read_stops_the_upload_and_is_named(
    ws: Workspace, folder: Path
) -> None:
    (folder / "dangling").symlink_to(folder / "nowhere")

    with pytest.raises(UserErrorException, match=r"dangling.*files are uploaded; the call may be"):
        ws.get_default_datastore().upload(folder, "x", show_progress=False)


def test_references_say_how_a_run_gets_the_files(ws: Workspace) -> None:
    store = ws.get_default_datastore()

    below = store.path("data").path("more").as_download(path_on_compute="here")

    assert str(store.as_mount()) == "$AZUREML_DATAREFERENCE_workspaceblobstore"
    assert (below.mode, below.path_on_datastore) == ("download", "data/more")
    assert below.path_on_compute == "here"
    assert store.path("x", data_reference_name="mine").as_upload().data_reference_name == "mine"
    place = DataPath(store, "data/more")
    bound = place.create_data_reference("d", DataPathComputeBinding("upload"))
    config = bound.to_config()
    assert (config.data_store_name, config.mode) == ("workspaceblobstore", "upload")
    assert config.path_on_data_store == "data/more"
    assert (place.datastore_name, bound.mode) == ("workspaceblobstore", "upload")
    assert DataPath.create_from_data_reference(bound).path_on_datastore == "data/more"
    with pytest.raises(UserErrorException, match="it names a variable"):
        DataReference(store, "a b")
    with pytest.raises(UserErrorException, match="there are mount, download, upload"):
        DataReference(store, "a", mode="fly")
    with pytest.raises(UserErrorException, match="give a datastore"):
        DataReference("store", "a")  # type: ignore[arg-type]


def test_a_datastore_is_registered_replaced_and_forgotten(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "f").write_text("1")
    (tmp_path / "two").mkdir()
    one, two = (tmp_path / "one").as_uri(), (tmp_path / "two").as_uri()

    store = Datastore.register(ws, "mine", one)
    again = Datastore.register(ws, "mine", one)
    with pytest.raises(UserErrorException, match="pass overwrite=True"):
        Datastore.register(ws, "mine", two)
    replaced = Datastore.register(ws, "mine", two, overwrite=True)

    assert store.download(tmp_path / "got", show_progress=False) == 1
    assert (store.url, again.url, replaced.url) == (one, one, two)
    ws.set_default_datastore("mine")
    assert Datastore(ws).name == Datastore.get_default(ws).name == "mine"
    with pytest.raises(UserErrorException, match="make another one the default first"):
        replaced.unregister()
    ws.datastores["workspacefilestore"].set_as_default()
    replaced.unregister()
    with pytest.raises(UserErrorException, match="there is no datastore 'mine'"):
        Datastore(ws, "mine")
    with pytest.raises(UserErrorException, match="did you mean 'workspacefilestore'"):
        Datastore.get(ws, "workspacefilestor")
    assert (tmp_path / "two").is_dir()


def test_keys_go_into_the_vault_and_into_nothing_else(ws: Workspace, aml_root: Path) -> None:
    store = Datastore.register(
        ws, "bucket", "s3://bucket/x",
        options={"key": "AKIA-name", "client_kwargs": {"aws_secret_access_key": "hidden-deep"}},
    )  # fmt: skip
    told = ws.client.datastores.get("default", "bucket")

    assert "hidden-deep" not in json.dumps(told) and "AKIA-name" not in repr(store)
    for path in aml_root.rglob("*"):
        if path.is_file():
            assert b"hidden-deep" not in path.read_bytes(), path
    assert store._secret("datastore/bucket/client_kwargs.aws_secret_access_key") == "hidden-deep"
    with pytest.raises(UserErrorException, match="it holds a password or a signature") as refused:
        Datastore.register(ws, "ftp", "ftp://me:tr0mbone@host/x")
    assert "tr0mbone" not in str(refused.value)
    with pytest.raises(UserErrorException, match="belongs to another datastore"):
        Datastore.register(ws, "thief", "s3://x", options={"k": "secret://datastore/bucket/key"})
    store.unregister()
    assert "hidden-deep" not in json.dumps(ws.client.datastores.list("default"))
    vault = (aml_root / "workspaces/default/vault.json").read_text()
    assert "bucket" not in vault


def test_what_databases_and_mounts_need_is_said(ws: Workspace) -> None:
    sql = Datastore.register_azure_sql_database(
        ws, "sql", "server", "db", username="me", password="pw-of-sql"
    )
    share = Datastore.register_azure_file_share(ws, "share", "s", "account", account_key="a2V5")
    old = Datastore.register_azure_data_lake(ws, "lake", "store")
    Datastore.register_dbfs(ws, "dbfs")
    with pytest.warns(UserWarning, match="log in with kinit"):
        hdfs = Datastore.register_hdfs(
            ws, "hdfs", "https", "nn:9871", "/ca.pem", "REALM", "kdc", "me@REALM",
            kerberos_password="pw-of-hdfs",
        )  # fmt: skip
    assert (hdfs.credential_value, hdfs.credential_type) == ("pw-of-hdfs", "KerberosPassword")

    assert (sql.password, sql.auth_type) == ("pw-of-sql", "SqlAuthentication")
    with pytest.raises(UserErrorException, match="is a database and holds no files"):
        sql._store()
    with pytest.raises(UserErrorException, match="setting storage_endpoints"):
        share.upload(".")
    with pytest.raises(UserErrorException, match="switched off"):
        old._store()
    assert ws.client.datastores.get("default", "sql")["url"] == (
        "mssql://server.database.windows.net:1433/db"
    )


@pytest.fixture
def at_azurite(
    azurite: Azurite, aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path
) -> Iterator[Workspace]:
    """A workspace whose engine sends storage accounts to Azurite, and one to a folder."""
    config = Path(jupyter_env["JUPYTER_CONFIG_DIR"], "jupyter_aml_config.json")
    config.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "mnt" / "share").mkdir(parents=True)
    endpoints = f"{azurite.endpoints} files=file://{tmp_path}/mnt"
    config.write_text(json.dumps({"AmlConfig": {"storage_endpoints": endpoints}}))
    os.chdir(tmp_path)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")


def test_blocks_of_the_tutorial_run_against_a_server_of_blobs(
    at_azurite: Workspace, folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("adlfs")
    importlib.import_module("jupyter_aml.azureml")
    core = importlib.import_module("azureml.core")
    ws = core.Workspace.from_config()

    blob_ds = core.Datastore.register_azure_blob_container(
        workspace=ws, datastore_name="blob_data", container_name=f"c{uuid4().hex}",
        account_name="az_store_acct", account_key=KEY, create_if_not_exists=True,
    )  # fmt: skip
    seen = [*ws.datastores]
    blob_store = core.Datastore.get(ws, datastore_name="blob_data")
    ws.set_default_datastore("blob_data")
    blob_ds.upload(
        src_dir=str(folder), target_path="/data/files", overwrite=True, show_progress=True
    )
    count = blob_ds.download(target_path="downloads", prefix="/data", show_progress=True)

    assert "blob_data" in seen
    page = ws.client.datastores.files("default", "blob_data", "data/files")
    assert (page["folders"], [each["name"] for each in page["files"]]) == (
        ["sub", "数据"], ["a.csv"],
    )  # fmt: skip
    place = "datastores/blob_data/files/data/files/a.csv"
    assert ws.client._door.content(place) == b"a.csv"
    assert blob_store.account_key == KEY
    assert count == 4
    assert names(tmp_path / "downloads" / "data" / "files") == names(folder)
    assert ws.get_default_datastore().name == "blob_data"


def test_a_container_is_looked_at_before_anything_is_kept(at_azurite: Workspace) -> None:
    pytest.importorskip("adlfs")
    ws = at_azurite

    for told, login in (("there is no http", KEY), ("does not let us in", "d3Jvbmc=")):
        with pytest.raises(UserErrorException, match=told):
            Datastore.register_azure_blob_container(
                ws, "blobs", "missing", ACCOUNT, account_key=login
            )
        assert "blobs" not in ws.datastores
    share = Datastore.register_azure_file_share(ws, "share", "share", "files", account_key="a2V5")
    share.upload_files([__file__], show_progress=False)
    assert [entry.path for entry in share._store().walk()] == [Path(__file__).name]
