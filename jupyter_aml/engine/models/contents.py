"""The files of models: found in a run or a folder, kept under their hashes, checked on use."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from jupyter_aml.domain.errors import Invalid, NotFound, OutOfSight, Refused, StorageFailed
from jupyter_aml.domain.model import Model, ModelFile
from jupyter_aml.domain.near import did_you_mean, near
from jupyter_aml.runfolder import zips
from jupyter_aml.runfolder.layout import RunFolder, checked, without_links
from jupyter_aml.runfolder.names import shown
from jupyter_aml.runfolder.plain import still
from jupyter_aml.store.blobs import Blobs

MOST_FILES = 100_000
_SHOWN = 20


class Found(NamedTuple):
    """A file that shall be one of a model: its path there, and where it lies, without a link."""

    path: str
    place: str


def in_run(folder: RunFolder, name: str, only: Sequence[str], root: str | None) -> list[Found]:
    """The file of a run, or all files below a folder of it; links are left out.

    Raises NotFound with the files that there are.
    """
    name = _cleaned(name)
    place = folder.locate(name)
    real = without_links(place)
    if not real.is_relative_to(without_links(folder.path)):
        raise Refused(f"{name!r} is a link that leads out of the run's folder")
    if not real.exists():
        raise NotFound(_not_in(folder, name))
    return _all(real, only, root or shown(place.name), follow=False)


def on_disk(
    path: str, only: Sequence[str], root: str | None, *, stamp: str | None = None
) -> list[Found]:
    """A file, or all files below a folder, of this machine; links are followed.

    `stamp` is `stamp_of` what the caller sees there, who may be in a container or on another
    machine. Raises OutOfSight where it is not what is here.
    """
    place = Path(os.path.abspath(path))
    try:
        seen = stamp_of(place)
    except (OSError, ValueError):
        raise OutOfSight(f"the engine's machine has no file or folder {path!r}") from None
    if stamp is not None and stamp != seen:
        raise OutOfSight(f"{path!r} is another file or folder on the engine's machine")
    return _all(place, only, root or shown(place.name), follow=True)


def uploaded(folder: Path, name: str, only: Sequence[str], root: str | None) -> list[Found]:
    """A file, or all files below a folder, of an upload; raises NotFound."""
    place = folder / checked(name)
    if not place.exists():
        raise NotFound(f"the upload holds no {name!r}")
    return _all(place, only, root or shown(place.name), follow=False)


def stamp_of(place: Path) -> str:
    """Size and time of change of a file, of a folder the latter alone.

    Raises OSError, and ValueError for what is no path.
    """
    found = os.stat(place)
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return f"{size}-{found.st_mtime_ns}"


def keep(files: Sequence[Found], blobs: Blobs) -> tuple[ModelFile, ...]:
    """Store the contents, sorted by path; raises Invalid for what cannot be read or changes."""
    return tuple(_kept(file, blobs) for file in sorted(files))


def checked_place(model: Model, path: str, blobs: Blobs) -> Path:
    """Where the content of a file of a model lies, once it is known to be what was registered.

    Raises NotFound for another path, StorageFailed where the content is gone or has changed.
    """
    file = next((file for file in model.files if file.path == path), None)
    if file is None:
        cure = did_you_mean(path, [file.path for file in model.files])
        raise NotFound(f"model {model.label!r} has no file {path!r}{cure}")
    try:
        is_whole = blobs.is_whole(file.hash)
    except OSError as error:
        raise StorageFailed(
            f"{path!r} of model {model.label!r} cannot be read: {error.strerror}"
        ) from error
    if not is_whole:
        place = blobs.path(file.hash)
        state = "has changed on the disk" if place.exists() else "is gone from the disk"
        raise StorageFailed(
            f"{path!r} of model {model.label!r} {state} since it was registered ({place}): "
            "bring it back from a copy, or register the model again"
        )
    return without_links(blobs.path(file.hash))


def archive(model: Model, blobs: Blobs) -> Iterator[bytes]:
    """The pieces of a zip file of all files, each checked before it is packed."""
    places = ((file.path, checked_place(model, file.path, blobs)) for file in model.files)
    return zips.packed(places, blobs.folder)


def _all(place: Path, only: Sequence[str], root: str, *, follow: bool) -> list[Found]:
    if not root:
        raise Invalid(f"{place} has no name: name a file or a folder")
    if place.is_file():
        if only:
            raise Invalid(f"{place} is a file: parts can be named of a folder alone")
        return [Found(root, os.path.realpath(place))]
    if not place.is_dir():
        raise Invalid(f"{place} is neither a file nor a folder")
    if only:
        found = [*_named(place, only, root, follow=follow)]
    else:
        found = [*_below(place, root, follow=follow)]
    if not found:
        raise Invalid(f"the folder {place} holds no file")
    return found


def _named(place: Path, only: Sequence[str], root: str, *, follow: bool) -> Iterator[Found]:
    for name in dict.fromkeys(_cleaned(name) for name in only):
        part = place / checked(name)
        if not follow and without_links(part) != part:
            raise Refused(f"{name!r} is a link, and those of a run are not followed")
        if part.is_file():
            yield Found(f"{root}/{shown(name)}", os.path.realpath(part))
        elif part.is_dir():
            yield from _below(part, f"{root}/{shown(name)}", follow=follow)
        else:
            raise Invalid(f"there is no file or folder {name!r} in {place}")


def _below(place: Path, root: str, *, follow: bool) -> Iterator[Found]:
    count, seen = 0, set[str]()
    for folder, folders, names in os.walk(place, onerror=_unreadable, followlinks=follow):
        if follow:  # A loop of links ends where it comes by again.
            real = os.path.realpath(folder)
            folders[:] = [] if real in seen else folders
            names = [] if real in seen else names
            seen.add(real)
        below = os.path.relpath(folder, place).replace(os.sep, "/")
        base = root if below == "." else f"{root}/{shown(below)}"
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (follow or not os.path.islink(path)):
                count += 1
                yield Found(f"{base}/{shown(name)}", os.path.realpath(path) if follow else path)
        if count > MOST_FILES:
            raise Invalid(f"{place} holds more than {MOST_FILES:,} files: pack them into one")


def _kept(file: Found, blobs: Blobs) -> ModelFile:
    try:
        for _ in range(2):
            with open(file.place, "rb", buffering=0, opener=still) as source:
                before = _stamp(source.fileno())
                blob = blobs.put_stream(source)
                if not blobs.is_whole(blob.hash):
                    # What lay there before is damaged, and this is the cure.
                    blobs.drop(blob.hash)
                    source.seek(0)
                    blob = blobs.put_stream(source)
                if _stamp(source.fileno()) == before and blob.size == before[0]:
                    return ModelFile(file.path, blob.size, blob.hash)
    except PermissionError as error:
        raise OutOfSight(f"the engine may not read {file.place}: {error.strerror}") from error
    except OSError as error:
        raise Invalid(f"cannot read {file.place}: {error.strerror}") from error
    raise Invalid(f"{file.place} changed while it was read; register it once it is written")


def _stamp(fd: int) -> tuple[int, int, int]:
    found = os.fstat(fd)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _cleaned(name: str) -> str:
    """A name as people write it, `./outputs/`, as it is listed."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return ("/" if name.startswith("/") else "") + "/".join(parts)


def _not_in(folder: RunFolder, name: str) -> str:
    names = [known for known, _ in folder.paths()]
    close = near(name, names)
    cure = f"; did you mean {close[0]!r}?" if close else ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = f"it has {', '.join(map(repr, names[:_SHOWN]))}{more}" if names else "it has none yet"
    return f"run {folder.path.name} has no file or folder {name!r}{cure}; {listed}"


def _unreadable(error: OSError) -> None:
    kind = OutOfSight if isinstance(error, PermissionError) else Invalid
    raise kind(f"cannot read the folder {error.filename}: {error.strerror}") from error
