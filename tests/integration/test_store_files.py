"""The files of datastores over HTTP, as a page lists, fetches and sends them."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, Outdated, Refused
from jupyter_aml.sdk.core import Workspace

STORE = "datastores/workspaceblobstore/files"


def put(ws: Workspace, path: str, data: bytes, **query: str | int) -> None:
    # What a page sends; nothing of the SDK does.
    transport = ws.client._transport
    target = transport._path(f"{STORE}/{path}", query)
    transport._once("PUT", target, data, {"Content-Type": "application/octet-stream"})


def test_files_are_listed_fetched_and_sent_in_pieces(
    ws: Workspace, tmp_path: Path, aml_root: Path
) -> None:
    door = ws.client._door
    name = "sub/ünï \"q'.csv"

    put(ws, urllib.parse.quote(name), b"first,", upload="upload-1")
    put(ws, urllib.parse.quote(name), b"second", upload="upload-1", offset=6, last=1)
    put(ws, "top.txt", b"", upload="upload-2", last=1)

    page = door.get(STORE)
    assert (page["folders"], page["total"], page["next"]) == (["sub"], 1, None)
    assert page["files"][0]["name"] == "top.txt" and page["files"][0]["size"] == 0
    below = door.get(STORE, folder="sub")
    assert [each["name"] for each in below["files"]] == [name.partition("/")[2]]
    assert door.content(f"{STORE}/{urllib.parse.quote(name)}") == b"first,second"
    assert [*(aml_root / "uploads").iterdir()] == []


def test_a_page_goes_on_where_the_last_one_ended(ws: Workspace) -> None:
    door = ws.client._door
    for number in range(5):
        put(ws, f"p/{number}", b"x", upload="upload-1", last=1)

    first = door.get(STORE, folder="p", limit=3)
    rest = ws.client.datastores.files("default", "workspaceblobstore", "p", after=first["next"])

    assert [each["name"] for each in first["files"]] == ["0", "1", "2"]
    assert [each["name"] for each in rest["files"]] == ["3", "4"]
    assert rest["next"] is None


def test_what_is_wrong_with_a_piece_is_said_and_leaves_nothing(
    ws: Workspace, aml_root: Path, tmp_path: Path
) -> None:
    door = ws.client._door
    put(ws, "there", b"old", upload="upload-1", last=1)

    with pytest.raises(AlreadyExists, match="is on the datastore already"):
        put(ws, "there", b"new", upload="upload-1", last=1)
    with pytest.raises(Outdated, match="the pieces of 'b' before this one"):
        put(ws, "b", b"x", upload="upload-9", offset=5, last=1)
    with pytest.raises(Invalid, match="upload: expected an id"):
        put(ws, "b", b"x", upload="../../x", last=1)
    for path in ("%2e%2e/x", "a/%2e%2e/%2e%2e/%2e%2e/x"):
        with pytest.raises((Invalid, NotFound)):
            put(ws, path, b"x", upload="upload-1", last=1)
        with pytest.raises((Invalid, NotFound)):
            door.content(f"{STORE}/{path}")
    with pytest.raises(NotFound, match=r"no longer there|is not on"):
        door.content(f"{STORE}/missing")
    put(ws, "there", b"new", upload="upload-1", last=1, overwrite=1)
    assert door.content(f"{STORE}/there") == b"new"
    place = aml_root / "workspaces/default/storage/workspaceblobstore"
    (tmp_path / "outside").write_text("s")
    (place / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(Refused, match="leads out"):
        door.content(f"{STORE}/link")
    assert sorted(path.name for path in place.iterdir()) == ["link", "there"]


def test_a_workspace_that_is_not_there_is_not_made_by_asking(ws: Workspace, aml_root: Path) -> None:
    client, store = ws.client, {"name": "x", "kind": "Custom", "url": "file:///tmp"}

    for ask in (
        lambda: client.datastores.list("defalt"),
        lambda: client.datastores.get("defalt", "workspaceblobstore"),
        lambda: client.datastores.add({**store, "workspace": "defalt"}),
        lambda: client.secrets.put("defalt", [{"name": "x", "value": "y"}]),
        lambda: client.secrets.list("defalt"),
    ):
        with pytest.raises(NotFound, match="there is no workspace 'defalt'; did you mean 'default"):
            ask()
    assert not (aml_root / "workspaces" / "defalt").exists()
