"""The names that people give to versions of models: `champion` is version 3."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.engine.root import Root, write_json

LATEST = "latest"
"""The alias that the newest version always has, and no other."""


class ModelAliases:
    """Reads and writes aliases, a file for each workspace. Blocks: call it in one thread."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def every(self, workspace: WorkspaceName) -> Mapping[tuple[str, str], list[str]]:
        """The aliases by name and version, sorted."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, aliases in self._read(workspace).items():
            for alias, version in sorted(aliases.items()):
                found.setdefault((name, version), []).append(alias)
        return found

    def version(self, workspace: WorkspaceName, name: str, alias: str) -> str:
        """The version that has an alias; NotFound names those that there are."""
        there = self._read(workspace).get(name, {})
        if alias not in there:
            cure = did_you_mean(alias, there) or "; it has none yet"
            raise NotFound(f"model {name!r} has no alias {alias!r}{cure}")
        return there[alias]

    def set(self, workspace: WorkspaceName, name: str, version: str, alias: str) -> None:
        """Give a version an alias, which leaves whichever version had it."""
        if ids.named("alias", alias).isdecimal() or alias.lower() == LATEST:
            taken = "always the newest version" if alias.lower() == LATEST else "a version's number"
            raise Invalid(f"{alias!r} cannot be an alias: it is {taken}")
        known = self._read(workspace)
        known[name] = {**known.get(name, {}), alias: version}
        write_json(self._file(workspace), known)

    def remove(self, workspace: WorkspaceName, name: str, alias: str) -> None:
        """Take an alias away; NotFound where there is none of that name."""
        self.version(workspace, name, alias)
        known = self._read(workspace)
        del known[name][alias]
        write_json(self._file(workspace), known)

    def of(self, workspace: WorkspaceName, name: str, versions: Sequence[str]) -> list[str]:
        """The aliases that any of these versions has."""
        there = self._read(workspace).get(name, {})
        return sorted(alias for alias, version in there.items() if version in versions)

    def _file(self, workspace: WorkspaceName) -> Path:
        return self._root.workspaces / workspace / "model-aliases.json"

    def _read(self, workspace: WorkspaceName) -> dict[str, dict[str, str]]:
        path = self._file(workspace)
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StorageFailed(f"{path} cannot be read: {error}") from error
        if not isinstance(data, dict):
            raise StorageFailed(f"{path} is not what the engine wrote")
        return data
