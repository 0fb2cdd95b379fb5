"""What is installed in this kernel, as requirements that an environment can be made of."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, packages_distributions
from urllib.parse import urlsplit

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python of this kernel, as an environment asks for it."""

_OURS = ("jupyter-aml",)
"""What every run gets, whatever its environment says."""
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Installed:
    """Requirements, and what no requirement can name, with where it came from."""

    requirements: Sequence[str]
    left_out: Mapping[str, str]


def everything() -> Installed:
    """All that this kernel can import, by name."""
    return _as_requirements(_first_of_each())


def of_modules(modules: Sequence[str]) -> tuple[Installed, tuple[str, ...]]:
    """What brings the modules, given as dotted names, and those that nothing here brings."""
    owners, known = packages_distributions(), _first_of_each()
    chosen: dict[str, Distribution] = {}
    missing = []
    for module in modules:
        names = dict.fromkeys(_plain(name) for name in owners.get(module.partition(".")[0], ()))
        found = {name: known[name] for name in names if name in known}
        if not found and not names & dict.fromkeys(_OURS).keys():
            missing.append(module)
        chosen |= _nearest(found, module)
    # In one order, so that cells with the same imports share an environment.
    return _as_requirements(dict(sorted(chosen.items()))), tuple(missing)


def _first_of_each() -> dict[str, Distribution]:
    # Of two on the path the first one is imported.
    found: dict[str, Distribution] = {}
    for each in distributions():
        # A folder that is half gone has metadata without a name.
        name = each.metadata["Name"] if each.metadata else None
        if name:
            found.setdefault(_plain(name), each)
    return {name: found[name] for name in sorted(found) if name not in _OURS}


def _nearest(found: dict[str, Distribution], module: str) -> dict[str, Distribution]:
    """Of several that share a namespace package those that hold the module itself."""
    if len(found) < 2:
        return found
    parts = module.split(".")
    while len(parts) > 1:
        place = "/".join(parts)
        holding = {name: each for name, each in found.items() if _holds(each, place)}
        if holding:
            return holding
        parts.pop()
    return found


def _holds(each: Distribution, place: str) -> bool:
    starts = (f"{place}/", f"{place}.")
    return any(str(file).startswith(starts) for file in each.files or ())


def _as_requirements(found: Mapping[str, Distribution]) -> Installed:
    left_out = {name: why for name, each in found.items() if (why := _elsewhere(each))}
    kept = [
        # `+cpu` and the like exist on the index of one vendor only.
        f"{name}=={each.version.partition('+')[0]}"
        for name, each in found.items()
        if name not in left_out
    ]
    return Installed(kept, left_out)


def _elsewhere(each: Distribution) -> str | None:
    """Where it was installed from, if not from an index by its name."""
    told = each.read_text("direct_url.json")
    # conda writes down the folder in which it made the package.
    if told is None or (each.read_text("INSTALLER") or "").strip() == "conda":
        return None
    try:
        data = json.loads(told)
        url = str(data["url"])
    except (ValueError, KeyError, TypeError):
        return "from a place that its metadata does not tell"
    editable = isinstance(data.get("dir_info"), dict) and data["dir_info"].get("editable")
    # Whatever stands before the host may be a password.
    parts = urlsplit(url)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return f"editable from {shown}" if editable else f"from {shown}"


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
