"""/aml/events: one socket per page that pushes runs, logs and metrics."""

from __future__ import annotations

import asyncio
import json
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler

from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.server import forward
from jupyter_aml.server.base import RESOURCE, SEAT, dump, log_trouble, problem_of
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.seat import GAP, AnySeat, Deadline
from jupyter_aml.wire.events import Shared, WireEvent, WireProblemEvent
from jupyter_aml.wire.topics import decode_topic

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine
    from jupyter_aml.engine.feed.feed import Listener

LONGEST_MESSAGE = 256 * 1024
RESTART = 1012
"""Close code: come back, somebody else will answer."""
PATIENCE, SLOWEST = 60.0, 10_000
"""Seconds that a page may leave a message lying, and bytes a second that it takes at the least."""
_AHEAD = 64 * 1024
"""Bytes that the system takes for a page that does not read; by itself it would take megabytes."""
_SHORT = 16 * 1024
"""Characters of a text that is kept for other pages."""


class EventsHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """/aml/events"""

    auth_resource = RESOURCE
    _engine: Engine | None = None
    _listener: Listener | None = None
    _behind: WebSocketClientConnection | None = None
    _pusher: asyncio.Task[None] | None = None

    @property
    def seat(self) -> AnySeat:
        """The way to the engine."""
        return cast("AnySeat", self.settings[SEAT])

    @property
    def max_message_size(self) -> int:
        """Clients only subscribe, which takes few words."""
        return LONGEST_MESSAGE

    def get_compression_options(self) -> dict[str, Any] | None:
        """Not compressed: a line shall be in the browser before a deflater has seen it."""
        return None

    @ws_authenticated
    @authorized
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Become a socket, once it is clear that there is an engine to listen to."""
        deadline = Deadline(GAP)
        try:
            while self._listener is None and self._behind is None:
                await self._connect(await self.seat.settled(deadline))
        except AmlError as error:
            status, problem = problem_of(503, error)
            self.set_status(status)
            self.set_header("Content-Type", "application/json")
            self.finish(dump(problem))
            return
        try:
            await super().get(*args, **kwargs)
        finally:
            if self.ws_connection is None:
                self.on_close()

    async def _connect(self, found: Engine | Holder) -> None:
        if not isinstance(found, Holder):
            self._engine, self._listener = found, found.listen()
            return
        try:
            self._behind = await forward.open_socket(found)
        except OSError:
            self.seat.lost(found)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to push."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD)
        self.seat.listeners.add(self)
        if self._behind is not None:
            push = self._push_behind(self._behind)
        else:
            assert self._engine is not None and self._listener is not None
            push = self._push_own(self._engine, self._listener)
        self._pusher = asyncio.create_task(push, name="aml-events")

    async def on_message(self, message: str | bytes) -> None:
        """Take a subscription. The next message is read once this one has been dealt with."""
        if self._behind is not None:
            await self._pass_on(message)
            return
        listener, run_id = self._listener, None
        if listener is None:
            return
        try:
            wish = _wish(message)
            run_id = wish.get("runId")
            if wish["type"] == "subscribe":
                await listener.subscribe(decode_topic(wish))
            else:
                listener.unsubscribe(decode_topic(wish))
        except AmlError as error:
            _, problem = problem_of(500, error)
            await self._say({"type": "problem", "runId": run_id, "problem": problem})

    def on_close(self) -> None:
        """Hang up behind, and let the engine forget this listener."""
        self.seat.listeners.discard(self)
        if self._pusher is not None:
            self._pusher.cancel()
        if self._listener is not None:
            self._listener.close()
        if self._behind is not None:
            self._behind.close()
        self._listener = self._behind = None

    def leave(self) -> None:
        """Close the socket: its engine is about to go."""
        self.close(RESTART, "the engine moves")
        self.on_close()

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Say in the log what went wrong, but not the token with which it was asked."""
        log_trouble(self, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """An error before the socket stands is a WireProblem, as everywhere."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        _, problem = problem_of(status_code, error)
        self.set_header("Content-Type", "application/json")
        self.finish(dump(problem))

    async def _push_own(self, engine: Engine, listener: Listener) -> None:
        try:
            await self._write(dump({"type": "hello", "status": engine.status()}))
            while True:
                # Written before the next is taken: who reads slowly fills their own queue only.
                await self._write(_text(await listener.next()))
        except (WebSocketClosedError, StreamClosedError):
            return
        except Exception:
            self.log.exception("an event could not be sent")
            self.close(1011, "internal error")

    async def _push_behind(self, behind: WebSocketClientConnection) -> None:
        try:
            while (message := await behind.read_message()) is not None:
                await self._write(message)
        except (WebSocketClosedError, StreamClosedError):
            return
        self.close(RESTART, "the engine moves")

    async def _write(self, message: str | bytes) -> None:
        """Send a message; a page that does not take it is let go, and comes back if it wakes up."""
        patience = PATIENCE + len(message) / SLOWEST
        # What tornado writes must not be cancelled, but it ends when the stream does.
        timer = asyncio.get_running_loop().call_later(patience, self._let_go, self._stream)
        try:
            await self.write_message(message)
        finally:
            timer.cancel()

    def _let_go(self, stream: IOStream) -> None:
        self.log.info("a page does not read its events: its socket is closed")
        stream.close()

    @property
    def _stream(self) -> IOStream:
        if self.ws_connection is None or self.ws_connection.stream is None:
            raise WebSocketClosedError
        return self.ws_connection.stream

    async def _pass_on(self, message: str | bytes) -> None:
        assert self._behind is not None
        try:
            await self._behind.write_message(message)
        except (WebSocketClosedError, StreamClosedError):
            self.close(RESTART, "the engine moves")

    async def _say(self, event: WireProblemEvent) -> None:
        try:
            await self.write_message(dump(event))
        except (WebSocketClosedError, StreamClosedError):
            return


def _text(event: WireEvent) -> str:
    """The event as it is sent; what is told to many is written once."""
    if not isinstance(event, Shared):
        return dump(event)
    text = event.text or dump(event)
    if len(text) <= _SHORT:
        event.text = text
    return text


def _wish(message: str | bytes) -> dict[str, Any]:
    try:
        wish = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise Invalid("a message must be JSON") from error
    if not isinstance(wish, dict) or wish.get("type") not in ("subscribe", "unsubscribe"):
        raise Invalid("a message must be an object of type 'subscribe' or 'unsubscribe'")
    return wish


ROUTES = (
    Route("events", EventsHandler, {"get": Call(status=101)}),
)  # fmt: skip
