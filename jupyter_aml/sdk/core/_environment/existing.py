"""Conda environments of this machine, read without conda."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from jupyter_aml.domain.environment import package_name
from jupyter_aml.domain.near import near
from jupyter_aml.sdk.exceptions import UserErrorException

_USUAL = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda")


def exported(name: str) -> dict[str, Any]:
    """The conda specification of an environment, by its name or path: exact versions.

    Raises UserErrorException with the environments that there are, or the file that is torn.
    """
    from importlib.metadata import distributions

    prefix = _prefix(name)
    records = [_record(path) for path in sorted(prefix.glob("conda-meta/*.json"))]
    conda = [f"{one['name']}={one['version']}" for one in records if one.get("name")]
    by_conda = {one["name"].lower().replace("_", "-") for one in records if one.get("name")}
    pip = sorted(
        f"{one.metadata['Name']}=={one.version}"
        for site in prefix.glob("lib/python3*/site-packages")
        for one in distributions(path=[str(site)])
        if _installer(one) != "conda" and package_name(one.metadata["Name"]) not in by_conda
    )
    channels = list(dict.fromkeys(filter(None, (_channel(one) for one in records))))
    return {
        "name": prefix.name,
        "channels": channels or ["conda-forge"],
        "dependencies": [*conda, *([{"pip": pip}] if pip else [])],
    }


def _prefix(name: str) -> Path:
    found = dict(reversed(_prefixes()))
    prefix = Path(name).expanduser() if os.sep in name else found.get(name)
    if prefix is not None and (prefix / "conda-meta").is_dir():
        return prefix
    close = near(name, found, 1)
    there = f"there is: {', '.join(sorted(found))}" if found else "none was found on this machine"
    cure = f"did you mean {close[0]!r}?" if close else there
    raise UserErrorException(f"there is no conda environment {name!r}; {cure}")


def _prefixes() -> list[tuple[str, Path]]:
    """The environments by the names that conda gives them; of two of a name the first counts."""
    clients = [os.environ[name] for name in ("CONDA_EXE", "MAMBA_EXE") if os.environ.get(name)]
    roots = [Path(client).parent.parent for client in clients]
    roots += [Path.home() / name for name in _USUAL]
    places: list[Path] = []
    with contextlib.suppress(OSError):
        listed = (Path.home() / ".conda" / "environments.txt").read_text(encoding="utf-8")
        places += [Path(line.strip()) for line in listed.splitlines() if line.strip()]
    if os.environ.get("CONDA_PREFIX"):
        places.append(Path(os.environ["CONDA_PREFIX"]))
    for root in roots:
        places.append(root)
        with contextlib.suppress(OSError):
            places += sorted(path for path in (root / "envs").iterdir() if path.is_dir())
    return [
        ("base" if place in roots else place.name, place)
        for place in places
        if (place / "conda-meta").is_dir()
    ]


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"{path} is not a record of conda's: {error}") from None
    if not isinstance(record, dict):
        raise UserErrorException(f"{path} is not a record of conda's")
    return record


def _installer(distribution: Any) -> str:
    return (distribution.read_text("INSTALLER") or "").strip()


def _channel(record: dict[str, Any]) -> str:
    """The name of the channel that a package came from, out of the address it was fetched at."""
    parts = str(record.get("channel") or "").rstrip("/").split("/")
    return parts[-2] if len(parts) > 1 and parts[-1] in _subdirs(record) else parts[-1]


def _subdirs(record: dict[str, Any]) -> tuple[str, str]:
    return str(record.get("subdir")), "noarch"
