"""Environments with conda packages: by the user's own client, else by py-rattler."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sysconfig
import time
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from jupyter_aml.domain import environment
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.environments import requirements, strictness, wishes
from jupyter_aml.environments.cache import Cache, Site
from jupyter_aml.environments.conda import client as conda_client
from jupyter_aml.environments.conda import names, pip_section, prefix, rattler, specs
from jupyter_aml.environments.conda import packages as conda_packages
from jupyter_aml.environments.conda.causes import NoChannel
from jupyter_aml.environments.conda.giving_way import choose
from jupyter_aml.environments.conda.solver import Package, Solver
from jupyter_aml.environments.protocol import Build, EnvironmentBuilder, Kind, Materialised, Wish

_HOW_TO = (
    "install micromamba, mamba or conda, or add py-rattler beside the server: "
    "pip install 'jupyter-aml[conda]'"
)


class CondaBuilder:
    """Builds what has conda packages, or hands it on in pip's words where no channel answers."""

    def __init__(
        self,
        cache: Cache,
        *,
        client: str | None = None,
        channels: tuple[str, ...] = (),
        fallback: Literal["pip", "refuse"] = "pip",
        pip_fallback: EnvironmentBuilder,
        strict: bool = False,
        allow_sources: bool = False,
    ) -> None:
        """`client` is a program, or `py-rattler` to look for none; `channels` are the default."""
        self._cache, self._client, self._fallback = cache, client, fallback
        self._channels = channels or (specs.DEFAULT_CHANNEL,)
        self._pip_fallback = pip_fallback
        self._strict, self._allow_sources = strict, allow_sources
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @property
    def kind(self) -> Kind:
        """What it builds."""
        return "conda"

    def accepts(self, wish: Wish) -> bool:
        """A wish with conda packages, directly on the target."""
        definition = wish.definition
        return bool(definition.conda.packages) and not (
            definition.is_user_managed
            or definition.wants_docker
            or definition.base_conda_environment
        )

    async def discard(self, environment: Materialised) -> None:
        """Remove an environment from the cache."""
        await self._cache.remove(environment.key)

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the environment; what an earlier call chose for the same wish is kept to."""
        known = await asyncio.to_thread(self._cache.met, wish)
        if known is not None:
            return known
        lock = self._locks.setdefault(wish.digest, asyncio.Lock())
        # Whoever waits here finds it built, and has spared the machine a solver.
        async with lock:
            known = await asyncio.to_thread(self._cache.met, wish)
            return known or await self._made(wish, build)

    async def _made(self, wish: Wish, build: Build) -> Materialised:
        conda = wish.definition.conda
        named = specs.check(conda, own=self._channels, allow_sources=self._allow_sources)
        channels = named or self._channels
        wanted = requirements.check((*conda.pip, *wish.extras), allow_sources=self._allow_sources)
        asked = wishes.satisfied(wanted)
        try:
            async with self._solver(build) as solver:
                build.log(f"solving by {solver.name}\n")
                build.say("solving")
                packages, given_way = await choose(solver, channels, conda)
                warnings = (*given_way, *asked.warnings)
                strictness.check(warnings, strict=self._strict)
                # What the index has for pip lines is known only once they are installed.
                torch = wish.definition.torch_backend or ""
                lines = (*asked.kept, *asked.brought)
                salt = str(time.time_ns()) if wish.again and lines else ""
                key = _key(packages, lines, torch + salt)
                async with self._cache.building(key) as site:
                    if site is not None:
                        await self._install(site, key, solver, packages, asked, wish, build)
        except NoChannel as silent:
            return await self._by_pip(wish, str(silent), build)
        return await asyncio.to_thread(self._taken, wish, key, warnings)

    @contextlib.asynccontextmanager
    async def _solver(self, build: Build) -> AsyncIterator[Solver]:
        program = await asyncio.to_thread(conda_client.find, self._client)
        if program is not None:
            yield conda_client.Client(program, build)
        elif rattler.is_here():
            async with rattler.started(conda_packages.folder(self._cache), build) as child:
                yield child
        else:
            raise NoChannel(f"there is no conda client and no py-rattler: {_HOW_TO}")

    def _taken(self, wish: Wish, key: str, warnings: tuple[str, ...]) -> Materialised:
        entry = self._cache.entry(key)
        told = () if entry is None else entry.environment.warnings
        built = self._cache.take(wish, key, (*warnings, *told))
        if built is None:
            raise Invalid(f"the environment {key} vanished while it was built: build it again")
        return built

    async def _install(
        self,
        site: Site,
        key: str,
        solver: Solver,
        packages: Sequence[Package],
        asked: wishes.Satisfied,
        wish: Wish,
        build: Build,
    ) -> None:
        home = site.home.absolute()
        build.log("".join(f"  {one.name}={one.version}\n" for one in packages))
        build.say(f"installing: 0 of {len(packages)} packages")
        await solver.install(home)
        there = await asyncio.to_thread(prefix.packages, home)
        interpreter = prefix.interpreter(home)
        if not interpreter.exists():
            raise Invalid("the conda environment has no bin/python although it asked for python")
        added, replaced = await pip_section.add(
            site, asked, there, wish, strict=self._strict, build=build
        )
        with _storage(home):
            await asyncio.to_thread(prefix.close, home)
        variables, untold = await asyncio.to_thread(prefix.variables, home)
        not_run = await asyncio.to_thread(prefix.scripts_not_run, home)
        environment = Materialised(
            kind="conda",
            interpreter=str(interpreter),
            key=key,
            variables=variables,
            lock=_lock(there, added),
            size=await asyncio.to_thread(prefix.size, home),
            warnings=(*replaced, *([untold] if untold else []), *_told(not_run, solver)),
        )
        await asyncio.to_thread(self._cache.finish, site, environment)

    async def _by_pip(self, wish: Wish, reason: str, build: Build) -> Materialised:
        """Hand the wish on in pip's words, or say why not."""
        if self._fallback == "refuse" or self._strict:
            why = "conda_fallback is refuse" if self._fallback == "refuse" else "strict is set"
            raise Invalid(f"conda channels cannot be reached ({reason}), and {why}")
        conda = wish.definition.conda
        told = names.translate(conda)
        warnings = (
            f"conda channels cannot be reached ({reason}), "
            "so the packages come from the Python index",
            *told.warnings,
        )
        for line in warnings:
            build.log(f"{line}\n")
        build.say("conda channels cannot be reached: taking the packages from the Python index")
        data = wish.definition.to_json()
        python = f"python {conda.python}" if conda.python else "python"
        data["python"]["condaDependencies"] = {
            "dependencies": [python, {"pip": list(told.pip)}] if told.pip else [python]
        }
        translated = replace(wish, definition=environment.read(data))
        try:
            built = await self._pip_fallback.ensure(translated, build=build)
        except Invalid as error:
            raise Invalid(f"{error} (asked since no conda channel answers: {reason})") from error
        every = (*warnings, *built.warnings)
        kept = await asyncio.to_thread(self._cache.take, wish, built.key, every)
        return kept or replace(built, warnings=every)


def _told(not_run: Sequence[str], solver: Solver) -> tuple[str, ...]:
    """Warnings for scripts that py-rattler was told not to run."""
    if solver.name != conda_client.RATTLER:
        return ()
    return tuple(
        f"the script that {one} brings for its installation was not run" for one in not_run
    )


def _lock(there: Sequence[Package], added: dict[str, str]) -> str:
    lines = sorted(specs.masked(one.line) for one in there)
    if added:
        lines += ["# pip", *sorted(f"{name}=={version}" for name, version in added.items())]
    return "\n".join(lines) + "\n"


def _key(packages: Sequence[Package], pip: Sequence[str], salt: str) -> str:
    lines = sorted(one.line for one in packages)
    parts = ("\n".join(lines), "\n".join(sorted(pip)), sysconfig.get_platform(), salt, "1")
    return "conda-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@contextlib.contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
