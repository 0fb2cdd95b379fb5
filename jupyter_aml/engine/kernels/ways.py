"""The ways to a kernel elsewhere: ports of this machine that lead to it, whatever comes between.

The ports stay the same for the life of the kernel. Where a connection is lost, those who came
over it connect again, as zmq does by itself, and are led to where the kernel is by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from jupyter_aml.compute.target import Incoming, Outgoing
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.runfolder.kernel_host import mac

_LOG = logging.getLogger("jupyter_aml.engine")
_PATIENCE = 30.0
DOOR = "door"
"""Stands among the channels for the door of the keeper itself."""

OpenDoor = Callable[[], Coroutine[Any, Any, tuple[Incoming, Outgoing]]]


class Ways:
    """Listens on ports of this machine for one kernel."""

    def __init__(self, key: str, open_door: OpenDoor) -> None:
        self._key, self._open_door = key, open_door
        self._servers: list[asyncio.Server] = []
        self._going: set[asyncio.Task[None]] = set()

    async def open(self, ports: Mapping[str, int]) -> int:
        """Listen on these ports by their channels; returns that of the door. Raises OSError."""
        door = 0
        try:
            for channel, port in ports.items():
                server = await asyncio.start_server(
                    partial(self._visit, channel), "127.0.0.1", port
                )
                self._servers.append(server)
                if channel == DOOR:
                    door = int(server.sockets[0].getsockname()[1])
        except BaseException:
            self.close()
            raise
        return door

    def close(self) -> None:
        """Listen no more, and let go of what is open."""
        for server in self._servers:
            server.close()
        self._servers = []
        for task in self._going:
            task.cancel()

    async def _visit(
        self, channel: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._going.add(task)
        try:
            await self._lead(channel, reader, writer)
        except (OSError, EOFError, ValueError, KeyError, TimeoutError, AmlError) as error:
            _LOG.debug("a kernel cannot be reached for %s: %s", channel, error)
        except asyncio.CancelledError:
            pass  # The engine lets go of it.
        finally:
            self._going.discard(task)
            writer.close()

    async def _lead(
        self, channel: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with asyncio.timeout(_PATIENCE):
            incoming, outgoing = await self._open_door()
        try:
            if channel != DOOR:
                async with asyncio.timeout(_PATIENCE):
                    challenge = json.loads(await incoming.readline())["challenge"]
                told = {"mac": mac(self._key, challenge, channel), "want": channel}
                outgoing.write(json.dumps(told).encode() + b"\n")
            await _pump((reader, outgoing), (incoming, writer))
        finally:
            with contextlib.suppress(Exception):  # Whatever the library finds wrong with it now.
                outgoing.close()


async def _pump(*ways: tuple[Incoming, Outgoing]) -> None:
    """Pass bytes on both ways until either side has ended."""
    works = [asyncio.create_task(_pour(*way)) for way in ways]
    try:
        await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


async def _pour(incoming: Incoming, outgoing: Outgoing) -> None:
    while data := await incoming.read(1 << 16):
        outgoing.write(data)
        await outgoing.drain()
