"""Builds under way: one for each wish, whoever asks for it, and what became of the last ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed
from jupyter_aml.engine.root import write_json
from jupyter_aml.environments import strictness
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.protocol import EnvironmentBuilder, Materialised, Wish
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.environments import EnvironmentState

Listen = Callable[[str, str], None]
"""Takes what a build says: `say` or `log`, and the text."""


@dataclass(frozen=True, slots=True)
class BuildState:
    """How far the build of a wish is."""

    state: EnvironmentState
    reason: str | None = None
    environment: Materialised | None = None
    built_at: str | None = None
    """When it was built, in ISO 8601; None for what is not in the cache."""


class _UnderWay:
    """A build that goes on. Its log is a file; who comes later hears it from the start."""

    def __init__(self, log: Path, changed: Callable[[], None]) -> None:
        self.reason = "starting"
        self.listeners: list[Listen] = []
        self.task: asyncio.Task[Materialised]
        self.holders = 0
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._path = log
        self._file: IO[str] | None = None
        self._is_over = False

    def say(self, line: str) -> None:
        """Take what is being done now; from any thread."""
        self._loop.call_soon_threadsafe(self._said, line)

    def log(self, text: str) -> None:
        """Take a piece of the log; from any thread."""
        self._loop.call_soon_threadsafe(self._logged, text)

    def so_far(self) -> str:
        """The log until now."""
        return "" if self._file is None else self._path.read_text(errors="replace")

    @property
    def has_logged(self) -> bool:
        """Whether anything was done that was worth a line."""
        return self._file is not None

    def close(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        if self._file is not None:
            self._file.close()

    def _said(self, line: str) -> None:
        if line != self.reason:
            self.reason = line
            for listen in self.listeners:
                listen("say", line)
            self._changed()

    def _logged(self, text: str) -> None:
        if not self._is_over:
            # A full disk must not end a build that may yet do without its log.
            with contextlib.suppress(OSError):
                self._write(text)
        for listen in self.listeners:
            listen("log", text)

    def _write(self, text: str) -> None:
        if self._file is None:
            # Only now: a build that finds all there keeps the log of the one that made it.
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(text)
        self._file.flush()


class Builds:
    """Meets wishes by the builders, each wish at most once at a time."""

    def __init__(
        self,
        folder: Path,
        builders: Sequence[EnvironmentBuilder],
        *,
        strict: bool,
        changed: Callable[[str], None],
    ) -> None:
        self.cache = Cache(folder)
        self._folder, self._builders, self._strict = folder / ".builds", builders, strict
        self._changed = changed
        self._under_way: dict[str, _UnderWay] = {}
        self._log = logging.getLogger("jupyter_aml.environments")

    @property
    def active(self) -> int:
        """How many builds go on."""
        return len(self._under_way)

    def builder(self, wish: Wish) -> EnvironmentBuilder:
        """The builder for a wish; Invalid where there is none."""
        for builder in self._builders:
            if builder.accepts(wish):
                return builder
        raise Invalid(f"nothing here can build the environment {wish.definition.label!r}")

    def log_file(self, wish: Wish) -> Path:
        """The log of the last build of a wish; it may not be there."""
        return self._folder / f"{wish.digest}.log"

    async def ensure(self, wish: Wish, listen: Listen | None = None) -> Materialised:
        """Return the environment, joining a build under way or starting one.

        A build ends when the last who waits for it has left, unless `start` asked for it.
        """
        builder = self.builder(wish)
        notes = self._notes(wish)
        if builder.kind == "user-managed":
            return await builder.ensure(wish, build=_Alone(listen))
        known = await asyncio.to_thread(self.cache.met, wish)
        # Whether an image is still there, its engine knows: its builder asks.
        if known is not None and known.image is None:
            return _noted(known, notes)
        build = self._joined(wish, builder)
        build.holders += 1
        if listen is not None:
            listen("log", build.so_far())
            listen("say", build.reason)
            build.listeners.append(listen)
        try:
            return _noted(await asyncio.shield(build.task), notes)
        finally:
            build.holders -= 1
            if listen is not None:
                build.listeners.remove(listen)
            if not build.holders:
                build.task.cancel()

    async def discard(self, environment: Materialised) -> None:
        """Remove what was built."""
        for builder in self._builders:
            if builder.kind == environment.kind:
                await builder.discard(environment)

    def start(self, wish: Wish) -> None:
        """Begin to build, if it is not being built; it goes on whoever waits for it."""
        builder = self.builder(wish)
        self._notes(wish)
        build = self._joined(wish, builder)
        build.holders += 1

    async def state(self, wish: Wish, *, wait: float = 0.0, for_use: bool = False) -> BuildState:
        """How far the wish is; waits up to `wait` seconds for the end of a build under way.

        To look is not to use: only what is asked for use is kept from pruning by age.
        """
        build = self._under_way.get(wish.digest)
        if build is not None and wait > 0:
            await asyncio.wait({build.task}, timeout=wait)
            build = self._under_way.get(wish.digest)
        if build is not None:
            return BuildState("building", build.reason)
        return await asyncio.to_thread(self._at_rest, wish, for_use)

    async def states(self, wishes: Sequence[Wish]) -> list[BuildState]:
        """How far each of them is, read at once."""
        at_rest = await asyncio.to_thread(lambda: [self._at_rest(wish) for wish in wishes])
        going = [self._under_way.get(wish.digest) for wish in wishes]
        return [
            seen if build is None else BuildState("building", build.reason)
            for build, seen in zip(going, at_rest, strict=True)
        ]

    async def close(self) -> None:
        """End the builds under way; nothing of them counts."""
        tasks = [build.task for build in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _joined(self, wish: Wish, builder: EnvironmentBuilder) -> _UnderWay:
        build = self._under_way.get(wish.digest)
        if build is None:
            build = _UnderWay(self.log_file(wish), lambda: self._changed(wish.digest))
            self._under_way[wish.digest] = build
            build.task = asyncio.create_task(self._build(wish, builder, build))
            build.task.add_done_callback(_seen)
            self._changed(wish.digest)
        return build

    async def _build(
        self, wish: Wish, builder: EnvironmentBuilder, build: _UnderWay
    ) -> Materialised:
        label, began = wish.definition.label, time.monotonic()
        failure = self._folder / f"{wish.digest}.json"
        try:
            built = await builder.ensure(wish, build=build)
            failure.unlink(missing_ok=True)
            took = time.monotonic() - began
            await asyncio.sleep(0)
            if build.has_logged:
                build.log(f"ready after {took:.1f} s: {built.interpreter}\n")
            self._log.info("environment %s: ready after %.1f s", label, took)
            return built
        except (AmlError, OSError) as error:
            told = _told(error)
            build.log(f"failed: {told}\n")
            self._log.info("environment %s: %s", label, told)
            with contextlib.suppress(AmlError):
                write_json(failure, {"reason": str(told), "at": time.time()})
            raise told from error
        finally:
            # What was logged from threads stands in the queue of the loop before this.
            await asyncio.sleep(0)
            build.close()
            del self._under_way[wish.digest]
            self._changed(wish.digest)

    def _at_rest(self, wish: Wish, for_use: bool = False) -> BuildState:
        if self.builder(wish).kind == "user-managed":
            return BuildState("ready")
        known = self.cache.known(wish, touch=for_use)
        if known is not None:
            built = encode_time(datetime.fromtimestamp(known.built, UTC))
            return BuildState("ready", None, known.environment, built)
        try:
            data = json.loads((self._folder / f"{wish.digest}.json").read_text(encoding="utf-8"))
            return BuildState("failed", str(data["reason"]))
        except (OSError, ValueError, KeyError, TypeError):
            return BuildState("not built")

    def _notes(self, wish: Wish) -> tuple[str, ...]:
        return notes(wish, strict=self._strict)


def notes(wish: Wish, *, strict: bool) -> tuple[str, ...]:
    """What is not met to the letter whatever builds it; an error under `strict`."""
    if not wish.definition.has_retired_image:
        return ()
    image = wish.definition.docker["baseImage"] or "the default image of Azure ML"
    note = f"{image} is retired, so the environment is built directly on the target"
    strictness.check([note], strict=strict)
    return (note,)


class _Alone:
    """What one asks for by itself is said to that one."""

    def __init__(self, listen: Listen | None) -> None:
        self._listen = listen

    def say(self, line: str) -> None:
        """Pass it on."""
        if self._listen is not None:
            self._listen("say", line)

    def log(self, text: str) -> None:
        """Pass it on."""
        if self._listen is not None:
            self._listen("log", text)


def _noted(environment: Materialised, notes: tuple[str, ...]) -> Materialised:
    return replace(environment, warnings=(*notes, *environment.warnings)) if notes else environment


def _told(error: AmlError | OSError) -> AmlError:
    if isinstance(error, AmlError):
        return error
    return StorageFailed(f"cannot write {error.filename}: {error.strerror}")


def _seen(task: asyncio.Task[Materialised]) -> None:
    # Its end is told by `state`; nobody need wait for it.
    if not task.cancelled():
        task.exception()
