"""Completes `%aml` lines: verbs, options, and what a verb knows of its arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_aml.magics.verbs import Group

if TYPE_CHECKING:
    from jupyter_aml.magics.verb import Parser, Verb
    from jupyter_aml.magics.verbs import Verbs

_LINE = re.compile(r"\s*(?:%%aml|(?:[^\s#'\"%=]+\s*=\s*)?%aml)\s")


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
