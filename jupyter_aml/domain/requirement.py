"""Lines of requirements: what they name, which of them speak of one package, how they merge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_FORM = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?P<rest>(?:[(<>=!~@;].*)?)\Z"
)
_COMMENT = re.compile(r"(^|\s+)#.*\Z")
_TOKEN = re.compile(r"'[^']*'|[\w.]+|[<>=!~]+|\S")
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A package that is asked for, as it was written."""

    name: str
    extras: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    url: str = ""
    marker: str = ""

    @property
    def key(self) -> str:
        """The name as the index has it: `Scikit_Learn` and `scikit-learn` are one."""
        return normalised(self.name)

    @property
    def condition(self) -> str:
        """The marker, however it is spaced and quoted."""
        return " ".join(_TOKEN.findall(self.marker.replace('"', "'")))

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        url = f" @ {self.url}" if self.url else ""
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.name}{extras}{','.join(self.versions)}{url}{marker}"


def normalised(name: str) -> str:
    """A name as PEP 503 spells it."""
    return _SEPARATORS.sub("-", name).lower()


def read(line: str) -> Requirement | None:
    """The requirement in a line; None for an option, a URL or a path, which name no package."""
    found = _FORM.match(line.strip())
    if found is None:
        return None
    rest, url = found["rest"], ""
    if rest.startswith("@"):
        # In a URL a semicolon is a letter as others are, until a blank comes before it.
        url, _, marker = (part.strip() for part in rest[1:].partition(" ;"))
        rest = ""
    else:
        rest, _, marker = (part.strip() for part in rest.partition(";"))
    return Requirement(
        name=found["name"],
        extras=_parts(found["extras"] or ""),
        versions=_parts(rest.removeprefix("(").removesuffix(")")),
        url=url,
        marker=marker,
    )


def merged(lines: Iterable[str]) -> list[str]:
    """The lines, those of one package and one condition joined: `a>=1` and `a<2` are `a>=1,<2`."""
    kept: dict[object, str | Requirement] = {}
    for line in lines:
        asked = read(line)
        if asked is None:
            kept[line.strip()] = line.strip()
            continue
        place = (asked.key, asked.url, asked.condition)
        earlier = kept.get(place)
        kept[place] = _joined(earlier, asked) if isinstance(earlier, Requirement) else asked
    return [str(each) for each in kept.values()]


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a requirements file as pip reads them: continued ones joined, no comments."""
    lines: list[str] = []
    begun = ""
    for line in text.removeprefix("\ufeff").splitlines():
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            begun += line.removesuffix("\\")
            continue
        # A comment ends a line that goes on, and is none of its letters.
        lines.append(begun if is_comment else begun + line)
        begun = ""
    kept = (_COMMENT.sub("", line).strip() for line in (*lines, begun))
    return tuple(line for line in kept if line)


def _joined(one: Requirement, other: Requirement) -> Requirement:
    known = {normalised(extra) for extra in one.extras}
    extras = (extra for extra in other.extras if normalised(extra) not in known)
    return replace(
        one,
        extras=(*one.extras, *extras),
        versions=tuple(dict.fromkeys((*one.versions, *other.versions))),
    )


def _parts(text: str) -> tuple[str, ...]:
    parts = ("".join(part.split()) for part in text.split(","))
    return tuple(part for part in parts if part)
