"""Choosing conda packages for an old specification: the nearest that can still be had."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from jupyter_aml.domain.environment import Conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import pythons, wishes
from jupyter_aml.environments.conda import specs as conda_specs
from jupyter_aml.environments.conda.causes import Absent
from jupyter_aml.environments.conda.solver import Package, Solver
from jupyter_aml.environments.wishes import Age

_OLDEST = f"python >={pythons.OLDEST}"
_NEAREST = f"python {pythons.OLDEST}.*"


async def choose(
    solver: Solver, channels: Sequence[str], conda: Conda
) -> tuple[tuple[Package, ...], tuple[str, ...]]:
    """Choose packages for a specification; returns them and a warning for each old wish.

    A Python that runs cannot use gives way to the nearest one. A version that is exactly named
    gives way where its package has it, but not for that Python. Raises Invalid and NoChannel.
    """
    is_old = conda.python is not None and not _serves(conda.python)
    if is_old:
        python = [await _nearest_python(solver, channels)]
    else:
        python = [f"python {conda.python}"] if conda.python else []
        python.append(_OLDEST)
    oldest = Version(f"{pythons.OLDEST}.0")
    age = wishes.of_old_times(conda.python, oldest, ()) if is_old else Age()
    aged = await _of_old_times(solver, channels, conda, python, age) if is_old else None
    specs, packages = aged or await _solved(solver, channels, conda.packages, python)
    versions = {one.name: one.version for one in packages}
    had = versions.get("python", "")
    warnings = [f"python{conda.python} is too old for runs; Python {had} is taken"] * is_old
    warnings += age.told(versions) if aged else ()
    for asked, taken in zip(conda.packages, specs, strict=True):
        if asked != taken:
            name = conda_specs.read(asked).name
            warnings.append(
                f"{asked} cannot be had for Python {had}: {name} {versions.get(name, '')} is taken"
            )
    return packages, tuple(warnings)


async def _of_old_times(
    solver: Solver, channels: Sequence[str], conda: Conda, python: Sequence[str], age: Age
) -> tuple[list[str], tuple[Package, ...]] | None:
    """The requirements and the packages for them, with libraries of the wish's time.

    None where they do not go together so, or where no version is left open.
    """
    bounded = [
        f"{name} {age.limits[name]}" if (name := text.strip().lower()) in age.limits else text
        for text in conda.packages
    ]
    if bounded == list(conda.packages):
        return None
    try:
        return list(conda.packages), await solver.solve(channels, [*bounded, *python])
    except Invalid:
        return None


async def _solved(
    solver: Solver, channels: Sequence[str], asked: Sequence[str], python: Sequence[str]
) -> tuple[list[str], tuple[Package, ...]]:
    """What was solved for in place of the requirements, and the packages."""
    try:
        return list(asked), await solver.solve(channels, [*asked, *python])
    except Invalid as first:
        found = [await _nearest(solver, channels, one, python) for one in asked]
        if found == [(one, one) for one in asked]:
            raise
        # The nearest of each, and where these do not go together, what is newer.
        for specs in ([one[0] for one in found], [one[1] for one in found]):
            try:
                return specs, await solver.solve(channels, [*specs, *python])
            except Invalid:
                continue
        raise first


async def _nearest_python(solver: Solver, channels: Sequence[str]) -> str:
    try:
        await solver.solve(channels, [_NEAREST])
    except Invalid:
        return _OLDEST
    return _NEAREST


async def _nearest(
    solver: Solver, channels: Sequence[str], text: str, python: Sequence[str]
) -> tuple[str, str]:
    """What is nearest to a requirement and what is not older, where this Python came after it.

    Both are the requirement itself where it can be had, or cannot be had for any Python.
    """
    spec = conda_specs.read(text)
    version = spec.version.lstrip("=").removesuffix("*").removesuffix(".")
    if not version or any(sign in version for sign in "<>!~,|*"):
        return text, text
    try:
        await solver.solve(channels, [text, *python])
        return text, text
    except Absent:
        return text, text
    except Invalid:
        pass  # It is there, but something that it needs is not for this Python.
    name = f"{spec.channel}::{spec.name}" if spec.channel else spec.name
    newer = f"{name} >={version}"
    try:
        packages = await solver.solve(channels, [newer, *python], lowest=True)
    except Invalid:
        return text, text
    found = next(one.version for one in packages if one.name == spec.name)
    return f"{name} =={found}", newer


def _serves(python: str) -> bool:
    """Whether a Python that runs can use meets the wish; so does one that cannot be read."""
    try:
        wanted = wishes.pep440(python)
    except Invalid:
        return True
    oldest = pythons.OLDEST.minor
    several = (Version(f"3.{minor}.{patch}") for minor in range(oldest, 30) for patch in range(30))
    return any(wanted.contains(one) for one in several)
