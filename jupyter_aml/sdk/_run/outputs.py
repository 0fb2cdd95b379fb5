"""Folders outside of a run whose files are kept as its outputs when it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from jupyter_aml.sdk.exceptions import UserErrorException


class Tracked(NamedTuple):
    """A folder whose files are a run's outputs, but those that are as they were before."""

    folder: Path
    before: Mapping[str, tuple[int, int]]

    def news(self) -> Iterator[Path]:
        """The files that are new or have changed."""
        for path, stamp in _stamps(self.folder):
            if self.before.get(str(path)) != stamp:
                yield path


def tracked_outputs(folder: str | os.PathLike[str] | None) -> Tracked | None:
    """The folder that a run keeps as its outputs, made where it is not there yet.

    Raises UserErrorException for a file, or where no folder can be made.
    """
    return None if folder is None else Tracked(_made(folder), {})


def new_outputs() -> Tracked:
    """The folder `outputs`, which is made; what lies in it already is of an earlier run."""
    place = _made("outputs")
    return Tracked(place, {str(path): stamp for path, stamp in _stamps(place)})


def _made(folder: str | os.PathLike[str]) -> Path:
    place = Path(folder).absolute()
    if place.exists() and not place.is_dir():
        raise UserErrorException(f"outputs={os.fspath(folder)!r} is a file: name a folder")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserErrorException(
            f"cannot make the folder {str(place)!r} for the outputs of the run: {error.strerror}; "
            "name another one as outputs=, or pass outputs=False"
        ) from None
    return place


def _stamps(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            seen = path.stat()
            yield path, (seen.st_mtime_ns, seen.st_size)
