"""Blobs of a real server, through the store and through the SDK."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from jupyter_aml.data.azure import open_blobs
from jupyter_aml.data.stores import Store
from jupyter_aml.domain.errors import Invalid, NotFound, Refused, Unreachable
from jupyter_aml.testing.file_store_contracts import StoreContract
from tests.azurite import ACCOUNT, KEY, Azurite

pytest.importorskip("adlfs")

LOGIN = {"account_name": ACCOUNT, "account_key": KEY}


@pytest.fixture
def address(azurite: Azurite) -> str:
    return f"{azurite.url}/{ACCOUNT}/c{uuid4().hex[:12]}"


@pytest.fixture
def store(address: str) -> Store:
    store = open_blobs(address, LOGIN)
    store.check(make=True)
    return store


class TestBlobs(StoreContract):
    """A container keeps the promises of all stores."""


UPLOADS = """
import sys
from pathlib import Path
from azure.storage.blob.aio import BlobClient
from jupyter_aml.data.azure import open_blobs

async def halfway(self, data, **options):
    await self.stage_block("YmVndW4=", data.read(1000))
    print("in the middle", flush=True)
    sys.stdin.read()

BlobClient.upload_blob = halfway
url, account, key, path = sys.argv[1:]
open_blobs(url, {"account_name": account, "account_key": key}).put(Path(path), "big.bin")
"""


def test_an_upload_that_is_killed_leaves_the_blob_as_it_was(
    store: Store, address: str, tmp_path: Path
) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(b"old")
    store.put(source, "big.bin")
    source.write_bytes(b"new" * 1000)
    command = [sys.executable, "-c", UPLOADS, address, ACCOUNT, KEY, str(source)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None and victim.stdout.readline() == "in the middle\n"
        victim.send_signal(signal.SIGKILL)
        victim.communicate()

    assert [(entry.path, entry.size) for entry in store.walk()] == [("big.bin", 3)]
    store.put(source, "big.bin")
    assert [(entry.path, entry.size) for entry in store.walk()] == [("big.bin", 3000)]


def test_a_container_that_is_missing_is_said(address: str, tmp_path: Path) -> None:
    store = open_blobs(address, LOGIN)
    (tmp_path / "x").write_bytes(b"x")

    with pytest.raises(NotFound, match=r"there is no .*/c[0-9a-f]+"):
        store.check()
    with pytest.raises(NotFound, match="there is no"):
        store.put(tmp_path / "x", "x")
    with pytest.raises(NotFound, match="there is no"):
        list(store.walk())


@pytest.mark.parametrize(
    "login",
    [
        {**LOGIN, "account_key": "bm90IHRoZSBrZXk="},
        {"account_name": ACCOUNT, "sas_token": "?sv=2020-08-04&ss=b&sig=bm90IGl0"},
        {"account_name": ACCOUNT},
    ],
)
def test_a_key_that_is_wrong_is_said_and_not_repeated(
    store: Store, address: str, login: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    locked = open_blobs(address, login)

    for refused in (
        lambda: locked.check(),
        lambda: list(locked.walk()),
        lambda: locked.put(tmp_path / "x", "x"),
        lambda: locked.get("x", tmp_path / "y"),
    ):
        with pytest.raises(Refused, match="does not let us in") as told:
            refused()
        assert "bm90" not in str(told.value)
        assert told.value.__cause__ is None
    assert not (tmp_path / "y").exists()


def test_a_signature_opens_what_it_is_for(store: Store, address: str, tmp_path: Path) -> None:
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    (tmp_path / "x").write_bytes(b"x")
    store.put(tmp_path / "x", "x")
    signature = generate_container_sas(
        ACCOUNT, address.rpartition("/")[2], account_key=KEY,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    reader = open_blobs(address, {"account_name": ACCOUNT, "sas_token": f"?{signature}"})

    reader.get("x", tmp_path / "y")

    assert (tmp_path / "y").read_bytes() == b"x"
    assert [entry.path for entry in reader.walk()] == ["x"]
    with pytest.raises(Refused, match="does not let us in") as told:
        reader.put(tmp_path / "x", "z")
    assert signature not in str(told.value)
    assert "sig=" not in reader.url("x")


def test_a_key_that_is_none_is_said(address: str) -> None:
    with pytest.raises(Invalid, match="text in base64") as told:
        open_blobs(address, {**LOGIN, "account_key": "123456abcde789"})
    assert "123456" not in str(told.value)


def test_a_server_that_is_down_is_given_up_soon() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/{ACCOUNT}/c"
        started = time.monotonic()

        with pytest.raises(Unreachable, match="does not answer"):
            list(open_blobs(url, LOGIN).walk())

    # Three tries with breaks of seconds; the library alone would take a minute.
    assert time.monotonic() - started < 45
