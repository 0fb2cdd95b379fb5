"""One listener's view of one run: which logs it reads, how far it is, what is new."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.feed.metrics import RunMetrics, thinned
from jupyter_aml.engine.feed.watchers import FolderWatcher
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.masking import NO_MASKS, Masks
from jupyter_aml.runfolder.plain import still
from jupyter_aml.wire.events import WireEvent, WireLogEvent, WireMetricsEvent

PIECE = 64 * 1024
_BEHIND = 8 << 20
_JUMP = 1 << 20
_POINTS = 1000
_MOST_POINTS = 20_000
"""Points of a series, and about how many all series of one message have."""
_REST = 0.1
"""Seconds between two messages with points, and between two about files."""


class Subscription:
    """Follows the folder of one run for one listener."""

    def __init__(
        self,
        run_id: RunId,
        folder: RunFolder,
        *,
        metrics: Callable[[], RunMetrics],
        watcher: FolderWatcher,
        stir: Callable[[], None],
        masks: Callable[[], Masks] = lambda: NO_MASKS,
    ) -> None:
        self._run_id, self._folder, self._masks = run_id, folder, masks
        self._metrics, self._watcher, self._stir = metrics, watcher, stir
        self._logs: dict[str, int] = {}
        self._cursor = 0
        self._portions: deque[_Portion] = deque()
        self._replace = True
        self._turn: int | None = None
        self._new_logs = self._new_metrics = self._new_files = False
        self._next_metrics = self._next_files = 0.0
        self._later: asyncio.TimerHandle | None = None
        self._watched: list[tuple[Path, Callable[[], None]]] = []

    def begin(
        self, *, logs: Mapping[str, int], cursor: int | None, turn: int | None = None
    ) -> None:
        """Start from these bytes of these logs, and from this cursor of the metrics."""
        self._logs, self._cursor, self._replace = dict(logs), cursor or 0, cursor is None
        self._turn = turn
        self._new_logs = self._new_metrics = True
        folders = {self._folder.locate(name).parent for name in logs}
        self._watch(folders, self._logs_stirred)
        self._watch({self._folder.metrics}, self._metrics_stirred)
        self._watch({self._folder.outputs, self._folder.files}, self._files_stirred)

    def close(self) -> None:
        """Stop following."""
        for folder, call in self._watched:
            self._watcher.unwatch(folder, call)
        self._watched.clear()
        if self._later is not None:
            self._later.cancel()

    async def pump(self) -> list[WireEvent]:
        """Return what is new now; stirs again by itself where there is more."""
        events: list[WireEvent] = []
        now = time.monotonic()
        if self._new_logs:
            self._new_logs = False
            events += await asyncio.to_thread(self._read_logs)
        if self._new_metrics and (self._portions or now >= self._next_metrics):
            self._new_metrics = False
            self._next_metrics = now + _REST
            events += await asyncio.to_thread(self._read_metrics)
        if self._new_files and now >= self._next_files:
            self._new_files = False
            self._next_files = now + 5 * _REST
            events.append({"type": "files", "runId": self._run_id})
        self._again(now)
        return events

    def _again(self, now: float) -> None:
        if self._new_logs or self._portions:
            self._stir()
            return
        due = [self._next_metrics] * self._new_metrics + [self._next_files] * self._new_files
        if due and (self._later is None or self._later.when() <= asyncio.get_running_loop().time()):
            wait = max(0.0, min(due) - now)
            self._later = asyncio.get_running_loop().call_later(wait, self._stir)

    def _watch(self, folders: set[Path], call: Callable[[], None]) -> None:
        for folder in folders:
            self._watcher.watch(folder, call)
            self._watched.append((folder, call))

    def _logs_stirred(self) -> None:
        self._new_logs = True
        self._stir()

    def _metrics_stirred(self) -> None:
        self._new_metrics = True
        self._stir()

    def _files_stirred(self) -> None:
        self._new_files = True
        self._stir()

    def _read_logs(self) -> list[WireEvent]:
        events: list[WireEvent] = []
        masks = self._masks()
        for name, offset in self._logs.items():
            try:
                path = self._folder.existing(name)
                event, more = _piece(self._run_id, name, path, offset, masks)
            except (AmlError, OSError):
                continue  # Not there yet, or gone: nothing to send.
            self._new_logs |= more
            if event is not None:
                self._logs[name] = event["end"]
                events.append(event)
        return events

    def _read_metrics(self) -> list[WireEvent]:
        if not self._portions:
            self._portions.extend(self._news())
        if not self._portions:
            return []
        portion = self._portions.popleft()
        news = portion.metrics.since(
            self._run_id,
            portion.after,
            points=portion.points,
            names=portion.names,
            until=portion.until,
        )
        if self._portions:
            # Cut off in the middle, the client has to ask for the whole again.
            news["cursor"], self._new_metrics = None, True
        event: WireMetricsEvent = {"type": "metrics", "replace": portion.replace, "metrics": news}
        return [event if self._turn is None else event | {"turn": self._turn}]

    def _news(self) -> list[_Portion]:
        """What has come since, cut so that no message keeps others waiting for long."""
        metrics = self._metrics()
        until, after = metrics.follow(), self._cursor
        # Where several processes write, the order of points may differ from the client's.
        replace = self._replace or not metrics.knows(after)
        names = metrics.news(0 if replace else after, until, points=_POINTS)
        if not replace and sum(names.values()) > _MOST_POINTS:
            replace, names = True, metrics.news(0, until, points=_POINTS)
        is_first, self._replace, self._cursor = self._replace, False, until
        if not names and not is_first:
            return []
        points = thinned(_POINTS, len(names))
        held = {name: min(count, points) for name, count in names.items()}
        after = 0 if replace else after
        return [
            _Portion(metrics, some, after=after, until=until, points=points, replace=replace)
            for some in _cut(held)
        ]


@dataclass(frozen=True, slots=True)
class _Portion:
    """Some of the names that are to be told, as they were at one cursor."""

    metrics: RunMetrics
    names: list[str]
    _: KW_ONLY
    after: int
    until: int
    points: int
    replace: bool


def _cut(names: Mapping[str, int]) -> list[list[str]]:
    """The names in portions of about as many points; at least one portion."""
    portions: list[list[str]] = [[]]
    points = 0
    for name, count in names.items():
        weight = count + len(name) // 10
        if portions[-1] and points + weight > _MOST_POINTS:
            portions.append([])
            points = 0
        portions[-1].append(name)
        points += weight
    return portions


def _piece(
    run_id: RunId, name: str, path: Path, offset: int, masks: Masks
) -> tuple[WireLogEvent | None, bool]:
    """The next piece of a log, and whether there is more behind it."""
    with open(path, "rb", opener=still) as file:
        size = file.seek(0, 2)
        offset = min(offset, size)
        if size - offset > _BEHIND:
            offset = size - _JUMP
        data = masks.read(file, offset, PIECE)
    data = data[: _whole_text(data)]
    if not data:
        return None, False
    end = offset + len(data)
    text = data.decode("utf-8", "replace")
    event: WireLogEvent = {
        "type": "log",
        "runId": run_id,
        "name": name,
        "offset": offset,
        "end": end,
        "text": text,
    }
    return event, end < size


def _whole_text(data: bytes) -> int:
    """Length without the beginning of a character whose other bytes are still to come."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            # What begins no character at all (a log may hold anything) waits for nothing.
            is_start = 0xC2 <= byte <= 0xF4
            need = 1 if not is_start else 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
            return len(data) if need <= back else len(data) - back
    return len(data)
