"""One at a time for each name: who comes second waits, and finds what the first has done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jupyter_aml.store.blobs import Blobs


class Turns:
    """Gives turns on one event loop; nothing is kept of a name that nobody wants."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._wanted = Counter[str]()

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Hold the name alone."""
        self._wanted[name] += 1
        try:
            async with self._locks.setdefault(name, asyncio.Lock()):
                yield
        finally:
            self._wanted[name] -= 1
            if not self._wanted[name]:
                del self._wanted[name], self._locks[name]


@asynccontextmanager
async def in_use(blobs: Blobs) -> AsyncIterator[None]:
    """Keep all contents while some are found, put and then named or linked."""
    while not blobs.begin():
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        blobs.end()
