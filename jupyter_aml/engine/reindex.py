"""Writes the index again from the folders alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.engine.lock import RootLock
from jupyter_aml.engine.root import Root, read_record
from jupyter_aml.engine.settings import Settings
from jupyter_aml.store.database import Database
from jupyter_aml.store.reindex import reindex
from jupyter_aml.wire.coding import decode_time


def reindex_root(settings: Settings) -> tuple[int, list[Path]]:
    """Refill the database of a root; returns how many runs it holds and folders it cannot read.

    Raises RootTaken while an engine holds the root.
    """
    lock = RootLock(settings.root)
    try:
        database = Database.open(settings.database or settings.root / "aml.db")
        try:
            database.next_epoch(f"reindex {os.getpid()}")
            root, unreadable = Root(settings.root), list[Path]()
            count = reindex(
                database,
                _runs(root, unreadable),
                list(_experiments(root)),
                list(_workspaces(root)),
            )
        finally:
            database.close()
    finally:
        lock.release()
    return count, unreadable


def _runs(root: Root, unreadable: list[Path]) -> Iterator[Run]:
    for _, path in root.folder_ids():
        run = read_record(path)
        if run is not None:
            yield run
        elif os.path.lexists(path / "run.json") or not (path / "metrics").is_dir():
            unreadable.append(path)
        # Else a child that a script has just made: its parent's records bring it in.


def _workspaces(root: Root) -> Iterator[Workspace]:
    for folder in sorted(root.workspaces.glob("*")):
        told = _read(folder / "workspace.json")
        try:
            name = ids.workspace_name(folder.name)
        except AmlError:
            continue  # Not made by us: no workspace can have this name.
        yield Workspace(
            name=name,
            subscription_id=told.get("subscriptionId", ""),
            resource_group=told.get("resourceGroup", ""),
            location=told.get("location", "local"),
            tags=told.get("tags", {}),
            created_at=_made(folder, told),
        )


def _experiments(root: Root) -> Iterator[Experiment]:
    for path in sorted(root.workspaces.glob("*/experiments/*.json")):
        told = _read(path)
        try:
            name = ids.experiment_name(path.stem)
            workspace = ids.workspace_name(path.parent.parent.name)
        except AmlError:
            continue
        yield Experiment(
            name=name,
            workspace=workspace,
            tags=told.get("tags", {}),
            created_at=_made(path, told),
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _made(path: Path, told: dict[str, Any]) -> datetime:
    try:
        return decode_time(told.get("createdAt")) or datetime.fromtimestamp(
            path.stat().st_mtime, UTC
        )
    except AmlError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
