"""The client over a small real server on a Unix socket."""

from __future__ import annotations

import json
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from jupyter_aml.client.client import Client
from jupyter_aml.client.transport import Address, Transport, problem
from jupyter_aml.domain import errors


class Handler(BaseHTTPRequestHandler):
    """Answers with what was asked; closes the connection after each answer, unannounced."""

    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        self.server.asked.append((self.command, self.path, body))
        self.server.may_answer.wait(30)
        told = json.dumps({"path": self.path, "body": body.decode()}).encode()
        self.send_response(404 if "missing" in self.path else 200)
        if "missing" in self.path:
            told = json.dumps({"error": "NotFound", "message": "there is no run 'x'"}).encode()
        is_half = "half" in self.path
        self.send_header("Content-Length", str(len(told) + is_half))
        self.end_headers()
        self.wfile.write(told)
        if self.server.drops or is_half:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """A server that can be told to drop its connections."""

    daemon_threads = True

    def __init__(self, path: Path, *, drops: bool = False) -> None:
        super().__init__(str(path), Handler)
        self.asked: list[tuple[str, str, bytes]] = []
        self.drops, self.may_answer = drops, threading.Event()
        self.may_answer.set()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        """Stop, and take the socket away as an engine does."""
        self.shutdown()
        self.server_close()
        Path(str(self.server_address)).unlink()


@pytest.fixture
def folder() -> Iterator[Path]:
    # Short, for the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="aml") as name:
        yield Path(name)


def test_names_are_quoted_in_paths_and_nothing_is_asked_for_None(folder: Path) -> None:
    server = Server(folder / "s")
    client = Transport(Address(socket=str(folder / "s")))

    client.request("GET", "runs", query={"filter": "a b", "limit": None, "name": ["x", "y"]})

    client.close()
    server.end()
    assert [path for _, path, _ in server.asked] == ["/aml/runs?filter=a+b&name=x&name=y"]


def test_a_connection_that_had_gone_stale_is_opened_anew(folder: Path) -> None:
    server = Server(folder / "s", drops=True)
    client = Client(Address(socket=str(folder / "s")))

    for _ in range(3):
        client.status()

    client.close()
    server.end()
    assert len(server.asked) == 3


def test_a_post_on_a_stale_connection_is_sent_again_only_where_that_is_harmless() -> None:
    # The peer reads the first request and hangs up, so nobody knows whether it was done.
    for again, wanted in ((True, 2), (False, 1)):
        asked: list[bytes] = []
        transport = Transport(Address(socket="unused"))
        transport._open = lambda asked=asked: Hanging(asked)  # type: ignore[method-assign]
        transport._own.connection = Hanging(asked)

        with pytest.raises(errors.Unreachable):
            transport.request("POST", "runs", body={}, again=again)

        assert len(asked) == wanted


@pytest.mark.parametrize("has_connection", [True, False])
def test_an_engine_that_is_slow_is_not_asked_again_while_it_is_at_it(
    folder: Path, has_connection: bool
) -> None:
    server = Server(folder / "s")
    client = Client(Address(socket=str(folder / "s")), longest=0.2)
    if has_connection:
        client.status()
    server.asked.clear()
    server.may_answer.clear()

    for ask in (
        lambda: client.runs.submit({"runId": "x"}),
        lambda: client.runs.delete("x"),
        client.status,
    ):
        with pytest.raises(errors.Unreachable):
            ask()

    server.may_answer.set()
    client.close()
    server.end()
    assert [method for method, _, _ in server.asked] == ["POST", "DELETE", "GET"]


class Hanging:
    """A connection whose other side hangs up after the request."""

    def __init__(self, asked: list[bytes]) -> None:
        self._asked = asked

    def request(self, method: str, path: str, **_: object) -> None:
        self._asked.append(f"{method} {path}".encode())

    def getresponse(self) -> None:
        raise ConnectionResetError("hung up")

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("has_connection", [True, False])
def test_an_engine_that_has_gone_is_found_again(folder: Path, has_connection: bool) -> None:
    first = Server(folder / "first")
    found: list[Server] = []

    def find_again() -> Address:
        found.append(Server(folder / "second"))
        return Address(socket=str(folder / "second"))

    client = Client(Address(socket=str(folder / "first")), find_again)
    if has_connection:
        client.status()
    first.drops = True
    first.end()
    if has_connection:
        client._transport._own.connection.sock.shutdown(socket.SHUT_RDWR)

    client.runs.cancel("a_1_00")

    client.close()
    found[0].end()
    assert len(found) == 1
    assert found[0].asked == [("POST", "/aml/runs/a_1_00/cancel", b"{}")]


def test_an_engine_that_is_killed_while_it_is_asked_is_found_again(folder: Path) -> None:
    second = Server(folder / "second")
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(folder / "first"))
        dying.listen()

        def die() -> None:
            while True:
                try:
                    line, _ = dying.accept()
                except OSError:
                    return
                with line:
                    line.recv(1)

        threading.Thread(target=die, daemon=True).start()

        def client() -> Client:
            there = Address(socket=str(folder / "second"))
            return Client(Address(socket=str(folder / "first")), lambda: there)

        client().status()
        client().runs.delete("a_1_00")
        with pytest.raises(errors.Unreachable):
            # Whether that was done nobody knows, and twice would be two.
            client()._transport.request("POST", "once")
        dying.shutdown(socket.SHUT_RDWR)

    second.end()
    assert [asked[0] for asked in second.asked] == ["GET", "DELETE"]


def test_a_download_finds_the_engine_again_too(folder: Path) -> None:
    server = Server(folder / "second")
    client = Client(
        Address(socket=str(folder / "first")), lambda: Address(socket=str(folder / "second"))
    )

    client.runs.save("a_1_00", "outputs/a b.txt", folder / "got")

    server.end()
    assert json.loads((folder / "got").read_text())["path"] == (
        "/aml/runs/a_1_00/files/outputs/a%20b.txt"
    )


def test_a_file_that_is_not_there_is_an_error_and_no_file(folder: Path) -> None:
    server = Server(folder / "s")
    client = Client(Address(socket=str(folder / "s")))

    with pytest.raises(errors.NotFound, match="there is no run"):
        client.runs.save("a_1_00", "outputs/missing", folder / "got")

    server.end()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("has_one", [True, False])
def test_half_a_file_is_an_error_and_no_file_and_the_one_before_stays(
    folder: Path, has_one: bool
) -> None:
    server = Server(folder / "s")
    client = Client(Address(socket=str(folder / "s")))
    target = folder / "got"
    if has_one:
        target.write_text("the one before")

    with pytest.raises(errors.Unreachable, match="did not answer"):
        client.runs.save("a_1_00", "outputs/half", target)

    server.end()
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == (
        [("got", "the one before")] if has_one else []
    )


def test_a_file_that_several_fetch_at_once_is_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(folder / "s")
    client = Client(Address(socket=str(folder / "s")))
    both = threading.Barrier(2, timeout=30)
    replace = Path.replace

    def together(path: Path, target: Path) -> Path:
        both.wait()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", together)
    with ThreadPoolExecutor(2) as several:
        saves = [
            several.submit(client.runs.save, "a_1_00", "outputs/model", folder / "got")
            for _ in range(2)
        ]
        for each in saves:
            each.result(30)

    server.end()
    assert [path.name for path in folder.iterdir()] == ["got"]
    assert json.loads((folder / "got").read_text())["path"].endswith("outputs/model")


def test_an_engine_that_cannot_be_found_again_is_said_to_be_unreachable(folder: Path) -> None:
    nowhere = Address(socket=str(folder / "nowhere"))

    with pytest.raises(errors.Unreachable, match="nowhere did not answer"):
        Client(nowhere).status()
    with pytest.raises(errors.Unreachable, match="nowhere did not answer"):
        Client(nowhere, lambda: nowhere).status()


def test_an_error_is_the_class_that_the_answer_names(folder: Path) -> None:
    server = Server(folder / "s")
    client = Client(Address(socket=str(folder / "s")))

    with pytest.raises(errors.NotFound, match="there is no run 'x'"):
        client.runs.get("missing")

    client.close()
    server.end()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": "IllegalMove", "message": "no"}', errors.IllegalMove),
        (b'{"error": "KeyError", "message": "no"}', errors.AmlError),
        (b'{"error": "annotations", "message": "no"}', errors.AmlError),
        (b"<html>502 Bad Gateway</html>", errors.Unreachable),
        (b"[]", errors.Unreachable),
    ],
)
def test_an_answer_that_is_no_problem_of_ours_is_an_error_all_the_same(
    body: bytes, kind: type[errors.AmlError]
) -> None:
    assert type(problem(500, body)) is kind
