"""An attempt at a run on an attached machine: its records here, and the news of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time

from jupyter_aml.compute.attempt import Attempt
from jupyter_aml.compute.protocol import Handle
from jupyter_aml.compute.ssh import sending
from jupyter_aml.compute.ssh.copying import Copy
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.layout import RunFolder


class Place(Attempt):
    """An attempt that was sent to another machine: its files here, and how they come."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle.data)
        self.folder = handle.data["folder"]
        self.others = sending.results(RunFolder(self.status.parent))
        self.copy = Copy(self.status.parent, self.others)
        self.reason: str | None = None
        """For what it waits that has not begun."""
        self.is_made = False
        """Whether its folder may have been made there."""
        self.is_followed = False
        self.beginning: asyncio.Task[None] | None = None
        self.has_all = asyncio.Event()
        self._news, self._moves = asyncio.Event(), asyncio.Event()

    def stir(self, *, is_move: bool = True) -> None:
        """Wake who waits for news of it, or only who waits for its output."""
        self._news.set()
        self._news = asyncio.Event()
        if is_move:
            self._moves.set()
            self._moves = asyncio.Event()

    async def news(self, most: float) -> None:
        """Return when anything was told of it, or after that many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), most)

    async def moved(self, most: float) -> None:
        """Return when it may stand elsewhere, or after that many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._moves.wait(), most)

    def is_sent(self) -> bool:
        """Whether it needs no sending any more."""
        return self.read("ssh") is not None or self.read("exit") is not None or self.is_given_up()

    def is_claimed(self) -> bool:
        """Whether something may have been begun there."""
        return (self.read("claim") or {"pid": 0}).get("pid") != 0

    def is_given_up(self) -> bool:
        """Whether it was given up before anything was begun."""
        claim = self.read("claim")
        return claim is not None and claim.get("pid") == 0

    def claim(self) -> bool:
        """Take the attempt for the other machine; False where it was given up. Blocks."""
        record = self.record("claim")
        try:
            draft = self.draft("claim", json.dumps({"pid": -1, "time": time.time()}))
            try:
                os.link(draft, record)
            except FileExistsError:
                return not self.is_given_up()
            finally:
                draft.unlink()
        except OSError as error:
            raise StorageFailed(f"cannot write {record}: {error.strerror}") from error
        return True

    def fail(self, why: str) -> None:
        """Note that it can never begin, and why."""
        now = time.time()
        self.note("exit", {"code": 127, "time": now, "started": now, "why": why})
