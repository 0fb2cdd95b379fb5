"""What a run needs on another machine: runtime, shim and snapshot by hash, and its own files."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO

from jupyter_aml.compute.protocol import BackendJob
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.shim import shim

SHIM, BUILDER = "shim.py", "venvs.py"
_LEFT_OUT = "__pycache__"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A folder that is sent once a machine."""

    place: str
    """Where it lies there, below the folder of the user; it holds a hash of what is in it."""
    files: Callable[[], Iterable[tuple[str, Path]]]
    """What is in it: names, and where each lies here."""


def shim_parcel() -> Parcel:
    """The shim and what lies beside it."""
    folder = Path(shim.__file__).absolute().parent
    return Parcel(f"shims/{_hash_of(folder)}", lambda: _below(folder))


def runtime_parcel(job: BackendJob) -> tuple[Parcel, Path] | None:
    """The runtime that a job finds by PYTHONPATH, and where it lies here; None without one."""
    for part in job.environment.get("PYTHONPATH", "").split(os.pathsep):
        library = Path(part)
        if part and library.name == "lib" and (library / "jupyter_aml").is_dir():
            runtime = library.parent
            # The name of its folder holds the hash already.
            return Parcel(f"runtimes/{runtime.name}", partial(_below, runtime)), runtime
    return None


def snapshot_parcel(folder: RunFolder) -> Parcel | None:
    """The source of a run; None for a run that has none."""
    files = _manifest(folder)
    if not files:
        return None
    text = json.dumps(files, sort_keys=True).encode()
    digest = hashlib.sha256(text).hexdigest()[:32]
    return Parcel(f"snapshots/{digest}", lambda: _below(folder.snapshot))


def own_files(folder: RunFolder) -> Iterator[tuple[str, Path]]:
    """What belongs to this run alone: its records, its inputs, what an attempt before left."""
    for path in (
        folder.record,
        folder.kernel,
        folder.environment,
        folder.secrets,
        folder.snapshot_list,
    ):
        if path.is_file():
            yield path.name, path
    for top in (
        folder.logs,
        folder.metrics,
        folder.system,
        folder.files,
        folder.inputs,
        folder.results,
    ):
        yield from _below(top, folder.path)
    sent = {file["path"] for file in _manifest(folder)}
    for name, path in _below(folder.work):
        if name not in sent:
            yield f"work/{name}", path


def results(folder: RunFolder) -> list[str]:
    """The paths in a run folder that a script writes to besides those of each run."""
    try:
        outputs = json.loads(read_plain(folder.data)).get("outputs", ())
        places = [Path(each["place"]) for each in outputs if each.get("place")]
    except (OSError, ValueError, AttributeError, TypeError):
        return []
    inside = [place for place in places if place.is_relative_to(folder.path)]
    return sorted({place.relative_to(folder.path).as_posix() for place in inside} - {"."})


@contextmanager
def packed(files: Iterable[tuple[str, Path]]) -> Iterator[IO[bytes]]:
    """An archive of these files, open at its beginning; raises StorageFailed. Blocks."""
    with tempfile.TemporaryFile() as file:
        try:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1, dereference=True) as pack:
                for name, path in files:
                    pack.add(path, name, recursive=False, filter=_nobodys)
        except OSError as error:
            raise StorageFailed(f"cannot pack {error.filename}: {error.strerror}") from error
        file.seek(0)
        yield file


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    # Folders of a snapshot may not be written to, and could not be filled there.
    entry.mode |= 0o700 if entry.isdir() else 0o600
    return entry


def _below(top: Path, base: Path | None = None) -> Iterator[tuple[str, Path]]:
    base = top if base is None else base
    # Links of inputs lead to files of this machine, which go along.
    for here, folders, names in os.walk(top, followlinks=True):
        folders[:] = sorted(set(folders) - {_LEFT_OUT})
        for name in (*folders, *sorted(names)):
            path = Path(here, name)
            if path.is_file() or path.is_dir():
                yield str(path.relative_to(base)), path


def _manifest(folder: RunFolder) -> list[dict[str, object]]:
    try:
        files: list[dict[str, object]] = json.loads(read_plain(folder.snapshot_list))["files"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError) as error:
        raise StorageFailed(f"cannot read {folder.snapshot_list}: {error}") from error
    return files


@cache
def _hash_of(folder: Path) -> str:
    hasher = hashlib.sha256()
    for name, path in _below(folder):
        if path.is_file():
            content = path.read_bytes()
            hasher.update(f"{name}\0{len(content)}\0".encode() + content)
    return hasher.hexdigest()[:32]
