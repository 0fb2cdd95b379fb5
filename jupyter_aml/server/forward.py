"""Passes requests and sockets on to the server that holds the engine."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
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

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tornado.web import RequestHandler

    from jupyter_aml.server.base import AmlHandler
    from jupyter_aml.server.holder import Holder

# Cookies, tokens and origins end here: the socket trusts its user and needs none of them.
ASKED = ("Accept", "Content-Type", "If-None-Match", "If-Range", "Range")
ANSWERED = (
    "Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Length", "Content-Range",
    "Content-Security-Policy", "Content-Type", "ETag", "X-Aml-Offset", "X-Aml-Size",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds until the holder must have begun to answer."""

SECRET = ("token", "_xsrf")


async def connect(holder: Holder) -> IOStream:
    """Open a connection to the holder; raises OSError where nobody listens."""
    stream = IOStream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        await stream.connect(holder.socket)
    except StreamClosedError as error:
        raise ConnectionError(f"{holder} does not listen") from (error.real_error or error)
    return stream


async def request(handler: AmlHandler, stream: IOStream) -> None:
    """Ask what the handler was asked, and answer what comes back, as it comes."""
    connection = HTTP1Connection(stream, True, HTTP1ConnectionParameters(max_body_size=1 << 62))
    body = handler.request.body
    headers = HTTPHeaders({"Host": "localhost", "Connection": "close"})
    for name in ASKED:
        if name in handler.request.headers:
            headers[name] = handler.request.headers[name]
    if body or handler.request.method in ("POST", "PATCH"):
        headers["Content-Length"] = str(len(body))
    answer = _Answer(handler)
    # A server that is stopped, not ended, would keep us for ever.
    too_long = asyncio.get_running_loop().call_later(PATIENCE, stream.close)
    answer.on_begin = too_long.cancel
    try:
        line = RequestStartLine(handler.request.method or "GET", target(handler), "")
        # Nobody may be there any more to take the bytes; what comes back tells.
        connection.write_headers(line, headers, body or None)
        connection.finish()
        await connection.read_response(answer)
    except StreamClosedError as error:
        if not answer.begun:
            raise Unreachable("the server that holds the engine went away; try again") from error
    finally:
        too_long.cancel()
        stream.close()
    if not answer.begun:
        raise Unreachable("the server that holds the engine went away; try again")
    if not answer.whole:
        handler.break_off()


async def find(holder: Holder, target: str) -> None:
    """Ask the holder for a thing, and raise NotFound, Invalid or Unreachable where it has none."""
    status, body = await asyncio.to_thread(_get, holder, target)
    if status < 400:
        return
    try:
        said = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        said = f"the server that holds the engine answered {status}"
    raise {404: NotFound, 422: Invalid}.get(status, Unreachable)(said)


def _get(holder: Holder, target: str) -> tuple[int, bytes]:
    connection = HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(holder.socket)
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (HTTPException, OSError) as error:
        raise Unreachable("the server that holds the engine went away; try again") from error
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
    """Ask a headless engine to give its root to us; return whether it agreed."""
    with suppress(StreamClosedError, OSError):
        stream = await connect(holder)
        try:
            await stream.write(
                b"POST /aml/engine/yield HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return (await stream.read_until(b"\r\n", max_bytes=1024)).split()[1:2] == [b"202"]
        finally:
            stream.close()
    return False


async def open_socket(holder: Holder) -> WebSocketClientConnection:
    """Open the holder's event socket; raises OSError where nobody listens."""
    try:
        return await websocket_connect(
            HTTPRequest("ws://localhost/aml/events", connect_timeout=5, request_timeout=10),
            resolver=_Resolver(path=holder.socket),
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

    def __init__(self, handler: AmlHandler) -> None:
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
