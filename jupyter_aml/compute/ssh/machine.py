"""One attached machine: connected to when it is needed, again when the connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from jupyter_aml.compute.ssh.link import Link, Pushed, connect
from jupyter_aml.compute.ssh.options import SshOptions
from jupyter_aml.compute.target import Incoming, Outgoing
from jupyter_aml.domain.errors import AmlError, Unreachable

PIECE = 1 << 20
"""Bytes that are sent in one go."""
_FIRST, _LONGEST = 0.2, 15.0
"""Seconds until a machine that does not answer is tried again: at first, and at most."""

Secret = Callable[[str], str]
Linked = Callable[[], None]


class Machine:
    """Calls verbs of the agent on the machine, and hands on what that tells by itself."""

    def __init__(
        self, options: SshOptions, secret: Secret, *, pushed: Pushed, linked: Linked
    ) -> None:
        """`pushed` takes what is told without having been asked for; it is called in turn.

        `linked` is called after each connecting, when nothing is followed any more.
        """
        self.options, self._secret = options, secret
        self._pushed, self._linked = pushed, linked
        self._link: Link | None = None
        self._linking: asyncio.Task[Link] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failed: AmlError | None = None
        self._failures, self._again_at = 0, 0.0
        self._changed = asyncio.Event()

    @property
    def silence(self) -> str | None:
        """Why it does not answer; None where it does, or was not asked."""
        return None if self._failed is None else str(self._failed)

    @property
    def is_linked(self) -> bool:
        """Whether there is a connection."""
        return self._link is not None and self._link.is_open

    async def call(self, verb: str, payload: bytes = b"", **fields: Any) -> dict[str, Any]:
        """Have the agent do that; raises Unreachable, StorageFailed."""
        link = await self.link()
        return await link.call(verb, payload, **fields)

    async def open(self, port: int) -> tuple[Incoming, Outgoing]:
        """Connect to a port of the machine's own; raises Unreachable, Invalid."""
        return await (await self.link()).open(port)

    async def link(self) -> Link:
        """The connection, made where there is none.

        Raises Unreachable, and soon where it was tried a moment ago.
        """
        self._settle()
        if self._link is not None and self._link.is_open:
            return self._link
        if self._linking is None:
            if self._failed is not None and time.monotonic() < self._again_at:
                raise Unreachable(str(self._failed)) from self._failed
            self._linking = asyncio.create_task(self._connect())
            self._linking.add_done_callback(_heard)
        try:
            return await asyncio.shield(self._linking)
        except AmlError as error:
            raise Unreachable(str(error)) from error

    async def until_again(self) -> None:
        """Return when it is worth trying again to connect."""
        seconds = max(0.0, self._again_at - time.monotonic()) + 0.01
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def drop(self) -> None:
        """Let go of the connection, to make another when one is needed."""
        link, self._link = self._link, None
        self._failed, self._failures, self._again_at = None, 0, 0.0
        self._changed.set()
        self._changed = asyncio.Event()
        if link is not None:
            link.close()

    def close(self) -> None:
        """Let go of the connection; the jobs go on."""
        if self._linking is not None:
            with contextlib.suppress(RuntimeError):
                self._linking.cancel()
        self.drop()

    def _settle(self) -> None:
        """Let go of what belongs to an event loop that is gone."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._link, self._linking = loop, None, None

    async def _connect(self) -> Link:
        try:
            link = await connect(self.options, self._secret, self._pushed)
        except AmlError as error:
            self._failed = error
            self._again_at = time.monotonic() + min(_LONGEST, _FIRST * 2**self._failures)
            self._failures = min(self._failures + 1, 16)
            raise
        finally:
            self._linking = None
        self._link, self._failed, self._failures = link, None, 0
        self._linked()
        return link


def _heard(task: asyncio.Task[Link]) -> None:
    if not task.cancelled():
        task.exception()
