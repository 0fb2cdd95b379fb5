"""The files of a noun, one for each version of a name; read again only where they have changed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic

from jupyter_aml.domain.errors import AmlError, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.noun import Noun, Registered, T
from jupyter_aml.engine.root import Root, write_json, written
from jupyter_aml.runfolder.taking import takes

_SETTLED = 2.0
"""Seconds after which a time of change tells of every change."""
_HIGHEST = ".highest.json"
"""The highest numbers that were ever given, of names whose highest version was deleted."""

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Name(Generic[T]):
    """What is known of one name: its versions, and the files that need not be read again."""

    changed: int
    versions: dict[str, Registered[T]]
    files: dict[str, tuple[Stamp, Registered[T] | None]] = field(default_factory=dict)


class Shelf(Generic[T]):
    """Reads and writes the files of one noun. Blocks; knows nothing of what is allowed."""

    def __init__(self, root: Root, noun: Noun[T]) -> None:
        self._root, self._noun = root, noun
        self._names: dict[str, _Name[T]] = {}
        self._every: dict[WorkspaceName, tuple[list[Any], list[Registered[T]]]] = {}

    def folder(self, workspace: WorkspaceName) -> Path:
        """The folder of a workspace that holds all of the noun."""
        return self._root.workspaces / workspace / self._noun.folder

    def names(self, workspace: WorkspaceName) -> list[str]:
        """All names, sorted."""
        try:
            found = os.listdir(self.folder(workspace))
        except FileNotFoundError:
            return []
        return sorted((name for name in found if name[0] != "."), key=str.lower)

    def versions(self, workspace: WorkspaceName, name: str) -> Mapping[str, Registered[T]]:
        """All versions of a name; the same mapping again where nothing has changed."""
        return self._versions(workspace, name, f"{self.folder(workspace)}/{name}")

    def every(self, workspace: WorkspaceName) -> Sequence[Registered[T]]:
        """All versions of all names, the newest first."""
        folder = self.folder(workspace)
        groups = [self._versions(workspace, name, f"{folder}/{name}")
                  for name in self.names(workspace)]  # fmt: skip
        known, listed = self._every.get(workspace, ([], []))
        is_same = len(known) == len(groups) and all(
            one is other for one, other in zip(known, groups, strict=True)
        )
        if not is_same:
            listed = [one for group in groups for one in group.values()]
            listed.sort(key=attrgetter("created_at", "name", "number"), reverse=True)
            self._every[workspace] = groups, listed
        return listed

    def unread(self, workspace: WorkspaceName) -> Iterator[Path]:
        """The files of versions that are there and cannot be read, of which nobody knows."""
        for name in self.names(workspace):
            known = self.versions(workspace, name)
            for path in (self.folder(workspace) / name).glob("[!.]*.json"):
                if path.stem not in known:
                    yield path

    def numbers(self, workspace: WorkspaceName, name: str) -> list[int]:
        """The numbers that are taken, also by files that cannot be read."""
        stems = (path.stem for path in (self.folder(workspace) / name).glob("[!.]*.json"))
        highest = self._highest(workspace).get(name, 0) if self._noun.counts_on else 0
        return [highest, *(int(stem) for stem in stems if stem.isdecimal())]

    def enter(self, made: Registered[T]) -> bool:
        """Write a new version; False where its number is taken."""
        target = self._file(made)
        if target.exists():
            return False
        with written(target, self._json(made)) as unfinished:
            return takes(target, Path(unfinished))

    def write(self, known: Registered[T]) -> None:
        """Write a version that is there."""
        write_json(self._file(known), self._json(known))

    def remove(self, workspace: WorkspaceName, name: str, versions: Sequence[str]) -> None:
        """Remove the files of versions."""
        folder = self.folder(workspace)
        if self._noun.counts_on:
            taken = max(self.numbers(workspace, name))
            write_json(folder / _HIGHEST, {**self._highest(workspace), name: taken})
        for each in versions:
            (folder / name / f"{each}.json").unlink(missing_ok=True)
        self._names.pop(f"{folder}/{name}", None)
        with contextlib.suppress(OSError):
            (folder / name).rmdir()  # Unless other versions are there.

    # ---- inside -----------------------------------------------------------------------------

    def _versions(
        self, workspace: WorkspaceName, name: str, folder: str
    ) -> dict[str, Registered[T]]:
        # Paths as texts: there may be 10,000 names, and each is looked at for a list of them.
        try:
            changed = os.stat(folder).st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            self._names.pop(folder, None)
            return {}
        known = self._names.get(folder)
        if known is not None and known.changed == changed:
            return known.versions
        files = {} if known is None else known.files
        found = _Name[T](changed, {})
        for file, stamp, one in self._files(workspace, folder, files):
            if one is not None:
                found.versions[one.version] = one
            if _is_settled(stamp[1]):
                found.files[file] = stamp, one
        # A change within the same tick of the clock would not be seen.
        self._names[folder] = found
        if not _is_settled(changed):
            found.changed = -1
        return found.versions

    def _files(
        self, workspace: WorkspaceName, folder: str, known: Mapping[str, Any]
    ) -> Iterator[tuple[str, Stamp, Registered[T] | None]]:
        """The files of a name, of those that are as they were what was read of them."""
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.endswith(".json"):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    found = entry.stat()
                    stamp = found.st_ino, found.st_mtime_ns, found.st_size
                    before = known.get(entry.name)
                    if before is not None and before[0] == stamp:
                        yield entry.name, stamp, before[1]
                    else:
                        yield entry.name, stamp, self._read(workspace, entry)

    def _read(self, workspace: WorkspaceName, entry: os.DirEntry[str]) -> Registered[T] | None:
        try:
            with open(entry.path, "rb", buffering=0) as file:
                data: Mapping[str, Any] = json.loads(file.read())
            version = entry.name.removesuffix(".json")
            definition = self._noun.from_json(data["definition"]).with_version(version)
            whole = self._noun.apart.brought_back(workspace, definition)
            tags = {str(key): str(value) for key, value in data.get("tags", {}).items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, AmlError):
            return None
        known = Registered(
            workspace, whole, str(data.get("createdAt", "")),
            tags=tags, is_archived=data.get("isArchived") is True,
        )  # fmt: skip
        if self._noun.apart.is_open(definition):
            with contextlib.suppress(StorageFailed):
                self.write(known)
        return known

    def _highest(self, workspace: WorkspaceName) -> dict[str, int]:
        try:
            data: Any = json.loads((self.folder(workspace) / _HIGHEST).read_bytes())
            return {str(name): int(number) for name, number in data.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _file(self, known: Registered[T]) -> Path:
        return self.folder(known.workspace) / known.name / f"{known.version}.json"

    def _json(self, known: Registered[T]) -> dict[str, Any]:
        definition = self._noun.apart.put_away(known.workspace, known.definition)
        data: dict[str, Any] = {"definition": definition, "createdAt": known.created_at}
        if known.tags:
            data["tags"] = dict(known.tags)
        if known.is_archived:
            data["isArchived"] = True
        return data


def _is_settled(changed: int) -> bool:
    return time.time() - changed / 1e9 > _SETTLED
