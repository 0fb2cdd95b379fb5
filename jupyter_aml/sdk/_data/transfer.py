"""Copies files to and from a datastore, several at a time, and says so as SDK v1 did."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Entry, Store

AT_ONCE = 8
"""Files that are copied at a time."""

Say = Callable[[str], None]
Pair = tuple[str, str]
"""A file on this machine, as the caller wrote it, and its path on the datastore."""


def teller(show_progress: bool) -> Say:
    """What prints a line, or does not."""
    lock = threading.Lock()

    def say(line: str) -> None:
        with lock:  # Lines of several threads stay lines.
            sys.stdout.write(f"{line}\n")

    return say if show_progress else lambda line: None


def upload(store: Store, pairs: Sequence[Pair], *, overwrite: bool, say: Say) -> int:
    """Copy files to the datastore; returns how many. One that is there stays unless overwritten."""
    say(f"Uploading an estimated of {len(pairs)} files")
    wanted: list[Pair] = []
    for source, target in pairs:
        if not overwrite and store.exists(target):
            say(f"Target already exists. Skipping upload for {target}")
        else:
            wanted.append((source, target))
    copies = [(source, _putting(store, source, target)) for source, target in wanted]
    count = _all(copies, "Upload", say)
    say(f"Uploaded {count} files")
    return count


def download(
    store: Store, entries: Iterable[Entry], folder: Path, *, overwrite: bool, say: Say
) -> int:
    """Copy files from the datastore below a folder; returns how many."""
    wanted: list[tuple[str, Path]] = []
    for entry in entries:
        target = folder / inside(entry.path)
        if not overwrite and target.exists():
            say(f"Path already exists. Skipping download for {target}")
        else:
            wanted.append((entry.path, target))
    copies = [(path, _getting(store, path, target)) for path, target in wanted]
    return _all(copies, "Download", say)


def below(folder: str, target: str) -> list[Pair]:
    """The files below a folder, and where they go; raises UserErrorException for no folder."""
    if not os.path.isdir(folder):
        raise UserErrorException(f"src_dir: {folder!r} is no folder")
    pairs: list[Pair] = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            pairs.append((path, _joined(target, relative)))
    return pairs


def chosen(files: Sequence[str], root: str | None, target: str) -> list[Pair]:
    """Files one by one, and where they go: below `target` by their paths from `root`.

    Without a root it is the folder that all of them share. Raises UserErrorException naming the
    file that is none, or lies elsewhere.
    """
    for path in files:
        if not os.path.isfile(path):
            raise UserErrorException(f"files: {path!r} is no file")
    if root is None:
        root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in files])
    pairs: list[Pair] = []
    for path in files:
        relative = os.path.relpath(path, root)
        if relative == os.pardir or relative.startswith(os.pardir + os.sep):
            raise UserErrorException(f"relative_root: {root!r} does not hold the file {path!r}")
        pairs.append((path, _joined(target, relative.replace(os.sep, "/"))))
    return pairs


def matching(store: Store, prefix: str | None) -> list[Entry]:
    """The files below a folder, or of that path; else those whose paths begin so."""
    if not prefix:
        return [*store.walk()]
    meant = inside(prefix)
    found = [*store.walk(meant)]
    if found or prefix.endswith("/"):
        return found
    parent = meant.rpartition("/")[0]
    return [entry for entry in store.walk(parent) if entry.path.startswith(meant)]


def target_path(given: str | None) -> str:
    """A folder on the datastore as it is meant; raises UserErrorException where it climbs out."""
    try:
        return inside((given or "").replace("\\", "/"))
    except Invalid as error:
        raise UserErrorException(f"target_path: {error}") from None


def _joined(target: str, relative: str) -> str:
    return f"{target}/{relative}" if target else relative


def _putting(store: Store, source: str, target: str) -> Callable[[], None]:
    return lambda: store.put(Path(source), target)


def _getting(store: Store, path: str, target: Path) -> Callable[[], None]:
    return lambda: store.get(path, target)


def _all(copies: Sequence[tuple[str, Callable[[], None]]], verb: str, say: Say) -> int:
    """Do all copies; after the first that fails no further one begins, and it says what is done."""
    done, lock = 0, threading.Lock()

    def one(name: str, copy: Callable[[], None]) -> None:
        nonlocal done
        say(f"{verb}ing {name}")
        copy()
        with lock:
            done += 1
            say(f"{verb}ed {name}, {done} files out of an estimated total of {len(copies)}")

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="aml-copy")
    try:
        futures = [pool.submit(one, name, copy) for name, copy in copies]
        ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((error for each in ended if (error := each.exception())), None)
    finally:
        # Also after an interrupt: what has begun is whole, what has not does not begin.
        pool.shutdown(wait=True, cancel_futures=True)
    if failed is None:
        return done
    if isinstance(failed, AmlError):
        left = f" ({done} of {len(copies)} files are {verb.lower()}ed; the call may be repeated)"
        raise type(failed)(f"{failed}{left}") from None
    raise failed
