"""The language in which runs are looked for: a line of words, all of which must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import RunStatus

Comparison = Literal["<", "<=", ">", ">=", "=", "!="]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WORD = re.compile(rf'(?:{_QUOTED}|[^\s"])+', re.DOTALL)
_PIECE = re.compile(rf'{_QUOTED}|<=|>=|!=|[<>=:]|[^"<>=!:]+|!', re.DOTALL)
_LONGEST_LINE = 20_000
_LONGEST_PLAIN = 1000
_MOST_WORDS = 100
"""Databases bound how long a pattern and how deep an expression may be; we say it first."""
_SIGNS = frozenset({"<", "<=", ">", ">=", "=", "!=", ":"})
_STATUSES = {status.value.casefold(): status for status in RunStatus}
_ACTIVE = frozenset(status for status in RunStatus if not status.is_final)


@dataclass(frozen=True, slots=True)
class Plain:
    """The text stands in id, name, experiment, script or tags, in whatever case."""

    text: str


@dataclass(frozen=True, slots=True)
class InStatus:
    """The run is in one of these states."""

    statuses: frozenset[RunStatus]


@dataclass(frozen=True, slots=True)
class InExperiment:
    """The run belongs to this experiment."""

    name: str


@dataclass(frozen=True, slots=True)
class InEnvironment:
    """The run was sent in this environment, in this version of it if there is one."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class ChildOf:
    """The run is a child of this one, or with None of none."""

    parent: str | None


@dataclass(frozen=True, slots=True)
class Called:
    """The run has this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The run is of this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A tag, a parameter or a property has this value, or with None any."""

    kind: Literal["tag", "param", "property"]
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The last value of a metric compares so; a run without the metric does not."""

    metric: str
    sign: Comparison
    value: float | str


Word = (
    Plain | InStatus | InExperiment | InEnvironment | ChildOf | Called | Typed | Labelled | Measured
)


def parse(line: str) -> tuple[Word, ...]:
    """Understand a line, or raise Invalid with the word that makes no sense."""
    if len(line) > _LONGEST_LINE:
        raise Invalid(f"filter: a line may have {_LONGEST_LINE:,} characters, not {len(line):,}")
    words = tuple(_understand(word) for word in _words(line))
    if len(words) > _MOST_WORDS:
        raise Invalid(f"filter: a line may have {_MOST_WORDS} words, not {len(words):,}")
    return words


def quoted(text: str) -> str:
    """The text as one word of the language, whatever it holds."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(line: str) -> Iterator[str]:
    at = 0
    while rest := line[at:].lstrip():
        at = len(line) - len(rest)
        found = _WORD.match(line, at)
        # A quote that is never closed is the one thing that stops a word too early.
        end = at if found is None else found.end()
        if line[end : end + 1] == '"':
            raise Invalid(f"filter: {line[at:][:80]!r} has a double quote that is not closed")
        yield line[at:end]
        at = end


def _understand(word: str) -> Word:
    head, sign, tail = _cut(word)
    if sign is None:
        if len(head) > _LONGEST_PLAIN:
            raise Invalid(f"filter: {head[:80]!r}... is too long to be looked for")
        return Plain(head)
    if sign != ":":
        return _measured(word, head, cast(Comparison, sign), tail)
    field, dot, key = head.partition(".")
    match field.casefold():
        case "status" if not dot:
            return InStatus(_statuses(word, tail))
        case "experiment" if not dot and tail:
            return InExperiment(tail)
        case "environment" if not dot and tail:
            name, _, version = tail.partition(":")
            return InEnvironment(name, version or None)
        case "parent" if not dot and tail:
            return ChildOf(None if tail == "none" else tail)
        case "run" if not dot and tail:
            return Called(tail)
        case "type" if not dot and tail:
            return Typed(tail)
        case "tag" | "param" | "property" as kind if key:
            return Labelled(kind, key, tail)
        case "tag" | "param" | "property" as kind if not dot and tail:
            return Labelled(kind, tail, None)
    raise Invalid(
        f"filter: {word[:80]!r} cannot be understood; use status:, experiment:, "
        "environment:, parent:, type:, run:, tag:, tag.KEY:, param.KEY:, property.KEY:, "
        "a metric with <, <=, >, >=, = or !=, or put it in double quotes"
    )


def _cut(word: str) -> tuple[str, str | None, str]:
    """Take the word apart at its first sign outside of quotes."""
    pieces = _PIECE.findall(word)
    for index, piece in enumerate(pieces):
        if piece in _SIGNS:
            return _text(pieces[:index]), piece, _text(pieces[index + 1 :])
    return _text(pieces), None, ""


def _text(pieces: list[str]) -> str:
    return "".join(
        re.sub(r"\\(.)", r"\1", piece[1:-1], flags=re.DOTALL) if piece[0] == '"' else piece
        for piece in pieces
    )


def _statuses(word: str, tail: str) -> frozenset[RunStatus]:
    chosen: frozenset[RunStatus] = frozenset()
    for name in tail.split(","):
        if name.casefold() == "active":
            chosen |= _ACTIVE
        elif name.casefold() in _STATUSES:
            chosen |= {_STATUSES[name.casefold()]}
        else:
            known = ", ".join(["active", *sorted(_STATUSES)])
            raise Invalid(f"filter: {word[:80]!r}: there is no status {name!r}; there are {known}")
    return chosen


def _measured(word: str, metric: str, sign: Comparison, tail: str) -> Measured:
    if not metric or not tail:
        missing = "value after" if metric else "metric before"
        raise Invalid(
            f"filter: {word[:80]!r} has no {missing} {sign!r}; "
            f"write NAME{sign}VALUE without spaces, such as rmse{sign}0.5"
        )
    try:
        value = float(tail)
    except ValueError:
        value = math.nan
    if not math.isnan(value):
        return Measured(metric, sign, value)
    if sign in ("=", "!="):
        return Measured(metric, sign, tail)
    raise Invalid(f"filter: {word[:80]!r} compares with {tail[:80]!r}, which is not a number")
