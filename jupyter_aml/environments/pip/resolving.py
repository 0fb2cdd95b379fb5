"""From requirements to a lock with hashes, giving way where an old wish cannot be had."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from jupyter_aml.domain.errors import AmlError, Invalid, Unreachable
from jupyter_aml.environments import causes, requirements, strictness, wishes
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.torch_builds import given_up
from jupyter_aml.environments.protocol import Build
from jupyter_aml.environments.wishes import Age

_OLD_PYTHONS = ("3.8", "3.6")
"""A package that has wheels for one of these alone was given up by its new versions' Python."""

_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s\\;]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A lock: exact versions with hashes, as uv writes it."""

    text: str
    warnings: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Where else than the index its packages come from: uv must be told so again to install."""

    @property
    def versions(self) -> dict[str, str]:
        """Name and version of each package."""
        return versions(self.text)

    @property
    def hashing(self) -> str:
        """uv's option for the hashes: of packages in a folder or at a URL it knows none."""
        lines = self.text.replace("\\\n", "").splitlines()
        is_whole = all("--hash=" in line for line in lines if line and line[0] != "#")
        return "--require-hashes" if is_whole else "--verify-hashes"


def versions(lock: str) -> dict[str, str]:
    """Name and version of each package in a lock."""
    return {name.lower(): version for name, version in _LOCKED.findall(lock)}


class Resolver:
    """Resolves for one interpreter."""

    def __init__(
        self,
        python: str,
        version: Version,
        *,
        strict: bool,
        build: Build,
        fresh: bool = False,
        platform: str | None = None,
        torch: str | None = None,
    ) -> None:
        """`platform` is that of another machine or image, for which nothing can be built here.

        `torch` says which builds of torch are wanted, where not those of the index.
        """
        self._python, self._version = python, version
        self._strict, self._build = strict, build
        self._fresh = ("--refresh",) if fresh else ()
        self._platform, self._torch = platform, torch
        self._sources: tuple[str, ...] = ()
        self._previews: tuple[str, ...] = ()
        self._brought: tuple[str, ...] = ()
        self._age = Age()

    async def resolve(
        self, asked: Sequence[str], *, brought: Sequence[str] = (), age: Age | None = None
    ) -> Resolved:
        """Return the lock of these checked requirements.

        Wheels are preferred; where there are none a package may be built from its source, but
        not one that has wheels for older Pythons: of that the nearest version is taken. What is
        `brought`, and the limits of an `age`, nobody has asked for: they give way first.
        """
        self._previews = requirements.previews(asked)
        asked, self._sources = requirements.apart(asked)
        self._brought, self._age = tuple(brought), age or Age()
        if not asked and not brought:
            return Resolved("")
        count = len(asked) + len(brought)
        self._build.say(f"resolving {count} requirement{'s' * (count > 1)}")
        warnings: list[str] = []
        wheels_only, wanted = True, list(asked)
        for _ in range(len(asked) + 7):
            everything = [*wanted, *self._brought]
            answer = await self._compile(everything, wheels_only=wheels_only, age=self._age)
            if answer.code == 0:
                warnings += self._age.told(versions(answer.out))
                return await self._beside_numpy(
                    asked, everything, answer.out, wheels_only, warnings
                )
            error = causes.failed(answer.err, python=str(self._version), asked=wanted, known=())
            if isinstance(error, Unreachable) and self._torch is not None:
                warnings.append(given_up(self._torch, error, strict=self._strict))
                self._torch = None
                continue
            if isinstance(error, Unreachable) or answer.code == 2:
                raise _syntax(answer.err) or error
            changed, notes, builds = await self._give_way(wanted, answer.err)
            if changed == wanted and not (wheels_only and builds):
                if await self._spares(warnings):
                    continue
                if not wheels_only or self._platform:
                    raise error
                builds = True
            if builds and self._platform:
                raise error
            warnings += notes
            wanted, wheels_only = changed, wheels_only and not builds
        raise Invalid("the requirements cannot be met together; the build log says why")

    async def _spares(self, warnings: list[str]) -> bool:
        """Let go of what nobody asked for; False where there is nothing of it any more."""
        if self._age.limits:
            self._age = Age()
            return True
        if not self._brought:
            return False
        alone = await asyncio.gather(*(self._is_there(one) for one in self._brought))
        gone = [one for one, there in zip(self._brought, alone, strict=True) if not there]
        gone = gone or [*self._brought]
        told = wishes.not_brought(gone)
        strictness.check([told], strict=self._strict)
        warnings.append(told)
        self._brought = tuple(one for one in self._brought if one not in gone)
        return True

    async def _is_there(self, library: str) -> bool:
        answer = await self._compile([library], wheels_only=True, deps=False, logged=False)
        return answer.code == 0

    @property
    def _options(self) -> tuple[str, ...]:
        backend = () if self._torch is None else ("--torch-backend", self._torch)
        return (*self._sources, *backend)

    async def _give_way(self, wanted: list[str], told: str) -> tuple[list[str], list[str], bool]:
        """Find which of the requirements cannot be met by themselves, and what is nearest to each.

        Returns the requirements, what to warn of, and whether packages must be built from source.
        """
        suspects = [
            (place, one)
            for place, line in enumerate(wanted)
            if (one := requirements.named(line)) is not None
            and one.specifier
            and re.search(rf"(?<![\w.-]){re.escape(one.name)}(?![\w-])", told, re.IGNORECASE)
        ]
        outcomes = await asyncio.gather(*(self._nearest(one) for _, one in suspects))
        changed, warnings, builds = list(wanted), [], False
        for (place, one), (nearest, builds_it) in zip(suspects, outcomes, strict=True):
            builds |= builds_it
            if nearest is None:
                continue
            changed[place] = nearest
            told_so = f"{one} cannot be had for Python {self._minor}: {nearest} is taken"
            strictness.check([told_so], strict=self._strict)
            warnings.append(told_so)
        return changed, warnings, builds

    async def _nearest(self, one: Requirement) -> tuple[str | None, bool]:
        """What to take in place of a requirement, and whether it must be built from its source."""
        alone = await self._compile([str(one)], wheels_only=True, deps=False, logged=False)
        if alone.code == 0:
            return None, False
        is_old = False
        for python in _OLD_PYTHONS:
            extra = ("--python-version", python)
            older = await self._compile(
                [str(one)], wheels_only=True, deps=False, logged=False, extra=extra
            )
            is_old |= older.code == 0
        if not is_old:
            return None, "no usable wheels" in alone.err
        aims = [Version(spec.version.removesuffix(".*")) for spec in one.specifier]
        bare = f"{one.name}{'[' + ','.join(sorted(one.extras)) + ']' if one.extras else ''}"
        lowest = await self._compile(
            [f"{bare}>={max(aims)}"],
            wheels_only=True,
            deps=False,
            logged=False,
            extra=("--resolution", "lowest-direct"),
        )
        found = versions(lowest.out).get(requirements.key(one)) if lowest.code == 0 else None
        return (f"{bare}=={found}" if found else bare), False

    async def _beside_numpy(
        self,
        asked: Sequence[str],
        wanted: list[str],
        lock: str,
        wheels_only: bool,
        warnings: list[str],
    ) -> Resolved:
        """Keep numpy below 2 beside packages that are older than it, where that can be."""
        limit = wishes.numpy_limit(asked, versions(lock))
        if limit is not None:
            older = await self._compile([*wanted, *limit[0]], wheels_only=wheels_only)
            if older.code == 0:
                lock = older.out
                warnings.append(limit[1])
        return Resolved(lock, tuple(warnings), self._options)

    async def _compile(
        self,
        wanted: Sequence[str],
        *,
        wheels_only: bool,
        deps: bool = True,
        logged: bool = True,
        extra: tuple[str, ...] = (),
        age: Age | None = None,
    ) -> uv.Answer:
        with tempfile.TemporaryDirectory(prefix="aml-lock-") as folder:
            file = Path(folder, "requirements.in")
            file.write_text("\n".join(wanted) + "\n", encoding="utf-8")
            limits = Path(folder, "limits.txt")
            limits.write_text("\n".join(age.lines if age else ()) + "\n", encoding="utf-8")
            bounds = ["--constraint", limits.name] if age and age.lines else []
            options = [*extra, *bounds, *(["--no-build"] if wheels_only else []),
                       *([] if deps else ["--no-deps"])]  # fmt: skip
            answer = await uv.run(
                "pip", "compile", file.name, "--quiet", "--generate-hashes", "--no-annotate",
                "--no-header", "--no-emit-index-url", "--no-emit-find-links",
                "--python", self._python, *self._fresh, *self._target(extra),
                *self._options, *self._previews, *options,
                build=self._build if logged else None, cwd=Path(folder),
            )  # fmt: skip
        if logged and answer.code == 0:
            names = "".join(f"  {name}=={one}\n" for name, one in versions(answer.out).items())
            self._build.log(f"resolved:\n{names}")
        return answer

    def _target(self, extra: tuple[str, ...]) -> tuple[str, ...]:
        if self._platform is None:
            return ()
        version = () if "--python-version" in extra else ("--python-version", str(self._version))
        return (*version, "--python-platform", self._platform)

    @property
    def _minor(self) -> str:
        return f"{self._version.major}.{self._version.minor}"


def _syntax(told: str) -> AmlError | None:
    if "Couldn't parse requirement" not in told:
        return None
    return Invalid(" ".join(told.split()))
