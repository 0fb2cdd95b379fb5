"""HTTP over a Unix socket, or over TCP with a token: one connection a thread."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jupyter_aml.client.patience import LONGEST, Line, Patience, Silent, connect
from jupyter_aml.domain import errors
from jupyter_aml.wire.values import sendable

BLOCK = 1 << 20
"""Bytes of a large answer that are read at once."""

_AGAIN = frozenset({"GET", "PUT", "PATCH", "DELETE"})
"""Methods that may be sent twice; a POST that may be is told so by its caller."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, patience: Patience) -> None:
        super().__init__("localhost", timeout=LONGEST)
        self._path, self._patience = path, patience

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = connect(self._path, self._patience)

    def __del__(self) -> None:
        # The thread that used it has ended, or the client was forgotten.
        self.close()


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine answers: a socket's path, or a URL with the token that opens it."""

    socket: str | None = None
    url: str | None = None
    token: str | None = None
    root: str | None = None
    """What the engine holds, where we came from there."""

    def __str__(self) -> str:
        return self.socket or self.url or "nowhere"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, once it was no error."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None for an empty one."""
        return json.loads(self.body) if self.body else None


class Transport:
    """Sends requests to one address; may be shared by threads.

    `find_again` gives the address anew where nobody listens any more: a headless engine exits
    when it has nothing to do, and a notebook goes on the next morning.
    """

    def __init__(
        self,
        address: Address,
        find_again: Callable[[], Address] | None = None,
        *,
        longest: float = LONGEST,
    ) -> None:
        self.address = address
        self._find_again = find_again
        self._own = threading.local()
        self._longest = longest

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> Answer:
        """Ask, with a `body` as JSON or with `data` as it is.

        Once more where the connection had gone stale, and once where the engine had gone, also
        while it was asked something that may be asked twice.

        An engine that is slow is not asked again: it is still at the first. Raises the error that
        the server names, or Unreachable.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            data, sent["Content-Type"] = _encoded(body), "application/json"
        target = self._path(path, query)
        was_found = False
        while True:
            fresh = getattr(self._own, "connection", None) is None
            try:
                return self._once(method, target, data, sent)
            except Silent:
                # What it was asked lies before it: once more would only be twice.
                self.close()
                raise
            except (http.client.HTTPException, OSError) as error:
                self.close()
                repeatable = again or method in _AGAIN or isinstance(error, _NOTHING_SENT)
                if repeatable and not fresh:
                    continue  # The next connection is fresh, so this happens once.
                has_gone = _NOBODY_LISTENS if not repeatable else _BROKEN_OFF
                if was_found or not self._finds_again(error, has_gone):
                    raise self._unreachable(error) from error
                was_found = True

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        """Open a large answer on a connection of its own, to be read piece by piece.

        Raises Unreachable where it breaks off.
        """
        connection = self._connected()
        try:
            try:
                connection.request("GET", self._path(path, None), headers=self._headers({}))
                response = connection.getresponse()
            except (http.client.HTTPException, OSError) as error:
                raise self._unreachable(error) from error
            if response.status >= 400:
                raise problem(response.status, response.read())
            yield self._pieces(response)
        finally:
            connection.close()

    def _pieces(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while piece := response.read(BLOCK):
                yield piece
            if response.length:
                # Read in pieces, `http.client` takes a line that was cut for the end.
                raise http.client.IncompleteRead(b"", response.length)
        except (http.client.HTTPException, OSError) as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close this thread's connection; the next request opens another."""
        connection, self._own.connection = getattr(self._own, "connection", None), None
        if connection is not None:
            connection.close()

    def _once(
        self, method: str, target: str, data: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._open()
        connection.request(method, target, body=data, headers=self._headers(headers))
        response = connection.getresponse()
        body = response.read()
        self._patience.answered()
        if response.status >= 400:
            raise problem(response.status, body)
        return Answer(response.status, dict(response.getheaders()), body)

    @property
    def _patience(self) -> Patience:
        """How long this thread waits; what it has said is forgotten with the address."""
        address = self.address
        kept: tuple[Address, Patience] | None = getattr(self._own, "patience", None)
        if kept is None or kept[0] != address:
            patience = Patience(address.root or str(address), self._longest)
            kept = self._own.patience = (address, patience)
        return kept[1]

    def _open(self) -> http.client.HTTPConnection:
        """A connection that is open, and waits patiently."""
        connection = self._connection()
        connection.connect()
        line: Any = Line(connection.sock, self._patience)
        connection.sock = line
        return connection

    def _connection(self) -> http.client.HTTPConnection:
        address = self.address
        if address.socket is not None:
            return _UnixConnection(address.socket, self._patience)
        parts = urllib.parse.urlsplit(address.url or "")
        kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if parts.scheme == "https":
            kind = http.client.HTTPSConnection
        return kind(parts.hostname or "localhost", parts.port, timeout=LONGEST)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        token = self.address.token
        # Jupyter takes its own tokens so, and we take ours.
        return {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}

    def _path(self, path: str, query: Mapping[str, Any] | None) -> str:
        base = ""
        if self.address.url is not None:
            base = urllib.parse.urlsplit(self.address.url).path.rstrip("/")
        given = {name: value for name, value in (query or {}).items() if value is not None}
        tail = f"?{urllib.parse.urlencode(given, doseq=True)}" if given else ""
        return f"{base}/aml/{path}{tail}"

    def _connected(self) -> http.client.HTTPConnection:
        """A connection of its own that is open; raises Unreachable."""
        try:
            return self._open()
        except OSError as error:
            if not self._finds_again(error, _BROKEN_OFF):
                raise self._unreachable(error) from error
        try:
            return self._open()
        except OSError as error:
            raise self._unreachable(error) from error

    def _finds_again(self, error: Exception, has_gone: tuple[type[Exception], ...]) -> bool:
        if self._find_again is None or not isinstance(error, has_gone):
            return False
        self.address = self._find_again()
        return True

    def _unreachable(self, error: Exception) -> errors.Unreachable:
        return errors.Unreachable(f"the engine at {self.address} did not answer: {error}")


_NOBODY_LISTENS = (ConnectionRefusedError, FileNotFoundError)
_NOTHING_SENT = (*_NOBODY_LISTENS, BrokenPipeError)
_BROKEN_OFF = (*_NOBODY_LISTENS, ConnectionError, http.client.HTTPException)


def quoted(name: str) -> str:
    """A name as a part of a path; slashes stay."""
    return urllib.parse.quote(name, safe="/")


def problem(status: int, body: bytes) -> errors.AmlError:
    """The error that an answer names, as the class of that name."""
    try:
        told = json.loads(body)
        message = str(told["message"])
    except (ValueError, KeyError, TypeError):
        return errors.Unreachable(f"the engine answered {status}: {body[:200]!r}")
    kind = getattr(errors, str(told.get("error")), None)
    if not (isinstance(kind, type) and issubclass(kind, errors.AmlError)):
        kind = errors.AmlError
    return kind(message)


def _encoded(body: Any) -> bytes:
    """The body as strict JSON; raises Invalid naming the value that it cannot say."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError):
        return json.dumps(sendable("the body", body)).encode()
