"""A package index on loopback, with wheels that the tests make."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

import trustme


class Index:
    """A folder in the layout of a package index. Wheels may be added at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.downloads: list[str] = []
        self.pips: list[str] = []
        """The wheels that pip has asked for."""
        self.gate = threading.Event()
        """While it is not set, pip waits for its wheels."""
        self.gate.set()

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: Sequence[str] = (),
        python: str | None = None,
        tag: str = "py3-none-any",
        module: str | None = None,
        code: str = "",
        padding: int = 0,
    ) -> None:
        """Add a wheel whose module holds `VERSION` and `code`; `padding` is bytes of ballast.

        The module is called as the package is, unless `module` says otherwise.
        """
        stem = name.replace("-", "_")
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{stem}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        needs += f"Requires-Python: {python}\n" if python else ""
        files = {
            f"{module or stem}/__init__.py": f"VERSION = {version!r}\n{code}",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        if padding:
            files[f"{module or stem}/ballast.txt"] = "x" * padding
        record = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
        with zipfile.ZipFile(folder / f"{stem}-{version}-{tag}.whl", "w") as wheel:
            for path, text in {**files, f"{info}/RECORD": record}.items():
                wheel.writestr(path, text)
        self._list(folder)

    def withdraw(self, name: str, version: str) -> None:
        """Take all wheels of a version away."""
        folder = self.folder / name
        for wheel in folder.glob(f"*-{version}-*.whl"):
            wheel.unlink()
        self._list(folder)

    def _list(self, folder: Path) -> None:
        links = []
        for wheel in sorted(folder.glob("*.whl")):
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            links.append(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
        (folder / "index.html").write_text("<!DOCTYPE html><html><body>" + "\n".join(links))


def nobody() -> str:
    """An address at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def in_the_place_of_others(index: Index, folder: Path) -> Iterator[dict[str, str]]:
    """Let an index answer for every host of https; yields the variables that lead uv here."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    behind = urlsplit(index.url)

    class Proxy(StreamRequestHandler):
        def handle(self) -> None:
            host = self.rfile.readline().split()[1].decode().partition(":")[0]
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(host).configure_cert(context)
            with (
                context.wrap_socket(self.connection, server_side=True) as client,
                socket.create_connection((behind.hostname, behind.port)) as answers,
            ):
                back = threading.Thread(target=_pour, args=(answers, client))
                back.start()
                _pour(client, answers)
                back.join()

    server = ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    with _served(server):
        yield {
            "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(folder / "authority.pem"),
        }


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def _served(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """Serve an index until the body ends."""
    index = Index(folder)
    folder.mkdir(parents=True, exist_ok=True)

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith(".whl") and self.headers.get("User-Agent", "").startswith("pip/"):
                index.pips.append(Path(self.path).name)
                index.gate.wait()
            with suppress(ConnectionError):
                super().do_GET()

        def log_message(self, *_: object) -> None:
            if self.path.endswith(".whl"):
                index.downloads.append(Path(self.path).name)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    index.url = f"http://127.0.0.1:{server.server_port}"
    with _served(server):
        try:
            yield index
        finally:
            index.gate.set()
