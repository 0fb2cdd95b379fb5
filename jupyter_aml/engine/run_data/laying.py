"""Lays the files of an input into a folder: links to what is on this machine, copies of the rest.

Everything here blocks, in a thread of its own. It ends soon after it is told to stop, and may be
repeated after any end: a folder is made beside its place and comes there when it is whole.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from jupyter_aml.data.stores import LocalStore, Store
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, StorageFailed
from jupyter_aml.environments.protocol import Say
from jupyter_aml.runfolder.layout import without_links
from jupyter_aml.runfolder.trees import remove_tree

AT_ONCE = 8
"""Files that are fetched at a time."""
_PIECE = 1 << 20
_STEPS = 500
"""How often it is told how far it is."""


class Stopped(AmlError):
    """Nobody waits for it any more."""


@dataclass(frozen=True)
class Work:
    """What is done in a thread: it tells how far it is, and can be stopped."""

    say: Say
    stop: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise Stopped where nobody waits any more."""
        if self.stop.is_set():
            raise Stopped("it was stopped")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that belongs into the folder of an input."""

    name: str
    """Its path there."""
    store: Store
    path: str
    """Its path in the store."""

    @property
    def local(self) -> str | None:
        """Where it is on this machine, and stays; None for what must be fetched."""
        # The store has found it, so the path is one of its own: of 100,000 none is looked at again.
        if isinstance(self.store, LocalStore):
            return os.path.join(os.path.abspath(self.store.folder), self.path)
        return None


def lay(pieces: Sequence[Piece], folder: Path, *, what: str, as_links: bool, work: Work) -> None:
    """Make a folder that holds the files, whole or not at all; raises AmlError with `what` it was.

    Links lead to files of this machine; without `as_links` these are copied, too.
    """
    unfinished = folder.with_name(f".new-{folder.name}")
    remove_tree(unfinished)
    unfinished.mkdir(parents=True)
    apart = [piece for piece in pieces if not (as_links and _link(piece, unfinished, work))]
    _copy_all(apart, unfinished, what=what, work=work)
    remove_tree(folder)
    os.rename(unfinished, folder)


def bring(made: Path, target: Path, inside: Path) -> list[str]:
    """Put a folder that was made in its place below the working folder.

    What is there already stays, but for files of the same names, which are returned.
    """
    check_inside(target, inside)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(target):
        os.rename(made, target)
        return []
    if not target.is_dir():
        raise Invalid(f"{target.relative_to(inside)} is a file of what was sent, and no folder")
    replaced = []
    for path in _files(made):
        name = path.relative_to(made)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target / name):
            replaced.append(str(name))
        os.replace(path, target / name)
    remove_tree(made)
    return replaced


def check_inside(target: Path, inside: Path) -> None:
    """Raise Invalid where links on the way lead out of the working folder."""
    if not without_links(target).is_relative_to(without_links(inside)):
        raise Invalid(f"{target.relative_to(inside)} leads out of the folder of the script")


def copy(piece: Piece, target: Path, work: Work) -> None:
    """Copy a file, and look between its pieces whether anybody waits for it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _opened(piece) as source, target.open("wb") as made:
        while block := source.read(_PIECE):
            work.check()
            made.write(block)


def _opened(piece: Piece) -> IO[bytes]:
    local = piece.local
    if local is None:
        return piece.store.open(piece.path, "rb")
    try:
        return Path(local).open("rb")
    except OSError as error:
        raise NotFound(f"cannot read {local}: {error.strerror}") from error


def counted(
    jobs: Sequence[tuple[str, Callable[[], None]]], *, verb: str, what: str, work: Work
) -> None:
    """Do all jobs, several at a time, and tell how many are done; raises what the first raises."""
    done, lock, step = 0, threading.Lock(), max(1, len(jobs) // _STEPS)

    def one(job: Callable[[], None]) -> None:
        nonlocal done
        work.check()
        job()
        with lock:
            done += 1
            if done % step == 0 or done == len(jobs):
                work.say(f"{verb} {what}: {done:,} of {len(jobs):,} files")

    work.say(f"{verb} {what}: 0 of {len(jobs):,} files")
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="aml-input")
    try:
        futures = [pool.submit(one, job) for _, job in jobs]
        ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((error for each in ended if (error := each.exception())), None)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if failed is not None:
        raise failed


def _copy_all(pieces: Sequence[Piece], folder: Path, *, what: str, work: Work) -> None:
    def job(piece: Piece) -> Callable[[], None]:
        return lambda: copy(piece, Path(_place(folder, piece.name)), work)

    if not pieces:
        return
    verb = "copying" if all(piece.local is not None for piece in pieces) else "downloading"
    try:
        counted([(each.name, job(each)) for each in pieces], verb=verb, what=what, work=work)
    except OSError as error:
        raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error


def _link(piece: Piece, folder: Path, work: Work) -> bool:
    """Link a file of this machine; False for what has to be fetched."""
    local = piece.local
    if local is None:
        return False
    work.check()
    place = _place(folder, piece.name)
    try:
        os.symlink(local, place)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(local, place)
    return True


def _place(folder: Path, name: str) -> str:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise Invalid(f"{name!r} is no name of a file in a folder")
    return os.path.join(folder, *parts)


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        # A link to a folder is one of what was laid, and moves as a file does.
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        yield from (Path(here, name) for name in (*names, *links))


def tops(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The folders of this machine that the files lie in, one for each store."""
    found: dict[int, set[str]] = {}
    for piece in pieces:
        local = piece.local
        if local is not None:
            found.setdefault(id(piece.store), set()).add(os.path.dirname(local))
    return tuple(sorted({os.path.commonpath(each) for each in found.values()}))
