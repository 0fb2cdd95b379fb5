"""Old specifications are wishes: what of them can still be had, and in which way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from jupyter_aml.domain import retired
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import requirements

_NEEDS_NUMPY_2 = {"pyarrow": "26"}
"""The first version of each that works with numpy 2 alone, and asks for none."""

_OF_OLD_TIMES = {
    "numpy": "<1.24", "pandas": "<2", "scikit-learn": "<1.3",
    **{name: f"<{first}" for name, first in _NEEDS_NUMPY_2.items()},
}  # fmt: skip
"""The last versions that scripts for a Python before 3.9 can be expected to run with."""
_FIRST_NEW = 9
"""The minor version of the first Python 3 that is not of those times."""
_LAST = (3, 11)
"""The newest Python that these versions have wheels for."""

_NUMPY_2 = {
    "scikit-learn": "1.4.2", "pandas": "2.2.2", "scipy": "1.13", "matplotlib": "3.8.4",
    "statsmodels": "0.14.2", "h5py": "3.11", "pyarrow": "16", "xarray": "2024.6", "numexpr": "2.10",
    "opencv-python": "4.10.0.84", "opencv-python-headless": "4.10.0.84", "shap": "0.46",
    "lightgbm": "4.4", "xgboost": "2.1", "torch": "2.3", "seaborn": "0.13.2",
    "scikit-image": "0.24",
}  # fmt: skip
"""The first version of each that works with numpy 2; older ones do not ask for numpy 1."""


@dataclass(frozen=True, slots=True)
class Satisfied:
    """Requirement lines without the retired distributions of SDK v1."""

    kept: tuple[str, ...]
    brought: tuple[str, ...] = ()
    """Libraries that the retired ones brought and that nobody asks for by name."""
    warnings: tuple[str, ...] = ()
    """One for each that nothing here stands in for."""


@dataclass(frozen=True, slots=True)
class Age:
    """Limits of libraries for a specification of old times; none where it is not old."""

    python: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)
    """By name, as in `<1.24`."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The limits as requirements."""
        return tuple(f"{name}{limit}" for name, limit in self.limits.items())

    def told(self, versions: Mapping[str, str]) -> tuple[str, ...]:
        """What to warn of where these versions were chosen."""
        taken = [f"{name} {versions[name]}" for name in self.limits if name in versions]
        if not taken:
            return ()
        verb = "is" if len(taken) == 1 else "are"
        return (f"python{self.python} is of a time before: {', '.join(taken)} {verb} taken for it",)


def satisfied(lines: Iterable[str]) -> Satisfied:
    """Take the retired distributions of SDK v1 out of checked requirement lines."""
    kept: list[str] = []
    brought: list[str] = []
    warnings: list[str] = []
    for line in lines:
        requirement = requirements.named(line)
        if requirement is None or not retired.is_retired(requirement.name):
            kept.append(line)
            continue
        found = retired.stand_in(requirement.name, requirement.extras)
        brought += found.libraries
        if not found.is_known:
            warnings.append(f"{line} is retired with Azure ML and nothing takes its place")
    named = {requirements.key(one) for line in kept if (one := requirements.named(line))}
    more = (library for library in dict.fromkeys(brought) if library not in named)
    return Satisfied(tuple(dict.fromkeys(kept)), tuple(more), tuple(warnings))


def not_brought(libraries: Iterable[str]) -> str:
    """What to warn of where these cannot be had."""
    return f"what retired distributions brought cannot be had: {', '.join(libraries)}"


def of_old_times(wish: str | None, taken: Version, lines: Iterable[str]) -> Age:
    """The limits that a wish for a Python of old times implies, where that one is `taken`.

    A library whose version is asked for in `lines` has none.
    """
    if wish is None or not _is_old(wish) or taken.release[:2] > _LAST:
        return Age()
    asked = (requirements.named(line) for line in lines)
    settled = {requirements.key(one) for one in asked if one and (one.specifier or one.url)}
    limits = {name: limit for name, limit in _OF_OLD_TIMES.items() if name not in settled}
    return Age(wish if not wish[0].isdigit() else f"={wish}", limits)


def _is_old(wish: str) -> bool:
    """Whether no Python that came after those times meets a wish."""
    wanted = pep440(wish)
    later = (f"3.{minor}.{patch}" for minor in range(_FIRST_NEW, 30) for patch in range(30))
    return not any(map(wanted.contains, later))


def pep440(version: str) -> SpecifierSet:
    """A version as a conda specification writes it (`=3.8`, `3.8.*`, `>=3.8,<3.10`) in pip's way.

    Raises Invalid for what is no version.
    """
    parts = []
    for part in version.replace(" ", ",").split(","):
        bare = part.strip()
        if not bare or bare == "*":
            continue
        exact = re.fullmatch(r"==?\s*([\w.]+?)(\.\*)?(=\w*)?", bare)
        if exact is None and bare[0].isdigit():
            exact = re.fullmatch(r"([\w.]+?)(\.\*)?(=\w*)?", bare)
        is_whole = bare.startswith("==") and exact is not None and not exact[2]
        if exact is None:
            parts.append(bare)
        else:
            parts.append(f"=={exact[1]}" if is_whole else f"=={exact[1]}.*")
    try:
        return SpecifierSet(",".join(parts))
    except InvalidSpecifier:
        raise Invalid(f"{version!r} is not a version") from None


def nearest_python(
    wish: str | None, there: Sequence[Version], where: str = "this machine"
) -> tuple[Version, str | None]:
    """The version of these that meets the wish best, and a warning where it does not meet it.

    `there` begins with the preferred one. Where the same minor version is there, its patch
    level is not asked about.
    """
    if not wish:
        return there[0], None
    wanted = pep440(wish)
    fitting = [one for one in there if wanted.contains(str(one))]
    if fitting:
        return (there[0] if there[0] in fitting else max(fitting)), None
    named = [Version(spec.version.removesuffix(".*")) for spec in wanted]
    if not named:
        return there[0], None
    aim = max(named)
    same = [one for one in there if one.release[:2] == aim.release[:2]]
    if same:
        return max(same), None
    above = [one for one in there if one > aim]
    nearest = min(above) if above else max(there)
    shown = wish if not wish[0].isdigit() else f"={wish}"
    return nearest, f"python{shown} is not on {where}; Python {nearest} is taken"


def numpy_limit(
    asked: Iterable[str], resolved: dict[str, str]
) -> tuple[tuple[str, ...], str] | None:
    """Requirements to add, and why: an old package beside a numpy that it cannot work with.

    `resolved` maps names to versions. None where all is well, or where the user named numpy.
    """
    if "numpy" not in resolved or Version(resolved["numpy"]) < Version("2"):
        return None
    names = {requirements.key(one) for line in asked if (one := requirements.named(line))}
    if "numpy" in names:
        return None
    for name, first in _NUMPY_2.items():
        if name in resolved and Version(resolved[name]) < Version(first):
            others = [f"{each}<{new}" for each, new in _NEEDS_NUMPY_2.items() if each in resolved]
            told = f"numpy<2 is taken for {name} {resolved[name]}, which is older"
            return ("numpy<2", *others), told
    return None
