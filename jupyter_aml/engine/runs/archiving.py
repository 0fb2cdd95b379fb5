"""The files of a run that go into a zip file of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.runfolder import zips
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.names import stored

WHATS = ("outputs", "snapshot", "run")
"""The files of the run by their names, the source as it was sent, the folder as it lies there."""


def archive(folder: RunFolder, what: str) -> Iterator[bytes]:
    """The pieces of the zip file; raises Invalid for what there is no such archive of.

    Only plain files are in it, sorted, under names inside of the run; no link is followed. A file
    that goes away while it is packed is left out or cut.
    """
    if what not in WHATS:
        raise Invalid(f"what: {what!r} cannot be packed; {', '.join(WHATS)} can")
    return zips.packed(_files(folder, what), folder.path)


def _files(folder: RunFolder, what: str) -> Iterator[tuple[str, Path]]:
    if what == "outputs":
        for name, place in folder.paths():
            yield stored(name), Path(place)
        return
    base = folder.snapshot if what == "snapshot" else folder.path
    for parent, folders, names in os.walk(base, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path == folder.secrets:
                continue
            yield path.relative_to(base).as_posix(), path
