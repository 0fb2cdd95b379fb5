"""Why conda packages could not be had: one sentence out of what a solver or a client printed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.environments.conda.specs import masked

_DISK_FULL = re.compile(r"No space left on device|os error 28|NoSpaceLeft|Disk quota exceeded")
_NO_ANSWER = re.compile(
    r"CondaHTTPError|CondaSSLError|ProxyError|CONNECTION FAILED|Could not resolve|"
    r"Could not connect|Connection refused|Download error|timed out|Failed to fetch|dns error|"
    r"error sending request|Multi-download failed|SSL peer certificate|ConnectionError",
    re.IGNORECASE,
)
_NO_CHANNEL = re.compile(r"could not find subdir|UnavailableInvalidChannel|\b404\b")
_ABSENT = re.compile(
    r"No candidates were found for (?P<one>\S+) ?(?P<version>.*?)\.?$"
    r"|nothing provides requested (?P<two>\S+)"
    r"|[─-] (?P<three>[\w.-]+)[^\n]* does not exist"
    r"|not available from current channels:\s+- (?P<four>[\w.-]+)"
    r"|Packages? (?:not found|missing)[^\n]*:\s+- (?P<five>[\w.-]+)",
    re.MULTILINE,
)
_WOULD = re.compile(
    r"[└├]─ (\S+ .+?) (?:would|is not installable because it) (?:requires?|constrains?)$"
)
_NEEDS = re.compile(r"[└├]─ (\S+) (.+?), (?:which|for which) ")
_PACKAGE_NEEDS = re.compile(
    r"package (\S+) (?:requires|has constraint) (\S+) ([^\n]*?)(?:, but |$)", re.MULTILINE
)
_TOP = re.compile(r"^[└├]─ (\S+ \S+) (?:can|cannot) be installed", re.MULTILINE)


class NoChannel(Exception):
    """No channel at all answers; its text says why, in a few words."""


class Absent(Invalid):
    """No channel has such a package, or not in such a version."""


def silent(reasons: Mapping[str, str], wanted: Sequence[str]) -> AmlError | NoChannel:
    """The error for channels that gave no list of packages, each with what the tool said."""
    for name, reason in reasons.items():
        if _NO_CHANNEL.search(reason) and not _NO_ANSWER.search(reason):
            return Invalid(
                f"there is no conda channel {masked(name)}: {_last(reason)}. "
                "Check how it is written in `channels:`"
            )
    if set(reasons) >= set(wanted):
        shown = " and ".join(masked(one) for one in wanted)
        return NoChannel(f"{shown}: {_last(next(iter(reasons.values())))}")
    name, reason = next(iter(reasons.items()))
    return Unreachable(f"the conda channel {masked(name)} does not answer ({_last(reason)})")


def failed(
    text: str,
    *,
    specs: Sequence[str],
    channels: Sequence[str],
    there: Sequence[str] = (),
    near: Mapping[str, Sequence[str]] | None = None,
) -> AmlError | NoChannel:
    """The error for what a solver or a client printed when it failed.

    `there` are packages that exist in other versions than were asked for, `near` are names like
    those that were not found.
    """
    where = " and ".join(masked(one) for one in channels)
    if _DISK_FULL.search(text):
        return StorageFailed("the disk is full, so the environment was not built")
    absent = _ABSENT.search(text)
    if absent:
        return Absent(_not_found(absent, where, there, near or {}, specs))
    conflict = _conflict(text, specs)
    if conflict:
        return Invalid(conflict)
    if _NO_CHANNEL.search(text):
        # An answer, too: what is misspelled must not be looked for anywhere else.
        return Invalid(
            f"there is no such conda channel among {where}: {_last(text)}. "
            "Check how it is written in `channels:`"
        )
    if _NO_ANSWER.search(text):
        return NoChannel(f"{where}: {_last(text)}")
    lines = [one.strip() for one in masked(text).splitlines() if one.strip()]
    return Invalid(f"the environment cannot be made: {lines[-1][:300] if lines else 'no reason'}")


def _not_found(
    absent: re.Match[str],
    where: str,
    there: Sequence[str],
    near: Mapping[str, Sequence[str]],
    specs: Sequence[str],
) -> str:
    name = next(one for one in absent.group("one", "two", "three", "four", "five") if one)
    name = re.split(r"[=<>!~\s]", name)[0]
    version = (absent["version"] or "").strip()
    if name in there:
        return f"there is no {name} {version} in {where}"
    other = [one for one in near.get(name, ()) if one != name]
    hint = f"; did you mean {' or '.join(map(repr, other))}?" if other else ""
    return f"there is no package {name!r} in {where}{hint}"


def _conflict(text: str, specs: Sequence[str]) -> str | None:
    needs = _needs(text)
    for who, what, version in needs:
        for other, thing, limit in needs:
            if thing == what and other != who:
                return (
                    f"{_plain(who)} needs {what}{version}, but {_plain(other)} needs {what}{limit}"
                )
    for who, what, version in needs:
        asked = [one for one in specs if re.match(rf"(\S+::)?{re.escape(what)}(?![\w.-])", one)]
        if asked:
            return f"{_plain(who)} needs {what}{version}, but {asked[0]} is required"
    if needs:
        who, what, version = needs[-1]
        return f"{_plain(who)} needs {what}{version}, which cannot be had"
    tops = list(dict.fromkeys(_TOP.findall(text)))
    if len(tops) > 1:
        return f"{tops[0]} and {tops[1]} cannot be had together"
    return None


def _needs(text: str) -> list[tuple[str, str, str]]:
    """Who needs which package in which version, in the order of the solver's account."""
    found: list[tuple[str, str, str]] = []
    who = ""
    for line in text.splitlines():
        would = _WOULD.search(line)
        if would:
            who = would[1]
            continue
        needs = _NEEDS.search(line)
        if needs and who:
            found.append((who, needs[1], _joined(needs[2])))
    for who, name, version in _PACKAGE_NEEDS.findall(text):
        found.append((who, name, _joined(version)))
    return list(dict.fromkeys(found))


def _joined(version: str) -> str:
    version = version.strip().removesuffix(" *")
    return f" {version}" if version[:1].isalnum() else version


def _plain(package: str) -> str:
    """A package without the star for any build, and of many versions the first."""
    first, more, _ = package.partition(" | ")
    return re.sub(r"( =?\*)+\Z", "", first) + (" and others" if more else "")


def _last(text: str) -> str:
    """The innermost cause of an account, without its numbers."""
    lines = [one.strip() for one in masked(text).splitlines() if one.strip()]
    last = re.sub(r"^Caused by: ", "", lines[-1]) if lines else "no answer"
    return re.sub(r" \(os error \d+\)", "", last)[:200]
