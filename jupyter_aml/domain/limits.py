"""How much may be said of a run, a workspace or an experiment: counts and lengths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import Invalid

if TYPE_CHECKING:
    from jupyter_aml.domain.run import Run

MOST_LABELS = 1_000
"""Tags, and likewise properties or parameters, of one thing; SDK v1 took 50.

A run carries them in every list, event and row of the index.
"""
LONGEST_TEXT = 20_000
"""Characters of a name, of the value of a tag or property, of a description.

SDK v1 took 1,000 bytes of a value and 5,000 of a description, MLflow takes 8,000 characters.
"""
LONGEST_TOGETHER = 1_000_000
"""Characters of all tags, all properties, all parameters or all arguments together."""
LONGEST_WORD = 131_071
"""Bytes that Linux takes as one argument or variable of a command."""

_SHOWN = 60
_CURE = "keep it as a file of the run instead"
_PLURAL = {"label": "labels", "tag": "tags", "property": "properties"}


def run(run: Run) -> None:
    """Raise Invalid for a run of which too much is said."""
    display_name(run.display_name or "")
    description(run.description)
    labels("tag", run.tags, {})
    labels("property", run.properties, {})
    parameters(run.parameters)
    arguments(run.arguments)
    if run.job is not None:
        arguments(run.job.command)
        variables(run.job.environment_variables)


def labels(kind: str, given: Mapping[str, str | None], there: Mapping[str, str]) -> None:
    """Raise Invalid for labels that are too long, or too many with what is there.

    A `kind` is `tag`, `property` or `label`. Whatever is there may stay, and None takes one away.
    """
    for key, value in given.items():
        _text(f"the name of the {kind} {_shown(key)}", key)
        _text(f"the {kind} {_shown(key)}", value or "")
    every = {key: value for key, value in {**there, **given}.items() if value is not None}
    if len(every) > max(MOST_LABELS, len(there)):
        raise Invalid(
            f"these would be {len(every):,} {_PLURAL[kind]}, and there may be {MOST_LABELS:,}: "
            f"{_CURE}"
        )
    _together(_PLURAL[kind], _size(every), max(LONGEST_TOGETHER, _size(there)))


def fitting(
    there: Mapping[str, str], given: Mapping[str, str | None]
) -> tuple[dict[str, str], bool]:
    """What is there with as much of what is given as finds room, and whether all of it did."""
    every, size, is_whole = dict(there), _size(there), True
    for key, value in given.items():
        more = len(key) + len(value or "")
        if value is None:
            size -= len(key) + len(every.pop(key)) if key in every else 0
        elif key in every:
            size += len(value) - len(every[key])
            every[key] = value
        elif len(every) < MOST_LABELS and size + more <= LONGEST_TOGETHER:
            size += more
            every[key] = value
        else:
            is_whole = False
    return every, is_whole


def added(there: Mapping[str, Any], given: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """As many of these new parameters as find room beside those there, and whether all do."""
    room = LONGEST_TOGETHER - len(json.dumps(dict(there), ensure_ascii=False))
    some: dict[str, str] = {}
    for name, text in given.items():
        room -= len(json.dumps({name: text}, ensure_ascii=False))
        if room < 0 or len(there) + len(some) >= MOST_LABELS:
            return some, False
        some[name] = text
    return some, True


def display_name(text: str) -> None:
    """Raise Invalid for a name of a run that is too long."""
    _text("the name of the run", text)


def description(text: str) -> None:
    """Raise Invalid for a description that is too long."""
    _text("the description", text)


def metric(name: str) -> None:
    """Raise Invalid for a name of a metric that is too long."""
    _text(f"the name of the metric {_shown(name)}", name)


def parameters(given: Mapping[str, Any]) -> None:
    """Raise Invalid for parameters that are too many or too long."""
    for name in given:
        _text(f"the name of the parameter {_shown(name)}", name)
    if len(given) > MOST_LABELS:
        raise Invalid(
            f"these are {len(given):,} parameters, and there may be {MOST_LABELS:,}: {_CURE}"
        )
    _together("parameters", len(json.dumps(given, ensure_ascii=False)), LONGEST_TOGETHER)


def arguments(given: Iterable[str]) -> None:
    """Raise Invalid for arguments that no command can have."""
    size = 0
    for word in given:
        length = len(word.encode(errors="surrogatepass"))
        if length > LONGEST_WORD:
            raise Invalid(
                f"the argument {_shown(word)} has {length:,} bytes, and one may have "
                f"{LONGEST_WORD:,}: write it into a file that is sent with the run"
            )
        size += length
    _together("arguments", size, LONGEST_TOGETHER)


def variables(given: Mapping[str, str]) -> None:
    """Raise Invalid for an environment variable that no process can have."""
    for name, value in given.items():
        length = len(f"{name}={value}".encode(errors="surrogatepass"))
        if length > LONGEST_WORD:
            raise Invalid(
                f"the environment variable {_shown(name)} has {length:,} bytes, and one may have "
                f"{LONGEST_WORD:,}: write it into a file that is sent with the run"
            )


def _text(what: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"{what} has {len(text):,} characters, and may have {LONGEST_TEXT:,}: {_CURE}"
        )


def _together(what: str, size: int, most: int) -> None:
    if size > most:
        raise Invalid(
            f"the {what} have {size:,} characters together, and may have {LONGEST_TOGETHER:,}: "
            f"{_CURE}"
        )


def _size(texts: Mapping[str, str]) -> int:
    return sum(map(len, texts)) + sum(map(len, texts.values()))


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
