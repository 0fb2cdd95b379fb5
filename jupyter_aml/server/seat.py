"""Where the engine of a root is: here, in another server, or not to be had, and why."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from logging import Logger
from typing import TYPE_CHECKING, Literal, Protocol, cast

from tornado.iostream import IOStream

from jupyter_aml.domain.errors import AmlError, StorageFailed, Unreachable
from jupyter_aml.engine.lock import RootTaken
from jupyter_aml.server import forward, holder
from jupyter_aml.server.holder import Holder

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine
    from jupyter_aml.engine.settings import Settings

Kind = Literal["jupyter", "headless"]
OpenEngine = Callable[["Settings", Kind], Awaitable["Engine"]]
Listen = Callable[["Engine"], Awaitable["Closing"]]

GAP = 5.0
"""Seconds a request waits while the engine moves from one process to another."""

RETRY = 1.0
"""Seconds between two looks at a root whose holder cannot be talked to."""

RETRY_REFUSED = 10.0
"""Seconds until a root that could not be opened is tried again."""


class Deadline:
    """A moment up to which one request waits, however often it has to."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._at - time.monotonic())


class Leaver(Protocol):
    """An open event socket."""

    def leave(self) -> None:
        """Close it: its engine is about to go."""


class Closing(Protocol):
    """Something that listens until it is closed."""

    async def close(self) -> None:
        """Stop to listen."""


class AnySeat(Protocol):
    """What a handler needs to know."""

    listeners: set[Leaver]

    async def settled(self, deadline: Deadline) -> Engine | Holder:
        """Return the engine or who holds it; raises what keeps both away."""

    def lost(self, gone: Holder) -> None:
        """Tell that this holder did not answer."""


class Held:
    """The seat behind an engine's own socket: the engine is always here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.listeners: set[Leaver] = set()

    async def settled(self, deadline: Deadline) -> Engine | Holder:
        """Return the engine."""
        return self._engine

    def lost(self, gone: Holder) -> None:
        """Nothing can be lost that is here."""


async def open_engine(settings: Settings, kind: Kind) -> Engine:
    """Open the engine; what it imports is heavy, so a thread does that."""
    await asyncio.to_thread(holder.own, settings.root)
    module = await asyncio.to_thread(import_module, "jupyter_aml.engine.engine")
    return cast("Engine", await module.Engine.open(settings, kind=kind))


class Seat:
    """Takes the root for a Jupyter server, or follows the server that has it."""

    def __init__(
        self, settings: Settings, log: Logger, *, listen: Listen, opener: OpenEngine = open_engine
    ) -> None:
        self._settings, self._log = settings, log
        self._open, self._listen = opener, listen
        self._state: Engine | Holder | AmlError | None = None
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._socket: Closing | None = None
        self._task: asyncio.Task[None] | None = None
        self.listeners: set[Leaver] = set()

    def start(self) -> None:
        """Begin to look for the engine; returns at once."""
        self._task = asyncio.create_task(self._look_for_engine(), name="aml-seat")

    async def settled(self, deadline: Deadline) -> Engine | Holder:
        """Return the engine or who holds it; raises Unreachable, or what keeps the root closed."""
        while self._state is None:
            try:
                await asyncio.wait_for(self._changed.wait(), deadline.left)
            except TimeoutError as error:
                raise Unreachable("the engine is being started or moved; try again") from error
        if isinstance(self._state, AmlError):
            raise type(self._state)(str(self._state))
        return self._state

    def lost(self, gone: Holder) -> None:
        """Tell that this holder did not answer."""
        if self._state == gone:
            self._become(None)

    @property
    def holds_engine(self) -> bool:
        """Whether this process is the one that holds the root."""
        return self._socket is not None and not self._closing.is_set()

    def refuse(self, error: AmlError) -> None:
        """Answer every request with this error from now on."""
        self._become(error)

    async def close(self) -> bool:
        """Give the root back; return whether runs go on that want an engine."""
        self._closing.set()
        if self._task is not None:
            await self._task
        engine = None if isinstance(self._state, Holder | AmlError) else self._state
        self._become(Unreachable("the Jupyter server is shutting down"))
        for listener in [*self.listeners]:
            listener.leave()
        if engine is None or self._socket is None:
            return False
        await self._socket.close()
        self._socket = None
        await engine.kernels.settle()
        busy = engine.runs.active + engine.kernels.active > 0
        await engine.close()
        return busy

    def _become(self, state: Engine | Holder | AmlError | None) -> None:
        self._state = state
        if state is None:
            self._changed.clear()
        else:
            self._changed.set()

    async def _look_for_engine(self) -> None:
        while not self._closing.is_set():
            try:
                if await self._take_or_follow():
                    return
            except StorageFailed as error:
                await self._wait_refused(error)
            except AmlError as error:
                # Whatever it is that the root does not allow: no request is to blame.
                await self._wait_refused(Unreachable(str(error)))
            except Exception as error:
                self._log.exception("the engine could not be started")
                await self._wait_refused(
                    Unreachable(f"the engine could not be started: {type(error).__name__}: {error}")
                )

    async def _take_or_follow(self) -> bool:
        """Return True with the root taken, and False when its holder went and it may be free."""
        try:
            engine = await self._open(self._settings, "jupyter")
        except RootTaken:
            await self._follow()
            return False
        try:
            self._socket = await self._listen(engine)
        except BaseException:
            await engine.close()
            raise
        self._become(engine)
        self._log.info("this server holds %s", self._settings.root)
        return True

    async def _wait_refused(self, error: AmlError) -> None:
        if not isinstance(self._state, AmlError) or str(self._state) != str(error):
            self._log.error("%s", error)
        self._become(error)
        await self._pause(RETRY_REFUSED)

    async def _follow(self) -> None:
        """Stay with the present holder until it goes; returns when the lock is worth a try."""
        found = await asyncio.to_thread(holder.read, self._settings.root)
        if found is None:
            # Its holder has just begun, or is about to end.
            self._become(None)
            return await self._pause(RETRY / 10)
        try:
            line = await forward.connect(found)
        except OSError:
            self._become(None)
            return await self._pause(RETRY / 4)
        try:
            await self._stay(found, line)
        finally:
            line.close()

    async def _stay(self, found: Holder, line: IOStream) -> None:
        if found.kind == "headless" and await forward.ask_to_yield(found):
            self._become(None)
            await self._gone(line, GAP)
            return None
        if self._state != found:
            self._log.info("%s holds %s; requests go there", found, self._settings.root)
        self._become(found)
        await self._gone(line, None)
        self.lost(found)

    async def _gone(self, line: IOStream, seconds: float | None) -> None:
        """Wait until the other end of the line is closed, which a killed process does too."""
        gone = asyncio.ensure_future(line.read_until_close())
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait(
                {gone, closing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closing.cancel()
            line.close()
            await asyncio.gather(gone, closing, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return
