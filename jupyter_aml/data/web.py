"""A file behind a web address, fetched once for a process and then read from this machine."""

from __future__ import annotations

import atexit
import hashlib
import os
import posixpath
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from jupyter_aml.data.addresses import check, plain
from jupyter_aml.data.protocol import Entry, Folder, Mode, Recipe
from jupyter_aml.domain.errors import Invalid, NotFound, Refused, Unreachable

_PATIENCE = 60.0
_lock = threading.Lock()
_folder: list[str] = []
_looks: dict[str, tuple[float, tuple[int | None, str | None]]] = {}
_FRESH = 10.0


class WebStore:
    """One file behind an address; the rest of its site cannot be listed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is no address of a file on the web")
        self._url = url
        self.name = unquote(posixpath.basename(parts.path)) or "data"
        if "/" in self.name or self.name in (".", "..") or "\0" in self.name:
            self.name = "data"

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
        return Recipe("jupyter_aml.data.web:WebStore", (self._url,))

    def walk(self, prefix: str = "") -> Iterator[Entry]:
        """The one file."""
        yield self.entry()

    def listing(self, path: str = "") -> Folder:
        """The one file."""
        return Folder((), (self.entry(),))

    def entry(self) -> Entry:
        """What its server says of it without sending it; not every server does."""
        size, etag = _looked_at(self._url)
        return Entry(self.name, size, None, etag)

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The one file."""
        yield self.entry()

    def open(self, path: str, mode: Mode = "rb") -> IO[Any]:
        """Its content; it cannot be written."""
        if mode != "rb":
            raise Refused(f"{self._url} cannot be written")
        return self._fetched().open("rb")

    def get(self, path: str, local: Path) -> None:
        """Copy it."""
        local.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._fetched(), local)

    def put(self, local: Path, path: str) -> None:
        """Refused."""
        raise Refused(f"{self._url} cannot be written")

    def check(self, *, make: bool = False) -> None:
        """Whether it can be fetched is seen when it is read."""

    def exists(self, path: str) -> bool:
        """Whether it can be fetched."""
        return self._fetched().is_file()

    def remove(self, path: str) -> None:
        """Refused."""
        raise Refused(f"{self._url} cannot be deleted")

    def local_path(self, path: str) -> Path | None:
        """Where it is once it is fetched."""
        return self._fetched()

    def url(self, path: str) -> str:
        """The address, without what may be a key in it."""
        return self._url.partition("?")[0]

    def _fetched(self) -> Path:
        with _lock:
            if not _folder:
                _folder.append(tempfile.mkdtemp(prefix="jupyter-aml-web-"))
                atexit.register(shutil.rmtree, _folder[0], True)
        # What has changed since is another file.
        said = f"{self._url} {_looked_at(self._url)}".encode()
        place = Path(_folder[0], hashlib.sha256(said).hexdigest()[:32], self.name)
        if not place.is_file():
            place.parent.mkdir(exist_ok=True)
            _fetch(self._url, place)
        return place


def _looked_at(url: str) -> tuple[int | None, str | None]:
    """The size and the etag of a file, asked again after some seconds; None for what is not told.

    Raises Refused for an address that must not be asked.
    """
    known = _looks.get(url)
    if known is not None and time.monotonic() - known[0] < _FRESH:
        return known[1]
    check(url)
    found: tuple[int | None, str | None] = (None, None)
    asked = Request(url, headers={"User-Agent": "jupyter-aml"}, method="HEAD")
    try:
        with build_opener(_Checked()).open(asked, timeout=_PATIENCE / 6) as answer:
            length = answer.headers.get("Content-Length", "")
            etag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            found = int(length) if length.isdecimal() else None, etag
    except HTTPError as error:
        error.close()  # Whether it is there is seen when it is read.
    except (URLError, OSError):
        pass  # Likewise.
    _looks[url] = time.monotonic(), found
    return found


class _Checked(HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise Refused(f"{plain(req.full_url)} leads to {newurl!r:.80}, which is no web address")
        check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, place: Path) -> None:
    check(url)
    part = place.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
    asked = Request(url, headers={"User-Agent": "jupyter-aml"})
    try:
        opener = build_opener(_Checked())
        with opener.open(asked, timeout=_PATIENCE) as answer, part.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            if answer.length:
                # The library takes a connection that was cut for the end of the file.
                raise OSError(f"its server broke off {answer.length:,} bytes before the end")
        part.replace(place)
    except HTTPError as error:
        code = error.code
        error.close()
        if code // 100 == 3:
            raise Refused(f"{plain(url)} leads to an address that is none of the web") from None
        if code in (401, 403):
            raise Refused(f"{plain(url)} may not be read: its server answers {code}") from None
        raise NotFound(f"{plain(url)} cannot be read: its server answers {code}") from None
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(f"{plain(url)} cannot be reached: {reason}") from None
    finally:
        part.unlink(missing_ok=True)
