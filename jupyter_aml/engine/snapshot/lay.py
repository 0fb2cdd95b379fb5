"""Lays a snapshot out in a run's folder, and clears such folders away."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_aml.domain.errors import NotFound, Refused, StorageFailed
from jupyter_aml.engine.snapshot.store import Manifest, ManifestFile, encode_snapshot
from jupyter_aml.runfolder.layout import RunFolder, checked, without_links
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.wire.contents import WireSnapshot

_COPIERS = 2
_FEW = 16
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEEPEST = 64


def lay_out(manifest: Manifest, blobs: Blobs, folder: RunFolder) -> None:
    """Write `snapshot.json`, `snapshot/` (read-only) and `work/` (the script's own copy).

    What the script does in `work/` never reaches the snapshot or the blobs. Raises StorageFailed;
    nothing half made is left then.
    """
    try:
        _lay(manifest, blobs, folder)
    except (OSError, StorageFailed) as error:
        for path in (folder.snapshot, folder.work):
            with contextlib.suppress(OSError, StorageFailed):
                remove_tree(path)
        with contextlib.suppress(OSError):
            folder.snapshot_list.unlink(missing_ok=True)
        if isinstance(error, StorageFailed):
            raise
        raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error


def remove_tree(folder: Path) -> None:
    """Delete a folder with all it holds, also what is read-only; a link is removed, not followed.

    A folder that is not there is fine. Raises StorageFailed, naming what could not be deleted.
    """
    try:
        parent = os.open(folder.parent, _FOLDER)
    except FileNotFoundError:
        return
    try:
        _remove(parent, folder.name)
    except OSError as error:
        raise StorageFailed(f"cannot delete {folder}: {error.strerror}") from error
    finally:
        os.close(parent)


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
    place = folder.snapshot.joinpath(*checked(path).split("/"))
    real = without_links(place)
    if not real.is_relative_to(without_links(folder.snapshot)):
        raise Refused(f"{path!r} leads out of the snapshot")
    if not os.path.isfile(real):
        raise NotFound(f"the snapshot of run {folder.path.name} has no file {path!r}")
    return real


def _lay(manifest: Manifest, blobs: Blobs, folder: RunFolder) -> None:
    snapshot, work = str(folder.snapshot), str(folder.work)
    folders = _folders(manifest)
    for name in ("", *folders):
        os.mkdir(f"{snapshot}/{name}", 0o700)
        os.mkdir(f"{work}/{name}")
    for name in ("outputs", "logs"):
        os.makedirs(f"{work}/{name}", exist_ok=True)
    _lay_files(manifest.files, blobs, snapshot, work)
    for name in ("", *folders):
        os.chmod(f"{snapshot}/{name}", 0o500)
    text = json.dumps(encode_snapshot(manifest), separators=(",", ":"))
    temporary = folder.snapshot_list.with_suffix(".new")
    temporary.write_text(text)
    os.replace(temporary, folder.snapshot_list)


def _lay_files(files: Sequence[ManifestFile], blobs: Blobs, snapshot: str, work: str) -> None:
    def lay(file: ManifestFile) -> None:
        path, executable = file.path, file.executable
        blobs.lay(file.hash, f"{snapshot}/{path}", writable=False, executable=executable)
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


def _remove(parent: int, name: str) -> None:
    top = _enter(parent, name)
    if top is None:
        return
    try:
        # What lies too deep is moved up and met again here, so that no depth uses up descriptors.
        while _empty(top, top, 0):
            pass
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _empty(folder: int, top: int, depth: int) -> bool:
    """Delete what a folder holds; say whether something was moved up to `top` on the way."""
    moved = False
    for index, name in enumerate(_names(folder)):
        inner = _enter(folder, name)
        if inner is None:
            continue
        try:
            if depth >= _DEEPEST:
                os.rename(name, _free_name(top, index), src_dir_fd=folder, dst_dir_fd=top)
                moved = True
                continue
            moved |= _empty(inner, top, depth + 1)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)
    return moved


def _enter(parent: int, name: str) -> int | None:
    """Open a folder for clearing; whatever is not a folder, also a link to one, is deleted."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return None
    except (IsADirectoryError, PermissionError):
        # Linux says the one of a folder, macOS the other.
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise
    else:
        return None
    try:
        inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    os.fchmod(inner, 0o700)
    return inner


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as found:
        return [entry.name for entry in found]


def _free_name(top: int, index: int) -> str:
    return next(name for name in _candidates(index) if not _exists(top, name))


def _candidates(index: int) -> Iterator[str]:
    number = index
    while True:
        yield f".deep-{number}"
        number += 1


def _exists(top: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=top, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
