"""Requirement lines: what pip's syntax allows, and what this root allows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_aml.domain.errors import Invalid

_ELSEWHERE = re.compile(r"[a-z+]+://|git\+|(\.{0,2}|~)/", re.IGNORECASE)
_ARCHIVE = re.compile(r".*\.(whl|egg|zip|tar(\.[a-z0-9]+)?|tgz|tbz2?|txz|tlz)\Z", re.IGNORECASE)
"""What is called so is a file to installers, although a package might be called so too."""
_OPTION = re.compile(r"\s(--[a-z-]+)")
_LONGEST = 120
"""Characters of a line that an error shows."""
_SOURCES = ("--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--pre")


def check(lines: Iterable[str], *, allow_sources: bool = False) -> tuple[str, ...]:
    """Return the lines that are requirements, or raise Invalid naming the line that is none.

    Options, URLs and paths bring code from elsewhere than the index: they are refused unless
    `allow_sources`. Options that read or install files are never taken: `-r`, `-c`, `-e`.
    """
    return tuple(_checked(line.strip(), allow_sources) for line in lines if line.strip())


def named(line: str) -> Requirement | None:
    """The requirement in a checked line; None for an option, a URL or a path."""
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def apart(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Checked lines without their options, and those options that say where packages are."""
    kept: list[str] = []
    sources: list[str] = []
    for line in lines:
        if not line.startswith("-"):
            kept.append(line)
        elif line != "--pre":
            name, _, value = line.replace("=", " ", 1).partition(" ")
            sources += (name, value.strip())
    return tuple(kept), tuple(sources)


def previews(lines: Iterable[str]) -> tuple[str, ...]:
    """uv's option for `--pre`, which it does not read in a file."""
    return ("--prerelease", "allow") if "--pre" in lines else ()


def key(requirement: Requirement) -> str:
    """The name as the index compares it: lower case, with single hyphens."""
    return str(canonicalize_name(requirement.name))


def _checked(line: str, allow_sources: bool) -> str:
    if any(ord(letter) < 32 and letter != "\t" for letter in line):
        raise Invalid(f"{line!r} is not a requirement: it holds a control character")
    if line.startswith("-"):
        if line.split("=", 1)[0].split()[0] not in _SOURCES:
            raise Invalid(
                f"{line!r}: options are not taken in an environment; "
                "name the packages themselves, each with its version"
            )
        return _if_allowed(line, allow_sources, "an option that brings packages from elsewhere")
    requirement = named(line)
    name = line if requirement is None else requirement.name
    is_elsewhere = bool(_ELSEWHERE.match(line) or _ARCHIVE.match(name))
    if requirement is not None and requirement.url is None and not is_elsewhere:
        return str(line)
    if requirement is not None or is_elsewhere:
        return _if_allowed(line, allow_sources, "a package from elsewhere than the index")
    option = _OPTION.search(line)
    if option is not None:
        raise Invalid(
            f"{_short(line)!r}: {option[1]} is not taken behind a requirement; leave it out"
            + (" (the lock of an environment has hashes of its own)" if "hash" in option[1] else "")
        )
    raise Invalid(f"{_short(line)!r} is not a requirement: {_why(line)}")


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _if_allowed(line: str, allow_sources: bool, what: str) -> str:
    if allow_sources:
        return line
    raise Invalid(
        f"{masked(line)!r} is {what}; an administrator may allow it "
        "by AmlConfig.allow_package_sources"
    )


def _why(line: str) -> str:
    try:
        Requirement(line)
    except InvalidRequirement as error:
        told = str(error).splitlines()[0].rstrip(".:")
        return told[:1].lower() + told[1:]
    return "it names no package"


def masked(text: str) -> str:
    """The text with user name and password of each URL in it hidden."""
    return re.sub(r"(://)[^/@\s]+@", r"\1***@", text)
