"""Writes the index again from the folders alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.numbers import with_own_numbers
from jupyter_aml.domain.run import Run
from jupyter_aml.engine import workspace_files as files
from jupyter_aml.engine.environments.book import EnvironmentBook
from jupyter_aml.engine.lock import RootLock
from jupyter_aml.engine.root import Root, read_record, write_record
from jupyter_aml.engine.settings import Settings
from jupyter_aml.store.database import Database
from jupyter_aml.store.reindex import reindex


def reindex_root(settings: Settings) -> tuple[int, list[Path]]:
    """Refill the database of a root; returns how many runs it holds, and what it cannot take in.

    What earlier versions left open of secrets is put into files of its own. Raises RootTaken
    while an engine holds the root.
    """
    lock = RootLock(settings.root)
    try:
        database = Database.open(settings.database or settings.root / "aml.db")
        try:
            database.next_epoch(f"reindex {os.getpid()}")
            database.give_to("")
            root, unreadable = Root(settings.root), list[Path]()
            _mend_environments(root)
            told = sorted(_runs(root, unreadable), key=lambda run: (run.created_at, run.id))
            numbered = with_own_numbers(told)
            places = (
                list(files.experiments(root, unreadable)),
                list(files.workspaces(root, unreadable)),
            )
            reindex(database, numbered, *places)
            for before, run in zip(told, numbered, strict=True):
                if before.number != run.number:
                    write_record(root.folder(run), run)
        finally:
            database.close()
    finally:
        lock.release()
    return len(numbered), unreadable


def _runs(root: Root, unreadable: list[Path]) -> Iterator[Run]:
    met: set[RunId] = set()
    for run_id, path in root.folder_ids():
        run = read_record(path)
        if run is not None and run_id not in met:
            met.add(run_id)
            yield run
        elif os.path.lexists(path / "run.json") or not (path / "metrics").is_dir():
            unreadable.append(path)
        # Else a child that a script has just made: its parent's records bring it in.


def _mend_environments(root: Root) -> None:
    book = EnvironmentBook(root)
    for path in sorted(root.workspaces.glob("*/environments/*/*.json")):
        if not path.name.startswith("."):
            with suppress(AmlError):
                # Whoever reads a definition mends it.
                workspace = ids.workspace_name(path.parent.parent.parent.name)
                book.get(workspace, path.parent.name, path.stem)
