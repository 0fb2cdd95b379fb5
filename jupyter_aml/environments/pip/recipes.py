"""What pip is told to install on another machine: a lock that is resolved here, for that one."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass

from packaging.version import Version

from jupyter_aml.domain.compute import MachinePython
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import pythons, requirements, strictness, wishes
from jupyter_aml.environments.pip import settings
from jupyter_aml.environments.pip.platforms import platform
from jupyter_aml.environments.pip.resolving import Resolved, Resolver, versions
from jupyter_aml.environments.protocol import Build, Wish

_TORCH = "https://download.pytorch.org/whl/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """An environment as pip can build it."""

    key: str
    lock: str
    options: tuple[str, ...] = ()
    """Where its packages are, beside the index, in pip's words."""
    warnings: tuple[str, ...] = ()

    @property
    def packages(self) -> dict[str, str]:
        """Name and version of each package."""
        return versions(self.lock)

    @property
    def file(self) -> str:
        """The requirements file for pip, with the indexes of this machine."""
        resolved = Resolved(self.lock)
        is_hashed = resolved.hashing == "--require-hashes"
        lines = self.lock if is_hashed else _without_hashes(self.lock)
        head = [*_indexes(), *self.options, "--only-binary :all:"]
        return "\n".join([*head, lines, ""]) if self.packages or lines.strip() else ""


class Recipes:
    """Makes recipes of wishes for Python packages."""

    def __init__(self, *, strict: bool, allow_sources: bool) -> None:
        self._strict, self._allow_sources = strict, allow_sources

    async def of(self, wish: Wish, there: MachinePython, build: Build) -> Recipe:
        """Resolve a wish; raises Invalid where it cannot be met by packages alone."""
        definition, version = wish.definition, Version(there.version)
        wanted = requirements.check(
            (*definition.conda.pip, *wish.extras), allow_sources=self._allow_sources
        )
        asked = wishes.satisfied(wanted)
        _, other = wishes.nearest_python(definition.conda.python, [version], there.where)
        warnings = (*([other] if other else []), *asked.warnings)
        strictness.check(warnings, strict=self._strict)
        resolver = Resolver(
            next(iter(pythons.own().values())),
            version,
            strict=self._strict,
            build=build,
            fresh=wish.again,
            platform=platform(there.machine, there.glibc, there.system),
            torch=definition.torch_backend,
        )
        age = wishes.of_old_times(definition.conda.python, version, asked.kept)
        resolved = await resolver.resolve(asked.kept, brought=asked.brought, age=age)
        return Recipe(
            key=_key(resolved.text, there),
            lock=resolved.text,
            options=_of_pip(resolved.options),
            warnings=(*warnings, *resolved.warnings),
        )


def _key(lock: str, there: MachinePython) -> str:
    parts = (lock, there.version, there.path, there.system, there.machine, there.glibc, "1")
    return "pip-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _of_pip(options: tuple[str, ...]) -> tuple[str, ...]:
    """Options of uv that say where packages are, each as a line of a requirements file."""
    lines = []
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name != "--torch-backend":
            lines.append(f"{name} {value}")
        elif value == "auto":
            raise Invalid(
                "torch builds 'auto' cannot be told for another machine: name them (cpu, cu126)"
            )
        else:
            lines.append(f"--extra-index-url {_TORCH}{value}")
    return tuple(lines)


def _indexes() -> list[str]:
    """Where packages of this machine come from, as uv was told or else pip."""
    first = _named("UV_DEFAULT_INDEX", "UV_INDEX_URL") or settings.told("index-url")
    more = _named("UV_INDEX", "UV_EXTRA_INDEX_URL") or settings.told("extra-index-url")
    links = _named("UV_FIND_LINKS") or settings.find_links()
    return [
        *(f"--index-url {url}" for url in first[:1]),
        *(f"--extra-index-url {url}" for url in more),
        *(f"--find-links {place}" for place in links),
    ]


def _named(*names: str) -> tuple[str, ...]:
    given = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return tuple(
        each.partition("=")[2] if _has_name(each) else each
        for each in re.split(r"[\s,]+", given)
        if each
    )


def _has_name(index: str) -> bool:
    """Whether an index is given as uv's `name=url`."""
    return "=" in index.partition("://")[0]


def _without_hashes(lock: str) -> str:
    return re.sub(r"\s+--hash=\S+", "", lock.replace("\\\n", " "))
