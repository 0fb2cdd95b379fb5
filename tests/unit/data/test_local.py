"""A folder as a store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_aml.data.local import LocalStore
from jupyter_aml.domain.errors import Refused, Unreachable
from jupyter_aml.testing.file_store_contracts import StoreContract

FILLS_A_FILE = """
import os, sys
from pathlib import Path
from jupyter_aml.data.local import LocalStore

file = LocalStore(Path(sys.argv[1])).open("big.bin", "wb")
file.write(b"half")
file.flush()
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


class TestLocalStore(StoreContract):
    """A folder keeps the promises of all stores."""


def test_a_writer_that_is_killed_leaves_nothing_that_anybody_sees(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    victim = subprocess.Popen(
        [sys.executable, "-c", FILLS_A_FILE, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with victim:
        assert victim.stdout is not None and victim.stdout.readline() == "written\n"
        (left,) = os.listdir(folder)
        during = [*LocalStore(folder).walk()]
        victim.send_signal(signal.SIGKILL)
        victim.communicate()

    assert (left[:5], during, [*LocalStore(folder).walk()]) == (".aml-", [], [])
    (tmp_path / "again").write_bytes(b"whole")
    LocalStore(folder).put(tmp_path / "again", "big.bin")
    assert os.listdir(folder) == ["big.bin"]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    store, other = LocalStore(tmp_path / "s"), LocalStore(tmp_path / "s")
    (tmp_path / "x").write_bytes(b"x")

    with store.open("a", "wb") as file:
        file.write(b"a")
        other.put(tmp_path / "x", "b")

    assert [entry.path for entry in store.walk()] == ["a", "b"]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with store.open("a", "wb") as file:
        file.write(b"old")

    with pytest.raises(ZeroDivisionError), store.open("a", "wb") as file:
        file.write(b"new")
        raise ZeroDivisionError

    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.folder.mkdir()
    (tmp_path / "secret").write_text("s")
    (store.folder / "link").symlink_to(tmp_path / "secret")
    (store.folder / "up").symlink_to(tmp_path)
    (store.folder / "real").write_text("r")
    (store.folder / "near").symlink_to(store.folder / "real")
    # What begins like the store's own folder is another one.
    (tmp_path / "store-of-others").mkdir()
    (tmp_path / "store-of-others" / "secret").write_text("s")
    (store.folder / "beside").symlink_to(tmp_path / "store-of-others")

    assert [entry.path for entry in store.walk()] == ["near", "real"]
    for path in ("link", "up/secret", "beside/secret"):
        with pytest.raises(Refused, match="leads out"):
            store.get(path, tmp_path / "got")
        with pytest.raises(Refused, match="leads out"):
            store.put(store.folder / "real", path)
    assert (tmp_path / "secret").read_text() == "s"


def test_a_folder_of_the_user_may_hold_links(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_text("a")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "data").symlink_to(tmp_path / "elsewhere")

    store = LocalStore(tmp_path / "store", links=True)

    assert [entry.path for entry in store.walk()] == ["data/a"]


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_text("")
    (tmp_path / "a" / "up").symlink_to(tmp_path)

    assert [entry.path for entry in LocalStore(tmp_path, links=True).walk()] == ["a/f"]


def test_a_folder_that_must_be_there_and_is_not(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "mnt", must_be_there=True)

    with pytest.raises(Unreachable, match=r"there is no folder .*mnt"):
        list(store.walk())
    with pytest.raises(Unreachable, match="mount what it is for"):
        store.put(tmp_path, "x")


def test_pipes_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    store = LocalStore(tmp_path)

    assert [*store.walk()] == []
    with pytest.raises(Refused, match="not a plain file"):
        store.put(tmp_path / "pipe", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Refused, match="is a folder"):
        store.put(Path(__file__), "folder")
