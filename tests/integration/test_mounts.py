"""Folders that are filled as they are read: real mounts of a real server's blobs."""

from __future__ import annotations

import contextlib
import errno
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.client import finding
from jupyter_aml.data import mounting
from jupyter_aml.data.azure import open_blobs
from jupyter_aml.data.listing import DataFile
from jupyter_aml.data.stores import LocalStore, Store
from jupyter_aml.data.web import WebStore
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.sdk.core import Dataset, Workspace
from jupyter_aml.sdk.data.context_managers import DatasetContextManager
from tests.azurite import ACCOUNT, KEY, Azurite

pytest.importorskip("adlfs")
pytestmark = [
    pytest.mark.skipif(mounting.lacking() is not None, reason="no file system can be mounted here"),
    # The client of the service warns of the big blobs that it is given here.
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),
]

BIG = os.urandom(9 << 20)
"""More than two blocks, and not a whole number of them."""


@pytest.fixture
def store(azurite: Azurite, tmp_path: Path) -> Store:
    login = {"account_name": ACCOUNT, "account_key": KEY}
    store = open_blobs(f"{azurite.url}/{ACCOUNT}/c{uuid4().hex[:12]}", login)
    store.check(make=True)
    put(store, "a/one.txt", b"one", tmp_path)
    put(store, "a/b/big.bin", BIG, tmp_path)
    put(store, "空.txt", b"", tmp_path)
    return store


def put(store: Store, path: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(content)
    store.put(tmp_path / "content", path)


def files(store: Store) -> list[DataFile]:
    return [
        DataFile(store, each.path, each.path, each.path, each.size, each.modified)
        for each in store.walk()
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mounted").mkdir()
    return tmp_path / "mounted"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def mount(
    store: Store, folder: Path, said: list[str]
) -> Iterator[Callable[[list[DataFile]], mounting.Mount]]:
    made: list[mounting.Mount] = []

    def begin(found: list[DataFile]) -> mounting.Mount:
        made.append(mounting.Mount(found, folder, said.append))
        return made[-1]

    yield begin
    for each in made:
        each.stop()


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.02)


def test_a_file_is_fetched_when_it_is_read_and_once(
    store: Store, folder: Path, mount: Any, said: list[str]
) -> None:
    begun = mount(files(store))

    assert sorted(os.listdir(folder)) == ["a", "空.txt"]
    assert (folder / "a/b/big.bin").stat().st_size == len(BIG)
    assert (folder / "a/b/big.bin").read_bytes() == BIG
    store.remove("a/b/big.bin")
    store.remove("a/one.txt")
    assert (folder / "a/b/big.bin").read_bytes() == BIG
    with pytest.raises(OSError, match="Input/output error"):
        (folder / "a/one.txt").read_bytes()
    until(lambda: said != [], "a word about it")
    assert "a/one.txt of the mounted data cannot be read: 'a/one.txt' is not at" in said[0]
    assert (folder / "空.txt").read_bytes() == b""

    begun.stop()
    assert list(folder.iterdir()) == []


def test_of_a_big_file_only_what_is_read_is_fetched(
    store: Store, folder: Path, mount: Any, tmp_path: Path
) -> None:
    mount(files(store))

    with (folder / "a/b/big.bin").open("rb") as file:
        file.seek(-100, os.SEEK_END)
        assert file.read() == BIG[-100:]
    store.remove("a/b/big.bin")
    with (folder / "a/b/big.bin").open("rb", buffering=0) as file:
        file.seek(len(BIG) - 10)
        assert file.read() == BIG[-10:]
        file.seek(0)
        with pytest.raises(OSError) as error:
            file.read(10)
    assert error.value.errno == errno.EIO


def test_many_read_at_once(store: Store, folder: Path, mount: Any) -> None:
    mount(files(store))
    program = "import sys, zlib; print(zlib.crc32(open(sys.argv[1], 'rb').read()))"
    readers = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, folder / "a/b/big.bin"],
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]

    sums = {each.communicate(timeout=60)[0] for each in readers}
    assert sums == {b"%d\n" % zlib.crc32(BIG)}


@pytest.mark.parametrize(
    "act",
    [
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "a/one.txt").write_text("x"),
        lambda folder: (folder / "a/one.txt").unlink(),
        lambda folder: (folder / "sub").mkdir(),
        lambda folder: (folder / "a/one.txt").rename(folder / "two.txt"),
    ],
)
def test_nothing_can_be_written(store: Store, folder: Path, mount: Any, act: Any) -> None:
    mount(files(store))

    with pytest.raises(OSError, match="Read-only file system"):
        act(folder)


def test_a_file_that_became_shorter_is_no_file_with_an_end_missing(
    store: Store, folder: Path, mount: Any, said: list[str], tmp_path: Path
) -> None:
    mount(files(store))
    put(store, "a/b/big.bin", BIG[:5000], tmp_path)

    with pytest.raises(OSError, match="Input/output error"):
        (folder / "a/b/big.bin").read_bytes()
    until(lambda: said != [], "a word about it")


def test_a_mount_whose_process_is_killed_can_be_ended(
    store: Store, folder: Path, mount: Any
) -> None:
    begun = mount(files(store))
    begun._process.send_signal(signal.SIGKILL)
    begun._process.wait()
    with pytest.raises(OSError):
        os.listdir(folder)

    begun.stop()

    assert list(folder.iterdir()) == []


def test_a_mount_ends_while_a_file_of_it_is_open(store: Store, folder: Path, mount: Any) -> None:
    begun = mount(files(store))
    file = os.open(folder / "a/one.txt", os.O_RDONLY)
    begun.stop()
    assert list(folder.iterdir()) == []
    with pytest.raises(OSError):
        os.read(file, 10)
    with contextlib.suppress(OSError):
        os.close(file)


MOUNTS = """
import sys
from pathlib import Path
from jupyter_aml.data.azure import open_blobs
from jupyter_aml.data.listing import DataFile
from jupyter_aml.data.mounting import Mount

url, account, key, folder = sys.argv[1:]
store = open_blobs(url, {"account_name": account, "account_key": key})
found = [DataFile(store, each.path, "", each.path, each.size) for each in store.walk()]
mount = Mount(found, Path(folder), print)
print("mounted", flush=True)
sys.stdin.read()
"""


def test_a_mount_goes_with_who_made_it(store: Any, folder: Path) -> None:
    program = [sys.executable, "-c", MOUNTS, store._url, ACCOUNT, KEY, str(folder)]
    owner = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdin is not None
    assert owner.stdout.readline() == "mounted\n"
    assert os.path.ismount(folder)

    owner.kill()
    owner.communicate()

    until(lambda: not os.path.ismount(folder), "the end of the mount")
    assert list(folder.iterdir()) == []


def test_what_cannot_be_mounted_says_why_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(
        StorageFailed, match=r"nothing can be mounted at .*/nowhere: .*No such file"
    ):
        mounting.Mount(files(store), tmp_path / "nowhere", print)


class _WithoutSize(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 100_000)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_file_whose_server_tells_no_size_has_its_true_size(folder: Path, mount: Any) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _WithoutSize)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        web = WebStore(f"http://127.0.0.1:{server.server_port}/data.txt")
        mount([DataFile(web, "data.txt", "data.txt", "data.txt", None)])

        assert (folder / "data.txt").stat().st_size == 100_000
        assert (folder / "data.txt").read_text() == "x" * 100_000
    finally:
        server.shutdown()
        server.server_close()


def test_what_is_on_this_machine_is_a_link_in_it(
    store: Store, folder: Path, mount: Any, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/own.txt").write_text("own")
    mount([*files(store), *files(LocalStore(tmp_path / "here"))])

    assert os.readlink(folder / "own.txt") == str(tmp_path / "here/own.txt")
    assert (folder / "own.txt").read_text() == "own"
    assert (folder / "a/one.txt").read_text() == "one"


@pytest.fixture
def ws(aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path) -> Iterator[Workspace]:
    os.chdir(tmp_path)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")


def test_the_engine_may_be_started_anew_while_its_files_are_mounted(
    ws: Workspace, aml_root: Path, folder: Path, mount: Any
) -> None:
    from jupyter_aml.sdk._data.through_engine import EngineStore

    store: Any = ws.get_default_datastore()
    for name in ("a.txt", "b.txt"):
        place = store._store().local_path(f"far/{name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    far = EngineStore(ws.client.datastores, ws.name, store.name, "file:///there")
    mount([
        DataFile(far, each.path, each.path, each.path.rpartition("/")[2], each.size)
        for each in far.walk("far")
    ])  # fmt: skip
    assert (folder / "a.txt").read_text() == "a.txt"

    running = finding.running(aml_root)
    assert running is not None
    os.kill(running.status()["pid"], signal.SIGKILL)

    assert (folder / "b.txt").read_text() == "b.txt"


def a_context(store: Store, wanted: Path | None) -> DatasetContextManager:
    return DatasetContextManager((lambda: files(store), wanted))


def test_a_data_set_is_mounted_for_as_long_as_its_block(store: Store, folder: Path) -> None:
    with a_context(store, None) as mounted:
        place = Path(mounted.mount_point)
        assert os.path.ismount(place)
        assert (place / "a/one.txt").read_text() == "one"
    assert not place.exists()
    with a_context(store, folder):
        assert (folder / "a/one.txt").read_text() == "one"
    assert list(folder.iterdir()) == []


def test_where_nothing_can_be_mounted_files_are_copied_and_it_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mounting, "lacking", lambda: "libfuse is not installed")

    with a_context(store, None) as mounted:
        assert not os.path.ismount(mounted.mount_point)
        assert (Path(mounted.mount_point) / "a/one.txt").read_text() == "one"

    words = "3 files are copied before they are read, for libfuse is not installed"
    assert words in capsys.readouterr().err


def test_files_behind_an_address_are_mounted_by_their_names(ws: Workspace) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _WithoutSize)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        found = Dataset.File.from_files(f"http://127.0.0.1:{server.server_port}/sub/data.txt")
        with found.mount() as mounted:
            assert os.listdir(mounted.mount_point) == ["data.txt"]
    finally:
        server.shutdown()
        server.server_close()
