"""How two sets of packages differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jupyter_aml.domain import requirement
from jupyter_aml.domain.environment import Conda, package_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the second set has that the first has not, the other way round, and otherwise."""

    added: Mapping[str, str]
    removed: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def lines(self) -> Iterator[str]:
        """One line for each package, as a patch would mark it, by name."""
        for name in sorted({*self.added, *self.removed, *self.changed}):
            if name in self.changed:
                before, after = self.changed[name]
                yield f"~ {name} {before or 'any'} -> {after or 'any'}"
            elif name in self.added:
                yield f"+ {name} {self.added[name]}".rstrip()
            else:
                yield f"- {name} {self.removed[name]}".rstrip()


def between(before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    """Compare two mappings from packages to versions; spellings of one name are the same."""
    old, new = _plain(before), _plain(after)
    return Difference(
        added={name: new[name] for name in new if name not in old},
        removed={name: old[name] for name in old if name not in new},
        changed={
            name: (old[name], new[name]) for name in old if name in new and old[name] != new[name]
        },
    )


def wished(conda: Conda) -> dict[str, str]:
    """What a specification asks of each package that it names, Python included."""
    named = {} if conda.python is None else {"python": conda.python}
    for package in conda.packages:
        name = package_name(package)
        named[name] = package.rpartition("::")[2].strip()[len(name) :].strip()
    for line in requirement.merged(conda.pip):
        asked = requirement.read(line)
        name = line if asked is None else asked.key
        wish = "" if asked is None else line[len(asked.name) :].strip()
        # Two lines of one package hold under different conditions.
        named[name] = f"{named[name]}, {wish}" if named.get(name) else wish
    return named


def _plain(packages: Mapping[str, str]) -> dict[str, str]:
    return {requirement.normalised(name): version for name, version in packages.items()}
