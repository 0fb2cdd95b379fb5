"""Files behind web addresses: fetched once, and not from where keys are handed out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from jupyter_aml.data import web
from jupyter_aml.data.listing import files, seen
from jupyter_aml.data.manifest import compare, record, sha256
from jupyter_aml.data.web import WebStore
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.errors import NotFound, Refused, Unreachable
from tests.unit.data.tables import no_store, read

asked: list[str] = []
tagged: list[str] = []


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append(self.path)
        if self.path.startswith("/moved/"):
            target = {"metadata": "http://169.254.169.254/x", "file": "file:///etc/passwd"}
            self.send_response(302)
            self.send_header("Location", target[self.path.removeprefix("/moved/")])
            self.end_headers()
            return
        found = {"/a.csv": 200, "/secret.csv": 403}.get(self.path.partition("?")[0], 404)
        self.send_response(found)
        self.end_headers()
        if found == 200:
            self.wfile.write(b"x\n1\n2\n")

    def do_HEAD(self) -> None:
        self.send_response(200 if tagged else 405)
        self.send_header("ETag", tagged[0] if tagged else "")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setattr(web, "_folder", [str(tmp_path)])
    monkeypatch.setattr(web, "_looks", {})
    asked.clear()
    tagged.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def of(url: str) -> Dataset:
    step = {"do": "read", "form": "delimited"}
    return Dataset(kind="tabular", sources=(Source(url),), steps=(step,))


def test_a_table_on_the_web_is_fetched_once(site: str) -> None:
    for _ in range(2):
        assert read(of(f"{site}/a.csv?key=1"))["x"].tolist() == [1, 2]

    assert asked == ["/a.csv?key=1"]


def test_a_table_that_has_changed_is_fetched_again_and_is_another(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_FRESH", 0.0)
    tagged.append("one")
    before, rows = record(files(of(f"{site}/a.csv"), no_store), sha256)
    read(of(f"{site}/a.csv"))
    assert (asked, [row.hash for row in rows]) == (["/a.csv"], ["etag:one"])

    tagged[0] = "two"
    found = files(of(f"{site}/a.csv"), no_store)
    read(of(f"{site}/a.csv"))

    assert asked == ["/a.csv", "/a.csv"] and seen(found) != before.seen
    assert compare(rows, found, sha256).changed == (f"{site}/a.csv",)


def test_what_is_not_there_or_not_for_us_is_said_without_the_key(site: str) -> None:
    with pytest.raises(NotFound, match=r"/b\.csv cannot be read: its server answers 404"):
        read(of(f"{site}/b.csv"))
    with pytest.raises(
        Refused, match=r"/secret\.csv may not be read: its server answers 403"
    ) as no:
        read(of(f"{site}/secret.csv?sig=hidden"))
    assert "hidden" not in str(no.value)


@pytest.mark.parametrize("where", ["metadata", "file"])
def test_an_address_that_leads_elsewhere_is_not_followed(site: str, where: str) -> None:
    with pytest.raises(Refused, match=r"is refused|leads to"):
        read(of(f"{site}/moved/{where}"))


def test_a_server_that_does_not_answer_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="cannot be reached"):
            read(of(f"http://127.0.0.1:{taken.getsockname()[1]}/a.csv"))


def test_a_file_on_the_web_cannot_be_written(site: str) -> None:
    store = WebStore(f"{site}/a.csv")

    with pytest.raises(Refused, match="cannot be written"):
        store.put(Path("x"), "a.csv")
    with pytest.raises(Refused, match="cannot be deleted"):
        store.remove("a.csv")
    assert store.url("a.csv") == f"{site}/a.csv"
