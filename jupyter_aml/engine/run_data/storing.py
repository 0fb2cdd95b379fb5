"""Takes one output of a run to its datastore."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jupyter_aml.data import patterns
from jupyter_aml.data.stores import Store
from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import AlreadyExists, StorageFailed
from jupyter_aml.domain.run_data import Output
from jupyter_aml.engine.run_data.laying import Work, check_inside, counted
from jupyter_aml.runfolder.layout import RunFolder


def place(each: Output, store: Store, folder: RunFolder, run_id: str, *, far: bool) -> str:
    """Where the script writes an output, made where the script expects it. Blocks.

    `far` is a script that does not reach the datastore, though it is on this machine.
    """
    if each.path_on_compute is not None:
        target = folder.work / each.path_on_compute
        check_inside(target, folder.work)
        target.parent.mkdir(parents=True, exist_ok=True)
        return str(target)
    there = store.local_path(run_data.destination(each, run_id))
    is_direct = each.mode == run_data.MOUNT and there is not None and not far
    made = there if is_direct and there is not None else folder.results / each.name
    try:
        made.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"cannot make {made}: {error.strerror}") from error
    return os.path.abspath(made)


def take(each: Output, store: Store, folder: RunFolder, run_id: str, work: Work) -> int:
    """Upload what a script left, where it did not write to the datastore itself; count the files.

    A file that is there already is replaced with `overwrite` alone, or where this run has written
    it before it was killed. Raises AlreadyExists. Blocks.
    """
    destination = run_data.destination(each, run_id)
    there = store.local_path(destination)
    if there is not None and each.place == os.path.abspath(there):
        return sum(1 for _ in store.walk(destination))
    assert each.place is not None
    fits = _fitting(each.globs)
    names = [name for name in _below(Path(each.place)) if fits(name or Path(each.place).name)]
    begun = _Begun(folder.results / f".{each.name}.begun")
    jobs = [(name, _putting(each, store, name, destination, begun)) for name in names]
    if jobs:
        folder.results.mkdir(exist_ok=True)
        counted(jobs, verb="uploading", what=repr(each.name), work=work)
    return len(jobs)


class _Begun:
    """The files that this run began to upload: what there is of them is its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        text = file.read_text("utf-8", "surrogateescape") if file.exists() else ""
        self._names = set(text.split("\0"))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        """Note it, before anything is written."""
        with self._file.open("ab") as file:
            file.write(os.fsencode(f"{name}\0"))


def _putting(
    each: Output, store: Store, name: str, destination: str, begun: _Begun
) -> Callable[[], None]:
    local = Path(each.place or "", name) if name else Path(each.place or "")
    target = "/".join(part for part in (destination, name or local.name) if part)

    def put() -> None:
        if not each.overwrite and target not in begun and store.exists(target):
            raise AlreadyExists(
                f"output {each.name!r}: {target!r} is on the datastore {each.datastore!r} already; "
                "upload it with overwrite=True, or to a path of the run's own"
            )
        begun.add(target)
        store.put(local, target)

    return put


def _below(place: Path) -> Iterator[str]:
    """The files below a folder, by their paths there; of a file itself the empty path."""
    if place.is_file():
        yield ""
    for here, folders, names in os.walk(place):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            if os.path.isfile(path):
                yield os.path.relpath(path, place).replace(os.sep, "/")


def _fitting(globs: Sequence[str]) -> Callable[[str], bool]:
    """What says whether a file is among those that are meant."""
    fits = [patterns.matcher(glob) for glob in globs]
    return lambda name: not fits or any(each(name) for each in fits)
