"""Environments that are docker images: the user's own, with the Python packages put on top.

Packages are resolved and unpacked on this machine, for the Python of the image, and copied into
it. So a build needs no network in a container, no certificates and no pip in the image.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from packaging.version import Version

from jupyter_aml.containers import connect
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import causes, pythons, requirements, strictness, wishes
from jupyter_aml.environments.cache import Cache, Site
from jupyter_aml.environments.conda import names as conda_names
from jupyter_aml.environments.docker import images
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.platforms import platform
from jupyter_aml.environments.pip.resolving import Resolved, Resolver
from jupyter_aml.environments.protocol import Build, Kind, Materialised, Wish

HOME = "/opt/aml/env"
"""Where the packages lie in the image."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The Python of an image."""

    path: str
    version: Version
    machine: str
    glibc: str

    @property
    def platform(self) -> str:
        """The image's platform as uv names it."""
        return platform(self.machine, self.glibc)


class DockerBuilder:
    """Makes an image of a base image or a Dockerfile and the Python section."""

    def __init__(
        self,
        cache: Cache,
        *,
        url: str | None = None,
        strict: bool = False,
        allow_sources: bool = False,
        conda_fallback: Literal["pip", "refuse"] = "pip",
    ) -> None:
        """`url` is the address of the engine; None for the one that the variables name.

        Conda packages of an image come from the Python index, or with `refuse` from nowhere.
        """
        self._cache, self._url, self._conda_fallback = cache, url, conda_fallback
        self._strict, self._allow_sources = strict, allow_sources
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @property
    def kind(self) -> Kind:
        """What it builds."""
        return "docker"

    def accepts(self, wish: Wish) -> bool:
        """A wish with docker enabled for an image or Dockerfile of the user's own."""
        return wish.definition.wants_docker

    async def discard(self, environment: Materialised) -> None:
        """Remove the image that was made, and its entry; an image of the user's own stays."""
        client = await asyncio.to_thread(connect, self._url)
        try:
            await asyncio.to_thread(images.remove, client, environment.image, environment.key)
        finally:
            client.close()
        await self._cache.remove(environment.key)

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the image, building it if needed.

        Raises Unreachable without an engine, and Invalid naming the image that cannot be had.
        """
        lock = self._locks.setdefault(wish.digest, asyncio.Lock())
        async with lock:
            client = await asyncio.to_thread(connect, self._url)
            try:
                known = await asyncio.to_thread(self._cache.met, wish)
                if known is not None:
                    if await asyncio.to_thread(images.has, client, known.image):
                        return known
                    # Somebody removed the image: its entry is not whole any more.
                    await self._cache.remove(known.key)
                return await self._made(client, wish, build)
            finally:
                # Also what ends a build in the engine when this call is cancelled.
                client.close()

    async def _made(self, client: Any, wish: Wish, build: Build) -> Materialised:
        definition = wish.definition
        base = await images.base(client, definition, build)
        inside = await asyncio.to_thread(look, client, base, definition)
        asked = self._asked(wish, inside)
        warnings = asked.warnings
        strictness.check(warnings, strict=self._strict)
        resolved = await self._resolved(asked, inside, wish, build)
        warnings += resolved.warnings
        key = _key(base, inside, resolved.text, definition)
        async with self._cache.building(key) as site:
            if site is not None:
                await self._finish(client, site, key, base, inside, resolved, definition, build)
        found = await asyncio.to_thread(self._cache.take, wish, key, warnings)
        if found is None:
            raise Invalid(f"the environment {key} vanished while it was built: build it again")
        return found

    def _asked(self, wish: Wish, inside: Inside) -> wishes.Satisfied:
        """The requirements that the image shall have on top."""
        definition = wish.definition
        if definition.is_user_managed:
            return wishes.Satisfied(wish.extras)
        if definition.conda.packages and self._conda_fallback == "refuse":
            raise Invalid(
                "conda packages of an image would come from the Python index, and conda_fallback "
                "is refuse: install them in the Dockerfile, or list them under `pip:`"
            )
        translated = conda_names.translate(definition.conda)
        checked = requirements.check(
            (*translated.pip, *wish.extras), allow_sources=self._allow_sources
        )
        asked = wishes.satisfied(checked)
        _, other = wishes.nearest_python(definition.conda.python, [inside.version])
        python = [f"python{definition.conda.python} is not in the image, which has Python "
                  f"{inside.version}"] if other else []  # fmt: skip
        return replace(asked, warnings=(*python, *translated.warnings, *asked.warnings))

    async def _resolved(
        self, asked: wishes.Satisfied, inside: Inside, wish: Wish, build: Build
    ) -> Resolved:
        resolver = Resolver(
            next(iter(pythons.own().values())),
            inside.version,
            strict=self._strict,
            build=build,
            fresh=wish.again,
            platform=inside.platform,
            torch=wish.definition.torch_backend,
        )
        age = wishes.of_old_times(wish.definition.conda.python, inside.version, asked.kept)
        return await resolver.resolve(asked.kept, brought=asked.brought, age=age)

    async def _finish(
        self,
        client: Any,
        site: Site,
        key: str,
        base: str,
        inside: Inside,
        resolved: Resolved,
        definition: Definition,
        build: Build,
    ) -> None:
        image, interpreter, variables, size = base, inside.path, {}, 0
        if resolved.text:
            await self._unpack(site, inside, resolved, build)
            shared = definition.is_user_managed
            await asyncio.to_thread(_lay_out, site.home, inside, shared=shared)
            build.say("copying the packages into the image")
            image = await images.with_packages(
                client, site.folder, base, tag=_tag(definition, key), home=HOME, build=build,
                labels={"aml.key": key, "aml.environment": definition.label},
            )  # fmt: skip
            interpreter = f"{HOME}/bin/python"
            variables = {"VIRTUAL_ENV": HOME}
            size = await asyncio.to_thread(images.size_above, client, image, base)
            await asyncio.to_thread(images.empty, site.home)
        elif images.is_made(definition):
            await asyncio.to_thread(images.name, client, image, _tag(definition, key))
        environment = Materialised(
            kind="docker", interpreter=interpreter, key=key, image=image, variables=variables,
            lock=resolved.text, size=size,
        )  # fmt: skip
        await asyncio.to_thread(self._cache.finish, site, environment)

    async def _unpack(self, site: Site, inside: Inside, resolved: Resolved, build: Build) -> None:
        lock = site.folder / "lock.txt"
        await asyncio.to_thread(lock.write_text, resolved.text, encoding="utf-8")
        build.say(f"fetching {len(resolved.versions)} packages")
        done = await uv.run(
            "pip", "install", "--target", str(_packages(site.home, inside)),
            "--python", next(iter(pythons.own().values())),
            "--python-version", str(inside.version), "--python-platform", inside.platform,
            resolved.hashing, "--no-deps", "--no-build", *resolved.options,
            "-r", str(lock), build=build,
        )  # fmt: skip
        if done.code != 0:
            version, asked = str(inside.version), resolved.versions
            raise causes.failed(done.err, python=version, asked=asked, known=asked)


def look(client: Any, image: str, definition: Definition) -> Inside:
    """Find out which Python an image has. Blocks; raises Invalid where it has none."""
    wanted = definition.interpreter
    names = [wanted] if definition.is_user_managed and wanted != "python" else ["python3", "python"]
    code = (
        "import json, platform, sys; v = '%d.%d.%d' % sys.version_info[:3]; "
        "print(json.dumps([sys.executable, v, platform.machine(), platform.libc_ver()]))"
    )
    for name in names:
        said = images.said_by(client, image, [name, "-I", "-c", code])
        if said is not None:
            try:
                path, version, machine, libc = json.loads(said)
            except ValueError:
                continue
            found = Inside(path, Version(version), machine, libc[1] if libc[0] == "glibc" else "")
            if found.version < pythons.OLDEST:
                raise Invalid(
                    f"the image has Python {found.version}; runs need {pythons.OLDEST} or newer"
                )
            return found
    shown = definition.docker["baseImage"] or "that the Dockerfile makes"
    raise Invalid(
        f"the image {shown} has no {names[0]}: take one with Python {pythons.OLDEST} or newer, or "
        "name its interpreter in python.interpreter_path"
    )


def _packages(home: Path, inside: Inside) -> Path:
    release = f"python{inside.version.major}.{inside.version.minor}"
    return home / "lib" / release / "site-packages"


def _lay_out(home: Path, inside: Inside, *, shared: bool) -> None:
    """Make a virtual environment of the unpacked packages, as the image's own Python would."""
    packages = _packages(home, inside)
    (home / "bin").mkdir()
    for name in ("python", "python3"):
        (home / "bin" / name).symlink_to(inside.path)
    scripts = packages / "bin"
    for script in scripts.iterdir() if scripts.is_dir() else ():
        text = script.read_bytes()
        first, _, rest = text.partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            (home / "bin" / script.name).write_bytes(f"#!{HOME}/bin/python\n".encode() + rest)
        else:
            (home / "bin" / script.name).write_bytes(text)
        (home / "bin" / script.name).chmod(0o755)
    images.empty(scripts)
    (packages / ".lock").unlink(missing_ok=True)
    (home / "pyvenv.cfg").write_text(
        f"home = {Path(inside.path).parent}\n"
        f"include-system-site-packages = {str(shared).lower()}\n"
        f"version = {inside.version}\n"
    )


def _key(base: str, inside: Inside, lock: str, definition: Definition) -> str:
    parts = (base, inside.path, str(inside.version), lock, str(definition.is_user_managed), "1")
    return "docker-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _tag(definition: Definition, key: str) -> str:
    name = "".join(
        letter if letter.isascii() and letter.isalnum() else "-"
        for letter in definition.name.lower()
    )
    return f"{images.OURS}{name.strip('-') or 'environment'}:{key.removeprefix('docker-')}"
