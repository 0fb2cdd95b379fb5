"""Reads a snapshot back from the run's folder."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_aml.domain.errors import NotFound, Refused
from jupyter_aml.runfolder.layout import RunFolder, checked
from jupyter_aml.wire import WireSnapshot


def read_list(folder: RunFolder) -> WireSnapshot:
    """Say what was sent with the run; an interactive run sent nothing."""
    try:
        listed: WireSnapshot = json.loads(folder.snapshot_list.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"snapshotId": "", "files": [], "excluded": []}
    return listed


def stored_file(folder: RunFolder, path: str) -> Path:
    """Return the place of a file as it was sent; NotFound, or Refused where the path leads out."""
    real = folder.snapshot.joinpath(*checked(path).split("/")).resolve()
    if not real.is_relative_to(folder.snapshot.resolve()):
        raise Refused(f"{path!r} is a link that leads out of the snapshot")
    if not real.is_file():
        raise NotFound(f"nothing was sent as {path!r} with run {folder.path.name}")
    return real
