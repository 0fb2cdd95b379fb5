"""Says when something in a folder has changed: inotify on Linux, a short poll elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

_POLL = 0.2
Stir = Callable[[], None]


class FolderWatcher:
    """Calls back on the event loop when a file in a watched folder is made or written."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, set[Stir]] = defaultdict(set)
        self._poll: asyncio.Task[None] | None = None
        self._notify = _notifier() if sys.platform == "linux" else None
        self._numbers: dict[int, str] = {}
        self._folders: dict[str, int] = {}
        if self._notify is not None:
            asyncio.get_running_loop().add_reader(self._notify.fileno(), self._read)

    def watch(self, folder: Path, stir: Stir) -> None:
        """Call `stir` on each change in the folder; a folder that is not there is polled for."""
        key = str(folder)
        self._calls[key].add(stir)
        if key not in self._folders and not self._add(key):
            self._begin_poll()

    def unwatch(self, folder: Path, stir: Stir) -> None:
        """Stop calling; unknown pairs are ignored."""
        key = str(folder)
        self._calls[key].discard(stir)
        if not self._calls[key]:
            del self._calls[key]
            number = self._folders.pop(key, None)
            if number is not None and self._notify is not None:
                self._numbers.pop(number, None)
                # Where the folder was deleted, its watch went with it.
                with contextlib.suppress(OSError):
                    self._notify.rm_watch(number)

    def close(self) -> None:
        """End all watching."""
        if self._poll is not None:
            self._poll.cancel()
        if self._notify is not None:
            asyncio.get_running_loop().remove_reader(self._notify.fileno())
            self._notify.close()
            self._notify = None
        self._calls.clear()

    def _add(self, key: str) -> bool:
        if self._notify is None:
            return False
        from inotify_simple import flags

        events = flags.MODIFY | flags.CREATE | flags.MOVED_TO | flags.DELETE
        try:
            number = self._notify.add_watch(key, events | flags.ONLYDIR)
        except OSError:
            return False
        self._folders[key], self._numbers[number] = number, key
        return True

    def _read(self) -> None:
        from inotify_simple import flags

        assert self._notify is not None
        stirred: set[Stir] = set()
        for event in self._notify.read(timeout=0):
            key = self._numbers.get(event.wd)
            if event.mask & flags.IGNORED and key is not None:
                del self._numbers[event.wd], self._folders[key]
                self._begin_poll()
            elif event.mask & flags.Q_OVERFLOW:
                stirred.update(*self._calls.values())
            elif key is not None:
                stirred |= self._calls.get(key, set())
        for stir in stirred:
            stir()

    def _begin_poll(self) -> None:
        if self._poll is None or self._poll.done():
            self._poll = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        # Only for folders that inotify does not tell us about.
        while missing := [key for key in self._calls if key not in self._folders]:
            await asyncio.sleep(_POLL)
            for key in missing:
                if key in self._calls:
                    self._add(key)
                    for stir in list(self._calls[key]):
                        stir()


def _notifier() -> Any:
    from inotify_simple import INotify

    try:
        return INotify(nonblocking=True)
    except OSError:
        return None  # No instance left for this user: everything is polled.
