"""Completes `%aml` lines from a cache that a thread keeps fresh, so that a kernel never waits."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_aml.client.patience import quietly
from jupyter_aml.magics.verbs import Group
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.runs import WireRun

if TYPE_CHECKING:
    from jupyter_aml.magics.verb import Parser, Verb
    from jupyter_aml.magics.verbs import Verbs

_LINE = re.compile(r"\s*(?:%%aml|(?:[^\s#'\"%=]+\s*=\s*)?%aml)\s")
_FRESH = 3.0
_PATIENCE = 0.03


@dataclass(frozen=True, slots=True)
class Known:
    """What there was to choose from at the last look."""

    experiments: tuple[str, ...] = ()
    computes: tuple[str, ...] = ()
    runs: tuple[WireRun, ...] = field(default=())
    environments: tuple[WireEnvironment, ...] = field(default=())
    kernels: tuple[str, ...] = ()


class Cache:
    """Holds what is known; looks again in a thread of its own, one at a time."""

    def __init__(self, look: Callable[[], Known | None]) -> None:
        self._look = look
        self._known = Known()
        self._taken_at = float("-inf")
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._done.set()

    def get(self) -> Known:
        """Return what is known at once; the very first time wait 30 ms for it at most."""
        if time.monotonic() - self._taken_at > _FRESH:
            self.refresh()
        if self._taken_at == float("-inf"):
            self._done.wait(_PATIENCE)
        return self._known

    def refresh(self) -> None:
        """Look again in the background."""
        with self._lock:
            if not self._done.is_set():
                return
            self._done.clear()
        threading.Thread(target=self._run, name="aml-completion", daemon=True).start()

    def settled(self, timeout: float) -> bool:
        """Wait until no look is under way."""
        return self._done.wait(timeout)

    def _run(self) -> None:
        try:
            with quietly():
                found = self._look()
            if found is not None:
                self._known = found
        finally:
            self._taken_at = time.monotonic()
            self._done.set()


def is_ours(line: str) -> bool:
    """Whether the line up to the cursor is one of `%aml`, also behind `r = `."""
    return _LINE.match(line) is not None


def complete(line: str, verbs: Verbs) -> tuple[str, list[str]] | None:
    """Return the word at the cursor and what it may become; None where others know better."""
    found = _LINE.match(line)
    if not found:
        return None
    cell = line.lstrip().startswith("%%")
    text = line[found.end() :]
    words = text.split()
    word = words.pop() if words and not text[-1:].isspace() else ""
    while True:
        if not words:
            return word, _starting(word, verbs.names(cell=cell))
        verb = verbs.find(words.pop(0), cell=cell)
        if verb is None:
            return word, []
        if not isinstance(verb, Group):
            break
        verbs = verb.verbs
    offered = _offered(verb, word, words)
    return None if offered is None else (word, _starting(word, offered))


def _offered(verb: Verb, word: str, before: list[str]) -> list[str] | None:
    parser = verb.parser()
    option = parser.option(before[-1]) if before and before[-1].startswith("-") else None
    if option is not None and option.nargs != 0:
        if option.choices is not None:
            return [str(choice) for choice in option.choices]
        return verb.complete_option(option.dest, word)
    if word.startswith("-"):
        return parser.options
    return verb.complete(word, positionals(parser, before))


def positionals(parser: Parser, before: list[str]) -> list[str]:
    """The words that are neither options nor their values."""
    found, skip = [], False
    for word in before:
        if skip:
            skip = False
        elif word.startswith("-"):
            option = parser.option(word)
            skip = option is not None and option.nargs != 0
        else:
            found.append(word)
    return found


def _starting(word: str, offered: list[str]) -> list[str]:
    # `dict` keeps the order and drops what is offered twice.
    return [each for each in dict.fromkeys(offered) if each.startswith(word)]
