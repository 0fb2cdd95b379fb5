"""Lays a snapshot out in a run's folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_aml.domain.errors import NotFound, Refused, StorageFailed
from jupyter_aml.engine.snapshot.store import Manifest, ManifestFile, encode_snapshot
from jupyter_aml.runfolder.layout import RunFolder, on_disk, without_links
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.wire.contents import WireSnapshot

_COPIERS = 2
_FEW = 16


def lay_out(
    manifest: Manifest, blobs: Blobs, folder: RunFolder, *, is_executed: bool = True
) -> None:
    """Write `snapshot.json`, `snapshot/` (read-only) and `work/` (the script's own copy).

    Where no script is executed, `work/` holds the folders of outputs and logs alone.
    What the script does in `work/` never reaches the snapshot or the blobs. Raises StorageFailed;
    nothing half made is left then.
    """
    try:
        _lay(manifest, blobs, folder, is_executed)
    except (OSError, StorageFailed) as error:
        for path in (folder.snapshot, folder.work):
            with contextlib.suppress(OSError, StorageFailed):
                remove_tree(path)
        with contextlib.suppress(OSError):
            folder.snapshot_list.unlink(missing_ok=True)
        if isinstance(error, StorageFailed):
            raise
        raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error


def read_list(folder: RunFolder) -> WireSnapshot:
    """The manifest that went with a run; empty for a run that has none."""
    try:
        found: WireSnapshot = json.loads(read_plain(folder.snapshot_list))
    except FileNotFoundError:
        return {"snapshotId": "", "files": [], "excluded": []}
    except (OSError, ValueError) as error:
        raise StorageFailed(f"cannot read {folder.snapshot_list}: {error}") from error
    return found


def stored_file(folder: RunFolder, path: str) -> Path:
    """Where a file lies as it was sent; raises NotFound, and Refused for a path that leads out."""
    place = folder.snapshot.joinpath(*on_disk(path).split("/"))
    real = without_links(place)
    if not real.is_relative_to(without_links(folder.snapshot)):
        raise Refused(f"{path!r} leads out of the snapshot")
    if not os.path.isfile(real):
        raise NotFound(f"the snapshot of run {folder.path.name} has no file {path!r}")
    return real


def _lay(manifest: Manifest, blobs: Blobs, folder: RunFolder, is_executed: bool) -> None:
    snapshot, work = str(folder.snapshot), str(folder.work)
    folders = _folders(manifest)
    for name in ("", *folders):
        os.mkdir(f"{snapshot}/{name}", 0o700)
        if is_executed:
            os.mkdir(f"{work}/{name}")
    for name in ("outputs", "logs"):
        os.makedirs(f"{work}/{name}", exist_ok=True)
    _lay_files(manifest.files, blobs, snapshot, work if is_executed else None)
    for name in ("", *folders):
        os.chmod(f"{snapshot}/{name}", 0o500)
    text = json.dumps(encode_snapshot(manifest), separators=(",", ":"))
    temporary = folder.snapshot_list.with_suffix(".new")
    temporary.write_text(text)
    os.replace(temporary, folder.snapshot_list)


def _lay_files(
    files: Sequence[ManifestFile], blobs: Blobs, snapshot: str, work: str | None
) -> None:
    def lay(file: ManifestFile) -> None:
        path, executable = file.path, file.executable
        blobs.lay(file.hash, f"{snapshot}/{path}", writable=False, executable=executable)
        if work is not None:
            blobs.lay(file.hash, f"{work}/{path}", writable=True, executable=executable)

    if len(files) < _FEW:
        for file in files:
            lay(file)
    else:
        with ThreadPoolExecutor(_COPIERS, thread_name_prefix="aml-snapshot") as copiers:
            for _ in copiers.map(lay, files):
                pass


def _folders(manifest: Manifest) -> list[str]:
    """All folders of the snapshot, each after the one it stands in."""
    found: set[str] = set()
    for file in manifest.files:
        name = file.path.rpartition("/")[0]
        while name and name not in found:
            found.add(name)
            name = name.rpartition("/")[0]
    return sorted(found)
