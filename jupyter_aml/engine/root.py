"""Where everything of a root lies."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import get_ident
from typing import Any
from uuid import uuid4

from jupyter_aml.domain import secrets
from jupyter_aml.domain.errors import AmlError, NotFound, StorageFailed
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.domain.run import Run
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.runfolder.trust import is_own
from jupyter_aml.wire.coding import decode_run, encode_run

NEW, GONE = ".new-", ".gone-"
"""Prefixes of a run's folder that is being made, and of one that is being removed."""


class Root:
    """The paths of one root."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def workspaces(self) -> Path:
        """One folder a workspace."""
        return self.path / "workspaces"

    def workspace_names(self) -> list[WorkspaceName]:
        """The workspaces that have a folder, whatever the index knows."""
        found = self.workspaces.glob("[!.]*")
        return sorted(WorkspaceName(path.name) for path in found if path.is_dir())

    def need_workspace(self, name: WorkspaceName) -> None:
        """Raise NotFound, naming the nearest, where there is no such workspace."""
        if not (self.workspaces / name).is_dir():
            near = did_you_mean(name, self.workspace_names())
            raise NotFound(f"there is no workspace {name!r}{near}")

    def workspace_being_removed(self, name: WorkspaceName) -> Path:
        """The folder of a workspace until it is gone; another one at each call."""
        return self.workspaces / f"{GONE}{name}-{uuid4().hex}"

    def has_folders(self, name: WorkspaceName) -> bool:
        """Whether folders of runs lie in a workspace, but for those that are being removed."""
        return any(not path.name.startswith(GONE) for path in self.runs(name).glob("*"))

    def runs(self, workspace: WorkspaceName) -> Path:
        """All run folders of a workspace."""
        return self.workspaces / workspace / "runs"

    def folder(self, run: Run) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.runs(run.workspace) / run.id)

    def being_made(self, run: Run) -> RunFolder:
        """A folder for a run until it is whole; another one at each call."""
        return RunFolder(self.runs(run.workspace) / f"{NEW}{uuid4().hex}")

    def being_removed(self, run: Run) -> RunFolder:
        """The folder of a run until it is gone."""
        return RunFolder(self.runs(run.workspace) / f"{GONE}{run.id}")

    def leftovers(self) -> Iterator[tuple[RunId | None, Path]]:
        """Folders that an earlier engine did not finish making, or removing: then with the run."""
        for path in self.workspaces.glob("*/runs/.*"):
            if path.name.startswith(NEW):
                yield None, path
            elif path.name.startswith(GONE):
                yield RunId(path.name.removeprefix(GONE)), path
        for path in self.workspaces.glob(f"{GONE}*"):
            yield None, path

    def folder_ids(self) -> Iterator[tuple[RunId, Path]]:
        """The ids and paths of all whole run folders, whatever the index knows.

        Where one id lies in two workspaces, the first by its name counts.
        """
        for runs in sorted(self.workspaces.glob("*/runs")):
            with os.scandir(runs) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                        yield RunId(entry.name), Path(entry.path)


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file so that a reader sees the old or the new one, never a part.

    Raises StorageFailed where the disk refuses it.
    """
    with written(path, data) as unfinished:
        os.replace(unfinished, path)


@contextlib.contextmanager
def written(path: Path, data: Any) -> Iterator[str]:
    """A JSON file, whole, beside the place where it belongs; gone afterwards.

    Raises StorageFailed where the disk refuses it.
    """
    # Texts and not paths: a run may have 10,000 children, and each has such a file.
    # Several threads may write the same at once.
    unfinished = f"{path.parent}/.{path.name}.{os.getpid()}-{get_ident()}"
    content = json.dumps(data, ensure_ascii=False, indent=1).encode()
    try:
        try:
            _write(unfinished, content)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(unfinished, content)
        yield unfinished
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)


def _write(path: str, content: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]


def write_record(folder: RunFolder, run: Run) -> None:
    """Write run.json; what is secret goes into its own file, and stays in no other."""
    if run.job is not None:
        found = secrets.taken(run.job.environment_variables, run.job.secret_variables)
        secret_files.keep(folder.secrets, found)
    write_json(folder.record, encode_run(run))


def read_record(path: Path) -> Run | None:
    """Read the run.json of this run folder; None where there is none that can be read.

    A run belongs to the workspace that its folder lies in, wherever it was copied from. One in
    which an earlier version left secrets is mended.
    """
    if not (is_own(path) and is_own(path / "run.json")):
        return None  # Its command would run as this user.
    try:
        data = json.loads(read_plain(path / "run.json"))
        run = decode_run(data)
    except (OSError, ValueError, AmlError, TypeError):
        return None
    if run.id != path.name:
        return None
    if run.job is not None and secrets.taken(
        run.job.environment_variables, run.job.secret_variables
    ):
        with contextlib.suppress(StorageFailed):
            write_record(RunFolder(path), run)
    return replace(run, workspace=WorkspaceName(path.parent.parent.name))
