"""Passes requests and sockets on to the server that holds the engine."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import Resolver
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_aml.domain.errors import Invalid, NotFound, Unreachable
from jupyter_aml.runfolder import silence
from jupyter_aml.runfolder.trust import check_peer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tornado.web import RequestHandler

    from jupyter_aml.server.holder import Holder

# Cookies, tokens and origins end here: the socket trusts its user and needs none of them.
ASKED = ("Accept", "Content-Type", "If-None-Match", "If-Range", "Range")
ANSWERED = (
    "Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Length", "Content-Range",
    "Content-Security-Policy", "Content-Type", "ETag", "X-Aml-Offset", "X-Aml-Size",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds until the holder must have begun to answer."""
YIELDS = 3.0
"""Seconds until a headless engine must have said whether it yields: it has only to say yes."""
_LOOK = 0.5
_GONE = "the server that holds the engine went away; try again"

SECRET = ("token", "_xsrf")


async def connect(holder: Holder) -> IOStream:
    """Open a connection to the holder.

    Raises OSError where nobody listens, and Refused where another user does.
    """
    stream = IOStream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        await stream.connect(holder.socket)
        check_peer(stream.socket, holder.socket)
    except StreamClosedError as error:
        raise ConnectionError(f"{holder} does not listen") from (error.real_error or error)
    except BaseException:
        stream.close()
        raise
    return stream


async def request(
    handler: RequestHandler, holder: Holder, stream: IOStream, *, break_off: Callable[[], None]
) -> None:
    """Ask what the handler was asked, and answer what comes back, as it comes.

    `break_off` hangs up on the client, so that it does not take half an answer for a whole one.
    """
    connection = HTTP1Connection(stream, True, HTTP1ConnectionParameters(max_body_size=1 << 62))
    body = handler.request.body
    headers = HTTPHeaders({"Host": "localhost", "Connection": "close"})
    for name in ASKED:
        if name in handler.request.headers:
            headers[name] = handler.request.headers[name]
    if body or handler.request.method in ("POST", "PATCH", "PUT"):
        headers["Content-Length"] = str(len(body))
    answer = _Answer(handler)
    # A server that is stopped, not ended, would keep us for ever.
    watch = _Watch(holder, stream)
    answer.on_begin = watch.end
    try:
        line = RequestStartLine(handler.request.method or "GET", target(handler), "")
        # Nobody may be there any more to take the bytes; what comes back tells.
        connection.write_headers(line, headers, body or None)
        connection.finish()
        await connection.read_response(answer)
    except StreamClosedError as error:
        if not answer.begun:
            raise watch.why() from error
    finally:
        watch.end()
        stream.close()
    if not answer.begun:
        raise watch.why()
    if not answer.whole:
        break_off()


class _Watch:
    """Hangs up on a holder that does not begin to answer, sooner if its process is stopped."""

    def __init__(self, holder: Holder, stream: IOStream) -> None:
        self._holder, self._stream = holder, stream
        self._begun = time.monotonic()
        self._silence: str | None = None
        self._task = asyncio.ensure_future(self._look())

    def end(self) -> None:
        """It answers, or it is waited for no longer."""
        self._task.cancel()

    def why(self) -> Unreachable:
        """Why there was no answer."""
        return Unreachable(self._silence or _GONE)

    async def _look(self) -> None:
        while time.monotonic() - self._begun < _bound(self._holder):
            await asyncio.sleep(min(_LOOK, PATIENCE))
        self._silence = _silence(self._holder, time.monotonic() - self._begun)
        self._stream.close()


def _bound(holder: Holder) -> float:
    return min(PATIENCE, silence.STOPPED) if silence.is_stopped(holder.pid) else PATIENCE


def _silence(holder: Holder, seconds: float) -> str:
    return silence.sentence(f"the engine in {holder}", holder.pid, seconds)


async def find(holder: Holder, target: str) -> Any:
    """Ask the holder for a thing; NotFound, Invalid or Unreachable where it has none."""
    return await ask(holder, "GET", target)


async def ask(holder: Holder, method: str, target: str, told: Any = None) -> Any:
    """Ask the holder something, and return its JSON; NotFound, Invalid or Unreachable."""
    status, body = await asyncio.to_thread(_ask, holder, method, target, told)
    if status < 400:
        return json.loads(body) if body else None
    try:
        said = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        said = f"the server that holds the engine answered {status}"
    raise {404: NotFound, 422: Invalid}.get(status, Unreachable)(said)


def _ask(holder: Holder, method: str, target: str, told: Any) -> tuple[int, bytes]:
    connection = HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound = _bound(holder)
    try:
        connection.sock.settimeout(bound)
        connection.sock.connect(holder.socket)
        check_peer(connection.sock, holder.socket)
        content = None if told is None else json.dumps(told).encode()
        connection.request(method, target, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except TimeoutError as error:
        raise Unreachable(_silence(holder, bound)) from error
    except (HTTPException, OSError) as error:
        raise Unreachable(_GONE) from error
    finally:
        connection.close()


def target(handler: RequestHandler) -> str:
    """Return path and query as the socket knows them: no base URL, no token."""
    base = handler.settings.get("base_url", "/").rstrip("/")
    path = handler.request.path[len(base) :]
    pairs = parse_qsl(handler.request.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in pairs if name not in SECRET])
    return f"{path}?{query}" if query else path


async def ask_to_yield(holder: Holder) -> bool:
    """Ask a headless engine to give its root to us; return whether it agreed in time."""
    with suppress(StreamClosedError, OSError):
        stream = await connect(holder)
        # One that is stopped hears it when it goes on.
        too_long = asyncio.get_running_loop().call_later(YIELDS, stream.close)
        try:
            await stream.write(
                b"POST /aml/engine/yield HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return (await stream.read_until(b"\r\n", max_bytes=1024)).split()[1:2] == [b"202"]
        finally:
            too_long.cancel()
            stream.close()
    return False


async def open_socket(holder: Holder) -> WebSocketClientConnection:
    """Open the holder's event socket; raises OSError where nobody listens, and Refused."""
    (await connect(holder)).close()
    try:
        return await websocket_connect(
            HTTPRequest("ws://localhost/aml/events", connect_timeout=5, request_timeout=10),
            resolver=_Resolver(path=holder.socket),
            # A logged table may be of any size, and it is our own engine that sends it.
            max_message_size=sys.maxsize,
        )
    except StreamClosedError as error:
        raise ConnectionError(f"{holder} does not listen") from error
    except HTTPClientError as error:
        raise Unreachable(f"{holder} gives no events: {error}") from error


class _Resolver(Resolver):
    """Knows one address: a Unix socket."""

    def initialize(self, path: str) -> None:
        self._path = path

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, str]]:
        return [(socket.AF_UNIX, self._path)]


class _Answer(HTTPMessageDelegate):
    """Writes an answer into a handler while it arrives, no faster than the client reads."""

    def __init__(self, handler: RequestHandler) -> None:
        self._handler = handler
        self.begun = self.whole = False
        self.on_begin: Callable[[], object] | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, ResponseStartLine)
        self.begun = True
        if self.on_begin is not None:
            self.on_begin()
        self._handler.set_status(start_line.code)
        for name in ANSWERED:
            if name in headers:
                self._handler.set_header(name, headers[name])
        return None if start_line.code in (204, 304) else self._handler.flush()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._handler.write(chunk)
        return self._handler.flush()

    def finish(self) -> None:
        self.whole = True
        self._handler.finish()
