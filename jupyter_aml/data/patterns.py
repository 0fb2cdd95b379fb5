"""Patterns of paths: `*`, `?` and `[...]` within a name, `**` across folders."""

from __future__ import annotations

import re
from collections.abc import Callable

_MAGIC = re.compile(r"[*?\[]")
_GROUP = re.compile(r"\[(!?)(\]?[^\]]*)\]")


def is_pattern(text: str) -> bool:
    """Whether a path stands for several."""
    return _MAGIC.search(text) is not None


def prefix(pattern: str) -> str:
    """The folder in which all matches lie: the parts before the first that is a pattern."""
    kept: list[str] = []
    for part in pattern.split("/")[:-1]:
        if is_pattern(part):
            break
        kept.append(part)
    return "/".join(kept)


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test of paths: `a/**/b.csv` also means `a/b.csv`, and `a/**` all that is below `a`."""
    said = ""
    parts = pattern.split("/")
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if part == "**":
            said += ".+" if is_last else "(?:[^/]+/)*"
        else:
            said += _within(part) + ("" if is_last else "/")
    found = re.compile(said, re.DOTALL)
    return lambda path: found.fullmatch(path) is not None


def _within(part: str) -> str:
    """One part as an expression that crosses no slash."""
    said, rest = "", part
    while rest:
        group = _GROUP.match(rest)
        if group is not None:
            no, chosen = group.groups()
            said += f"[{'^/' if no else ''}{_escaped(chosen)}]"
            rest = rest[group.end() :]
            continue
        letter, rest = rest[0], rest[1:]
        said += {"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter))
    return re.sub(r"(\[\^/\]\*)+", "[^/]*", said)


def _escaped(chosen: str) -> str:
    return re.sub(r"([\\\[\]^&~|])", r"\\\1", chosen)
