"""What of a folder is not sent: ignore files in git's syntax, secrets, leavings of tools."""

from __future__ import annotations

import os
import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from jupyter_aml.domain.errors import Invalid

AML_IGNORE = ".amlignore"
GIT_IGNORE = ".gitignore"
_MEMORY = 50_000
_BETWEEN_STARS = re.compile(
    r"\[\^/\]\*((?:\\.|[^\\/()\[\]{}*+?|.^$]|\[(?:\^/|[^\]^/]+)\](?!\*))+)"
    r"(?=\[\^/\]\*)"
)
_TRAILING = re.compile(r"(?<!\\)[ \r]+$")


class Verdict(Enum):
    """Why something is sent or not."""

    SENT = "sent"
    IGNORED = "ignored"
    SECRET = "secret"
    CLUTTER = "clutter"
    REPOSITORY = "repository"
    """`.git`: as git itself, `.gitignore` has no say in it."""


_SECRET_FILES = re.compile(
    r"""\.env | \.env\.(?!example$|sample$|template$|dist$).*
    | .*\.(pem|key|p12|pfx|ppk) | id_(rsa|dsa|ecdsa|ed25519).*
    | \.netrc | \.pypirc | \.git-credentials | \.aws | \.azure | \.ssh | \.gnupg""",
    re.VERBOSE,
)
_CLUTTER = frozenset({
    ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", "node_modules",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".DS_Store",
})  # fmt: skip


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    ignores: bool
    only_folders: bool
    names_something: bool
    """Whether its last part has a letter or a digit: `!*` never brings a secret back."""


class IgnoreFile:
    """One ignore file; `base` is the folder it stands in, relative, '' or ending with '/'.

    One of a folder above what is sent has no base; `inside` is the way down from there.
    """

    def __init__(self, base: str, text: str, *, name: str, inside: str = "") -> None:
        self._base, self._inside = len(base), inside
        self._patterns = _compiled(text)
        self._brings_back_secrets = name == AML_IGNORE
        self._memory: dict[str, Verdict | None] = {}

    def verdict(self, path: str, *, default: Verdict) -> Verdict | None:
        """What this file says of a path (a folder ends with '/'); None where it says nothing.

        What is left out by default is brought back only by a pattern that names it.
        """
        if default is not Verdict.SENT:
            return self._judge(self._inside + path[self._base :], default=default)
        try:
            return self._memory[path]
        except KeyError:
            if len(self._memory) > _MEMORY:
                self._memory.clear()
            name = self._inside + path[self._base :]
            said = self._memory[path] = self._judge(name, default=default)
            return said

    def parts_above(self) -> list[Verdict | None]:
        """What this file says of each folder on the way down to what is sent."""
        parts = self._inside.rstrip("/").split("/")
        ways = ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
        return [self._judge(way, default=Verdict.SENT) for way in ways]

    def _judge(self, path: str, *, default: Verdict) -> Verdict | None:
        name = path.removesuffix("/")
        for pattern in self._patterns:
            if pattern.only_folders and not path.endswith("/"):
                continue
            found = pattern.regex.search(name)
            if not found or not _is_whole(found):
                continue
            if pattern.ignores:
                return Verdict.IGNORED
            if default is Verdict.SENT:
                return Verdict.SENT
            may = default is Verdict.CLUTTER or self._brings_back_secrets
            return Verdict.SENT if may and pattern.names_something else None
        return None


@lru_cache(maxsize=64)
def ignore_file(base: str, text: str, name: str, inside: str) -> IgnoreFile:
    """The same rules again for the same text, so that they remember what they said."""
    return IgnoreFile(base, text, name=name, inside=inside)


def folders_above(top: str) -> list[str]:
    """The folders above this one in its git repository, the nearest first; none outside of one."""
    found: list[str] = []
    folder = top
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return []
        folder = parent
        found.append(folder)
    return found


def rules_above(top: str, only: str | None) -> tuple[IgnoreFile, ...]:
    """The rules of the repository's folders above the one that is sent, as git heeds them.

    Where they leave out that very folder they are passed over: whoever sends it means it.
    """
    found: list[IgnoreFile] = []
    for folder in folders_above(top):
        inside = f"{os.path.relpath(top, folder)}/"
        rules = read_ignore_file(folder, "", names_in(folder), only, inside)
        if rules is not None:
            found.append(rules)
    parts = [each.parts_above() for each in found]
    return () if any(Verdict.IGNORED in said for said in parts) else tuple(found)


def names_in(folder: str) -> frozenset[str]:
    """Which ignore files stand in the folder."""
    return frozenset(
        name for name in (AML_IGNORE, GIT_IGNORE) if os.path.lexists(f"{folder}/{name}")
    )


def read_ignore_file(
    folder: str, base: str, names: frozenset[str], only: str | None, inside: str = ""
) -> IgnoreFile | None:
    """The rules that stand in a folder with these entries: `.amlignore`, else `.gitignore`."""
    for name in (AML_IGNORE, GIT_IGNORE) if only is None else (only,):
        if name not in names:
            continue
        try:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue  # A folder, or a pipe that would be waited for.
            with open(path, encoding="utf-8-sig", errors="replace") as file:
                return ignore_file(base, file.read(), name, inside)
        except OSError as error:
            raise Invalid(f"cannot read {os.path.join(folder, name)}: {error.strerror}") from error
    return None


def default_verdict(name: str, folder: str | None) -> Verdict:
    """What is said of a name where no ignore file says anything; `folder` is its path if it is one.

    A folder is a virtual environment by what it holds, not by what it is called.
    """
    if name == ".git":
        return Verdict.REPOSITORY
    if name in _CLUTTER or (folder is not None and is_environment(folder)):
        return Verdict.CLUTTER
    return Verdict.SECRET if is_secret(name) else Verdict.SENT


def is_environment(folder: str) -> bool:
    """Whether the folder is a virtual environment of venv, virtualenv or conda."""
    return os.path.exists(f"{folder}/pyvenv.cfg") or os.path.isdir(f"{folder}/conda-meta")


@lru_cache(maxsize=20_000)
def is_secret(name: str) -> bool:
    """Whether a file or folder of this name most likely holds keys or passwords."""
    return _SECRET_FILES.fullmatch(name) is not None


@lru_cache(maxsize=64)
def _compiled(text: str) -> tuple[_Pattern, ...]:
    """The patterns of an ignore file, the last first, for the last that fits decides."""
    patterns = []
    for raw in text.split("\n"):
        line = _TRAILING.sub("", raw)
        only_folders = line.endswith("/")
        try:
            made = GitIgnoreSpec.from_lines([line.removesuffix("/")]).patterns
        except ValueError:
            continue  # git passes over what is no pattern, too
        for pattern in made:
            regex, ignores = getattr(pattern, "regex", None), pattern.include
            if regex is None or ignores is None:
                continue
            named = any(letter.isalnum() for letter in line.rstrip("/").rpartition("/")[2])
            patterns.append(_Pattern(_quick(regex), ignores, only_folders, named))
    return tuple(reversed(patterns))


def _quick(regex: re.Pattern[str]) -> re.Pattern[str]:
    """The same pattern without the choices that make `*a*a*a*b` take for ever on a long name.

    What stands between two stars may be taken where it is first found: the second star makes up
    for whatever comes then.
    """
    return re.compile(_BETWEEN_STARS.sub(r"(?>[^/]*?\1)", regex.pattern), regex.flags)


def _is_whole(found: re.Match[str]) -> bool:
    """Whether the path itself fits, and not only a folder above it (which was judged before)."""
    return "ps_d" not in found.re.groupindex or found.group("ps_d") is None
