"""Source as ZIP files: what was sent with a run, and what a run keeps by itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jupyter_aml.runfolder.names import shown
from jupyter_aml.sdk._run import filters
from jupyter_aml.sdk.exceptions import SnapshotException, UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client import Client
    from jupyter_aml.sdk._run.files import RunFiles

_TAKEN = "snapshots"
_NEVER = {".git", ".ipynb_checkpoints", "__pycache__", "node_modules", ".venv"}
_ALWAYS_THE_SAME = (1980, 1, 1, 0, 0, 0)


def take(run: RunFiles, given: str | os.PathLike[str]) -> str:
    """Pack a file or a folder, and keep it with the run.

    Its id is a GUID, the beginning of the hash of the ZIP file.
    """
    source = Path(given)
    if not source.exists():
        raise SnapshotException(f"there is no file or folder {os.fspath(source)!r}")
    with tempfile.TemporaryFile() as made:
        _pack(made, list(_files_of(source)))
        made.seek(0)
        digest = hashlib.sha256()
        while block := made.read(1 << 20):
            digest.update(block)
        made.seek(0)
        snapshot_id = str(UUID(digest.hexdigest()[:32]))
        run.upload_file(f"{_TAKEN}/{snapshot_id}.zip", made)
    return snapshot_id


def restore(run: RunFiles, snapshot_id: str | None, path: str | os.PathLike[str] | None) -> str:
    """Write a snapshot as a ZIP file, and return its path."""
    chosen = snapshot_id or run.seen["snapshotId"]
    if chosen is None:
        raise SnapshotException(f"no source was sent with run {run.id}")
    target = Path(path or ".")
    if target.is_dir() or target.suffix != ".zip":
        target = target / f"{chosen}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    taken = f"{_TAKEN}/{chosen}.zip"
    if taken in run.get_file_names():
        run.download_file(taken, target)
    else:
        is_own = chosen == run.seen["snapshotId"]
        _restore(run.client, run.id if is_own else _sent_with(run, chosen), target)
    return str(target)


def clean(run: RunFiles) -> list[str]:
    """Remove the files of an ended run that are neither outputs nor logs nor source."""
    if run._is_inside or run.look()["endedAt"] is None:
        raise UserErrorException(f"run {run.id} has not ended: it may need its files")
    work, removed = run._folder.work, []
    for path in sorted(work.iterdir()) if work.is_dir() else []:
        if path.name in ("outputs", "logs"):
            continue
        removed.append(str(path))
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return removed


def _sent_with(run: RunFiles, snapshot_id: str) -> str:
    line = filters.line(properties={"ContentSnapshotId": snapshot_id})
    workspace = run.experiment.workspace.name
    found = run.client.runs.page(workspace=workspace, filter=line, limit=1)["runs"]
    if not found:
        raise SnapshotException(f"no run of workspace {workspace!r} has snapshot {snapshot_id}")
    return found[0]["runId"]


def _restore(client: Client, run_id: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        unfinished = Path(scratch, target.name)
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in client.runs.snapshot(run_id)["files"]:
                content = client.runs.snapshot_file(run_id, file["path"])
                archive.writestr(_entry(file["path"]), content)
        unfinished.replace(target)


def _files_of(source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_file():
        yield shown(source.name), source
        return
    for folder, names, files in os.walk(source):
        names[:] = sorted(name for name in names if name not in _NEVER)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield shown(path.relative_to(source).as_posix()), path


def _pack(made: Any, files: list[tuple[str, Path]]) -> None:
    # No times of files, so that the same source is the same snapshot.
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files:
            with path.open("rb") as source, archive.open(_entry(name), "w") as entry:
                shutil.copyfileobj(source, entry, 1 << 20)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ALWAYS_THE_SAME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
