"""A package index on loopback, with wheels that the tests make."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Index:
    """A folder in the layout of a package index. Wheels may be added at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.downloads: list[str] = []

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


@contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """Serve an index until the body ends."""
    index = Index(folder)
    folder.mkdir(parents=True, exist_ok=True)

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            if self.path.endswith(".whl"):
                index.downloads.append(Path(self.path).name)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
