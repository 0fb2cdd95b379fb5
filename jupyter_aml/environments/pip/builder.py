"""Environments of Python packages alone: resolved and installed by uv, files linked not copied."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import platform
import re
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

from packaging.version import Version

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import causes, pythons, requirements, strictness, wishes
from jupyter_aml.environments.cache import Cache, Site, disk_use
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.resolving import Resolved, Resolver, versions
from jupyter_aml.environments.protocol import Build, Kind, Materialised, Wish
from jupyter_aml.shim.sealing import seal

_LOOK = 0.2
_DOWNLOADING = re.compile(r"\s*Downloading (\S+) \(([\d.]+)([KMG])iB\)")
_UNITS = {"K": 1 / 1024, "M": 1.0, "G": 1024.0}


class PipBuilder:
    """Builds what has no conda packages: a Python and what its index has."""

    def __init__(self, cache: Cache, *, strict: bool = False, allow_sources: bool = False) -> None:
        self._cache, self._strict, self._allow_sources = cache, strict, allow_sources

    @property
    def kind(self) -> Kind:
        """What it builds."""
        return "pip"

    def accepts(self, wish: Wish) -> bool:
        """A wish for Python packages alone, directly on the target."""
        definition = wish.definition
        return not (
            definition.is_user_managed
            or definition.wants_docker
            or definition.base_conda_environment
            or definition.conda.packages
        )

    async def discard(self, environment: Materialised) -> None:
        """Remove an environment from the cache."""
        await self._cache.remove(environment.key)

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the environment; what an earlier call locked for the same wish is kept to."""
        known = await asyncio.to_thread(self._cache.met, wish)
        if known is not None:
            return known
        wanted = requirements.check(
            (*wish.definition.conda.pip, *wish.extras), allow_sources=self._allow_sources
        )
        asked = wishes.satisfied(wanted)
        version, python, other = await self._python(wish)
        warnings = (*([other] if other else []), *asked.warnings)
        strictness.check(warnings, strict=self._strict)
        try:
            return await self._resolved(wish, asked, python, version, warnings, wish.again, build)
        except causes.Gone as gone:
            # What is remembered of the index may be older than the index.
            if wish.again:
                raise
            build.log(f"{gone}: asking it again\n")
            return await self._resolved(wish, asked, python, version, warnings, True, build)

    async def _resolved(
        self,
        wish: Wish,
        asked: wishes.Satisfied,
        python: str,
        version: Version,
        warnings: tuple[str, ...],
        fresh: bool,
        build: Build,
    ) -> Materialised:
        resolver = Resolver(
            python,
            version,
            strict=self._strict,
            build=build,
            fresh=fresh,
            torch=wish.definition.torch_backend,
        )
        age = wishes.of_old_times(wish.definition.conda.python, version, asked.kept)
        resolved = await resolver.resolve(asked.kept, brought=asked.brought, age=age)
        key = _key(resolved.text, version, python)
        every = (*warnings, *resolved.warnings)
        async with self._cache.building(key) as site:
            if site is not None:
                await self._install(site, key, python, version, resolved, build)
        built = await asyncio.to_thread(self._cache.take, wish, key, every)
        if built is None:
            raise Invalid(f"the environment {key} vanished while it was built: build it again")
        return built

    async def _python(self, wish: Wish) -> tuple[Version, str, str | None]:
        wanted = wish.definition.conda.python
        # Looking for the other interpreters takes a while, and most wishes name none.
        there = await asyncio.to_thread(pythons.found) if wanted else pythons.own()
        version, warning = wishes.nearest_python(wanted, list(there))
        return version, there[version], warning

    async def _install(
        self,
        site: Site,
        key: str,
        python: str,
        version: Version,
        resolved: Resolved,
        build: Build,
    ) -> None:
        wanted = resolved.versions
        lock = site.folder / "lock.txt"
        await asyncio.to_thread(lock.write_text, resolved.text, encoding="utf-8")
        made = await uv.run(
            "venv", "--relocatable", "--python", python, str(site.home), build=build
        )
        if made.code != 0:
            raise causes.failed(made.err, python=str(version), asked=(), known=())
        interpreter = site.home / "bin" / "python"
        if wanted:
            async with _progress(site.home, len(wanted), build) as hear:
                done = await uv.run(
                    "pip", "sync", resolved.hashing, "--python", str(interpreter),
                    *resolved.options, str(lock), build=build, hear=hear,
                )  # fmt: skip
            if done.code != 0:
                raise causes.failed(done.err, python=str(version), asked=wanted, known=wanted)
        await asyncio.to_thread(seal, site.home, has_pip="pip" in wanted)
        environment = Materialised(
            kind="pip",
            interpreter=str(interpreter),
            key=key,
            variables={"VIRTUAL_ENV": str(site.home)},
            lock=resolved.text,
            size=await asyncio.to_thread(disk_use, site.home),
        )
        await asyncio.to_thread(self._cache.finish, site, environment)


@contextlib.asynccontextmanager
async def _progress(home: Path, count: int, build: Build) -> AsyncIterator[_Downloads]:
    """Say how far the installation is while the body runs; yields what hears uv."""
    downloads = _Downloads()

    async def look() -> None:
        while True:
            there = len(list(home.glob("lib/python*/site-packages/*.dist-info")))
            build.say(f"installing: {there} of {count} packages{downloads}")
            await asyncio.sleep(_LOOK)

    looking = asyncio.create_task(look())
    try:
        yield downloads
    finally:
        looking.cancel()


class _Downloads:
    """Adds up what uv says that it downloads."""

    def __init__(self) -> None:
        self._megabytes = 0.0

    def __call__(self, line: str) -> None:
        found = _DOWNLOADING.match(line)
        if found:
            self._megabytes += float(found[2]) * _UNITS[found[3]]

    def __str__(self) -> str:
        return f", {self._megabytes:.0f} MB" if self._megabytes else ""


def _key(lock: str, version: Version, python: str) -> str:
    parts = (lock, str(version), python, sysconfig.get_platform(), *platform.libc_ver(), "1")
    return "pip-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def packages(lock: str) -> dict[str, str]:
    """Name and version of each package in a lock of this builder."""
    return versions(lock)
