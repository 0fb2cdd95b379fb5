"""Old specifications are wishes: what of them can still be had, and in which way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import requirements

_OURS = frozenset({
    "azureml-core", "azureml-sdk", "azureml-defaults", "azureml-train", "azureml-train-core",
    "azureml-telemetry", "azureml-widgets", "azureml-dataprep", "azureml-dataprep-native",
    "azureml-dataprep-rslex", "azureml-dataset-runtime", "azureml-pipeline",
    "azureml-pipeline-core", "azureml-pipeline-steps", "azureml-model-management-sdk",
    "azureml-inference-server-http",
})  # fmt: skip
"""Distributions of SDK v1 whose names the runtime that travels with a run stands in for."""

_EXTRAS = {"pandas": ("pandas", "pyarrow"), "fuse": ()}
"""What an extra of these distributions stands for."""

_NUMPY_2 = {
    "scikit-learn": "1.4.2", "pandas": "2.2.2", "scipy": "1.13", "matplotlib": "3.8.4",
    "statsmodels": "0.14.2", "h5py": "3.11", "pyarrow": "16", "xarray": "2024.6", "numexpr": "2.10",
    "opencv-python": "4.10.0.84", "opencv-python-headless": "4.10.0.84", "shap": "0.46",
    "lightgbm": "4.4", "xgboost": "2.1", "torch": "2.3", "seaborn": "0.13.2",
    "scikit-image": "0.24",
}  # fmt: skip
"""The first version of each that works with numpy 2; older ones do not ask for numpy 1."""


def satisfied(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take the retired distributions of SDK v1 out of checked requirement lines.

    Returns what is left to install, and a warning for each that nothing here stands in for.
    """
    kept: list[str] = []
    warnings: list[str] = []
    for line in lines:
        requirement = requirements.named(line)
        name = "" if requirement is None else requirements.key(requirement)
        if requirement is None or not name.startswith("azureml-"):
            kept.append(line)
        elif name not in _OURS:
            warnings.append(f"{line} is retired with Azure ML and nothing takes its place")
        else:
            kept += [one for extra in sorted(requirement.extras) for one in _EXTRAS.get(extra, ())]
    return tuple(dict.fromkeys(kept)), tuple(warnings)


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


def nearest_python(wish: str | None, there: Sequence[Version]) -> tuple[Version, str | None]:
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
    return nearest, f"python{shown} is not on this machine; Python {nearest} is taken"


def numpy_limit(asked: Iterable[str], resolved: dict[str, str]) -> tuple[str, str] | None:
    """A requirement to add, and why: an old package beside a numpy that it cannot work with.

    `resolved` maps names to versions. None where all is well, or where the user named numpy.
    """
    if "numpy" not in resolved or Version(resolved["numpy"]) < Version("2"):
        return None
    names = {requirements.key(one) for line in asked if (one := requirements.named(line))}
    if "numpy" in names:
        return None
    for name, first in _NUMPY_2.items():
        if name in resolved and Version(resolved[name]) < Version(first):
            return "numpy<2", f"numpy<2 is taken for {name} {resolved[name]}, which is older"
    return None
