"""The environments that were registered: a file each, which is all there is to know."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_aml.domain import environment, secrets
from jupyter_aml.domain.environment import CURATED_PREFIX, Definition
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Refused, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.engine.words import near
from jupyter_aml.environments import curated
from jupyter_aml.runfolder import secrets as secret_files


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of an environment in a workspace; `created_at` is ISO 8601 in UTC."""

    workspace: WorkspaceName
    definition: Definition
    created_at: str
    note: str | None = None
    """A sentence where it stands in for the one that was asked for."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.definition.version or ""


class EnvironmentBook:
    """Reads and writes the definitions of a root. Blocks: call it in one thread."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def register(self, workspace: WorkspaceName, definition: Definition, *, at: str) -> Registered:
        """Enter a definition as the next version of its name; an equal one stays what it is."""
        if definition.is_curated:
            found = curated.find(definition.name)
            if found is not None and found[0].same_as(definition):
                return Registered(workspace, found[0], "")
            raise Refused(
                f"{definition.name!r}: names that begin with {CURATED_PREFIX!r} belong to the "
                "environments that come with jupyter_aml; clone it under another name"
            )
        versions = self.versions(workspace, definition.name)
        # What is hidden in it is what it was where it comes from, which is its own version.
        meant = sorted(versions, key=lambda version: version != definition.version)
        there = [self._read(self._file(workspace, definition.name, each)) for each in meant]
        for known in there:
            if known is not None and known.definition.same_as(_filled(definition, known)):
                return known
        for known in there:
            definition = definition if known is None else _filled(definition, known)
        for missing in secrets.missing_of(definition.data):
            raise Invalid(
                f"environment {definition.name!r}: the value of {missing} is hidden "
                f"({secrets.MASK}) and not known here: give it once more"
            )
        numbers = [int(version) for version in versions if version.isdecimal()]
        made = Registered(workspace, definition.with_version(str(max(numbers, default=0) + 1)), at)
        own = made.definition.data
        hidden = secret_files.of_environment(self._root.path, workspace, made.name, made.version)
        if secrets.taken_of(own):
            hidden.parent.mkdir(parents=True, exist_ok=True)
            secret_files.keep(hidden, secrets.taken_of(own))
        data = {"definition": secrets.hidden_of(own), "createdAt": at}
        write_json(self._file(workspace, made.name, made.version), data)
        return made

    def get(self, workspace: WorkspaceName, name: str, version: str | None = None) -> Registered:
        """A version, or the newest; NotFound names the nearest."""
        found = curated.find(name)
        if found is not None:
            definition, note = found
            if version not in (None, definition.version) and note is None:
                raise NotFound(
                    f"there is no version {version!r} of environment {name!r}; "
                    f"there is {definition.version}"
                )
            return Registered(workspace, definition, "", note)
        environment.environment_name(name)
        versions = self.versions(workspace, name)
        if not versions:
            names = [one.name for one in self.newest(workspace)]
            raise NotFound(f"there is no environment {name!r}{near(name, names)}")
        wanted = versions[0] if version is None else environment.version_name(version)
        known = self._read(self._file(workspace, name, wanted))
        if known is None:
            raise NotFound(
                f"there is no version {wanted!r} of environment {name!r}; "
                f"there are {', '.join(reversed(versions))}"
            )
        return known

    def versions(self, workspace: WorkspaceName, name: str) -> list[str]:
        """The versions of a name, newest first."""
        found = curated.find(name)
        if found is not None:
            return [found[0].version or ""]
        try:
            files = os.listdir(self._folder(workspace) / name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        kept = [file.removesuffix(".json") for file in files if file[0] != "."]
        return sorted(kept, key=_order, reverse=True)

    def newest(self, workspace: WorkspaceName) -> Iterator[Registered]:
        """The newest version of each name, by name, then the curated ones."""
        try:
            names = sorted(os.listdir(self._folder(workspace)), key=str.lower)
        except FileNotFoundError:
            names = []
        for name in names:
            for version in self.versions(workspace, name)[:1]:
                known = self._read(self._file(workspace, name, version))
                if known is not None:
                    yield known
        for definition in curated.every().values():
            yield Registered(workspace, definition, "")

    def remove(self, workspace: WorkspaceName, name: str, version: str | None) -> list[str]:
        """Remove a version, or all of a name; returns those that are gone."""
        if curated.find(name) is not None:
            raise Refused(f"{name!r} comes with jupyter_aml and cannot be deleted")
        self.get(workspace, name, version)
        gone = self.versions(workspace, name) if version is None else [version]
        for one in gone:
            self._file(workspace, name, one).unlink(missing_ok=True)
            hidden = secret_files.of_environment(self._root.path, workspace, name, one)
            hidden.unlink(missing_ok=True)
        if not self.versions(workspace, name):
            (self._folder(workspace) / name).rmdir()
        return gone

    def _folder(self, workspace: WorkspaceName) -> Path:
        return self._root.workspaces / workspace / "environments"

    def _file(self, workspace: WorkspaceName, name: str, version: str) -> Path:
        return self._folder(workspace) / name / f"{version}.json"

    def _read(self, path: Path) -> Registered | None:
        try:
            data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            definition = environment.read(data["definition"])
        except (OSError, ValueError, KeyError, TypeError, AmlError):
            return None
        workspace = WorkspaceName(path.parent.parent.parent.name)
        hidden = secret_files.of_environment(
            self._root.path, workspace, path.parent.name, path.stem
        )
        if secrets.taken_of(definition.data):
            self._mend(path, data, definition, hidden)
        elif secrets.missing_of(definition.data):
            known = secret_files.read(hidden)
            definition = environment.read(secrets.revealed_of(definition.data, known))
        return Registered(workspace, definition, str(data.get("createdAt", "")))

    def _mend(
        self, path: Path, data: Mapping[str, Any], definition: Definition, hidden: Path
    ) -> None:
        """Put what an earlier version left open where it belongs."""
        with suppress(StorageFailed):
            secret_files.keep(hidden, secrets.taken_of(definition.data))
            write_json(path, {**data, "definition": secrets.hidden_of(definition.data)})


def _filled(definition: Definition, known: Registered) -> Definition:
    """A definition with what is hidden in it as another version has it."""
    if not secrets.missing_of(definition.data):
        return definition
    there = secrets.taken_of(known.definition.data)
    return environment.read(secrets.revealed_of(definition.data, there))


def _order(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdecimal() else (-1, version)
