"""The `pip:` section of a conda specification, installed on top of the conda packages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments import causes, requirements, strictness, wishes
from jupyter_aml.environments.cache import Site
from jupyter_aml.environments.conda import prefix
from jupyter_aml.environments.conda.solver import Package
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.torch_builds import given_up
from jupyter_aml.environments.protocol import Build, Wish
from jupyter_aml.environments.wishes import Age, Satisfied

_CHANGED = re.compile(r"^ ([-+]) (\S+)==(\S+)", re.MULTILINE)


async def add(
    site: Site,
    asked: Satisfied,
    there: Sequence[Package],
    wish: Wish,
    *,
    strict: bool,
    build: Build,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Install requirements; returns name and version of what came, and what to warn of.

    What retired distributions brought, and the limits of an old Python, nobody has asked for:
    where they cannot be had, the rest is installed without them.
    """
    wanted = (*asked.kept, *asked.brought)
    if not wanted:
        return {}, ()
    build.say(
        f"installing {len(wanted)} Python requirement{'s' * (len(wanted) > 1)} by pip's rules"
    )
    age = _age(asked.kept, there, wish)
    warnings: list[str] = []
    try:
        told = await _with_torch(_Lines(wanted, age), site, there, wish, strict, warnings, build)
    except Invalid:
        if not asked.brought and not age.limits:
            raise
        if asked.brought:
            warnings.append(wishes.not_brought(asked.brought))
            strictness.check(warnings, strict=strict)
        if not asked.kept:
            return {}, tuple(warnings)
        age = Age()
        told = await _with_torch(
            _Lines(asked.kept, age), site, there, wish, strict, warnings, build
        )
    changes = _CHANGED.findall(told)
    added = {name: version for sign, name, version in changes if sign == "+"}
    warnings += age.told(added)
    warnings += [
        f"{name} {version} of the conda packages gave way to {name} {added[name]} "
        "for the `pip:` section"
        for sign, name, version in changes
        if sign == "-" and name in added
    ]
    return added, tuple(warnings)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is installed, and within which limits."""

    pip: Sequence[str]
    age: Age


def _age(kept: Sequence[str], there: Sequence[Package], wish: Wish) -> Age:
    """The limits that an old Python implies for what conda has not chosen already."""
    names = {one.name: one.version for one in there}
    if "python" not in names:
        return Age()
    age = wishes.of_old_times(wish.definition.conda.python, Version(names["python"]), kept)
    limits = {name: limit for name, limit in age.limits.items() if name not in names}
    return Age(age.python, limits)


async def _with_torch(
    lines: _Lines,
    site: Site,
    there: Sequence[Package],
    wish: Wish,
    strict: bool,
    warnings: list[str],
    build: Build,
) -> str:
    """What uv printed; builds of torch that do not answer give way to those of the index."""
    torch = wish.definition.torch_backend
    try:
        return await _installed(lines, site, there, wish, torch, build)
    except Unreachable as error:
        if torch is None:
            raise
        warnings.append(given_up(torch, error, strict=strict))
        return await _installed(lines, site, there, wish, None, build)


async def _installed(
    lines: _Lines,
    site: Site,
    there: Sequence[Package],
    wish: Wish,
    torch: str | None,
    build: Build,
) -> str:
    """What uv printed of it."""
    file, limits = site.folder / "requirements.txt", site.folder / "limits.txt"
    text = "".join(f"{line}\n" for line in lines.pip if line != "--pre")
    await asyncio.to_thread(file.write_text, text, encoding="utf-8")
    bounds = "".join(f"{line}\n" for line in lines.age.lines)
    await asyncio.to_thread(limits.write_text, bounds, encoding="utf-8")
    done = await uv.run(
        "pip", "install", "--break-system-packages",
        "--python", str(prefix.interpreter(site.home)), "--requirements", str(file),
        *(["--constraint", str(limits)] if bounds else []),
        *requirements.previews(lines.pip), *(["--refresh"] if wish.again else []),
        *([] if torch is None else ["--torch-backend", torch]), build=build,
    )  # fmt: skip
    if done.code != 0:
        names = {one.name: one.version for one in there}
        raise causes.failed(done.err, python=names.get("python", ""), asked=lines.pip, known=names)
    return done.err
