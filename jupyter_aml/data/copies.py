"""Files of a data set copied to this machine, or laid out as a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_aml.data.listing import DataFile
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound

_AT_ONCE = 8


def target_of(folder: Path, name: str) -> Path:
    """Where a file of this name belongs below a folder; Invalid where it would lie outside."""
    parts = name.split("/")
    if name.startswith("/") or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise Invalid(f"the file {name!r} of a data set would lie outside of its folder")
    return folder.joinpath(*parts)


def copy(
    found: Sequence[DataFile], folder: Path, *, overwrite: bool, ignore_missing: bool
) -> list[str]:
    """Copy files below a folder, several at a time, each whole or not at all; returns the paths.

    Raises AlreadyExists, before anything is copied, for one that is there and shall stay.
    """
    targets = [target_of(folder, each.name) for each in found]
    if not overwrite:
        there = [target for target in targets if os.path.lexists(target)]
        if there:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            raise AlreadyExists(
                f"{there[0]}{more} would be overwritten: pass overwrite=True, or another folder"
            )

    def one(place: int) -> str | None:
        target = targets[place]
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            found[place].store.get(found[place].path, target)
        except NotFound:
            if ignore_missing:
                return None
            raise
        return str(target)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [path for path in pool.map(one, range(len(found))) if path is not None]


def own_folder(found: Sequence[DataFile]) -> Path | None:
    """The folder that holds these files and no others, by the same names; None where none does."""
    local = [each.local for each in found]
    if not found or any(path is None for path in local):
        return None
    first = str(local[0])
    if not first.endswith(f"/{found[0].name}"):
        return None
    folder = first[: -len(found[0].name) - 1]
    wanted = {f"{folder}/{each.name}" for each in found}
    if wanted != set(local):
        return None
    count = 0
    for place, folders, names in os.walk(folder):
        count += len(names)
        if count > len(found) or any(os.path.islink(f"{place}/{name}") for name in folders):
            return None
    return Path(folder) if count == len(found) else None


def lay(found: Sequence[DataFile], folder: Path) -> None:
    """Lay files out below an empty folder: links to what is on this machine, copies of the rest."""
    fetched = []
    for each in found:
        local, target = each.local, target_of(folder, each.name)
        if local is None:
            fetched.append(each)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(local)
    copy(fetched, folder, overwrite=False, ignore_missing=False)


def new_folder() -> Path:
    """A folder that is nobody's yet."""
    return Path(tempfile.mkdtemp(prefix="jupyter-aml-data-"))
