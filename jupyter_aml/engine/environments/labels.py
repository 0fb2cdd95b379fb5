"""The labels that people give to versions of environments: `Production` is version 3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.environments.book import EnvironmentBook
from jupyter_aml.engine.root import Root, write_json

LATEST = "Latest"
"""The label that the newest version always has, and no other."""


class EnvironmentLabels:
    """Reads and writes labels, a file for each workspace. Blocks: call it in one thread."""

    def __init__(self, root: Root, book: EnvironmentBook) -> None:
        self._root, self._book = root, book

    def of(self, workspace: WorkspaceName, name: str) -> dict[str, str]:
        """The versions of an environment by their labels; NotFound where there is none."""
        newest = self._book.get(workspace, name)
        return {**self._read(workspace).get(name, {}), LATEST: newest.version}

    def add(
        self, workspace: WorkspaceName, name: str, version: str, labels: Sequence[str]
    ) -> dict[str, str]:
        """Give a version labels, which leave whichever version had them."""
        found = self._book.get(workspace, name, version)
        for label in labels:
            if ids.named("label", label) == LATEST:
                raise Invalid(f"the label {LATEST!r} always belongs to the newest version")
        known = self._read(workspace)
        known[name] = {**known.get(name, {}), **dict.fromkeys(labels, found.version)}
        write_json(self._file(workspace), known)
        return self.of(workspace, name)

    def forget(self, workspace: WorkspaceName, name: str, versions: Sequence[str]) -> None:
        """Take away the labels of versions that are gone, so that no later one inherits them."""
        known = self._read(workspace)
        kept = {label: of for label, of in known.get(name, {}).items() if of not in versions}
        if kept != known.get(name, {}):
            write_json(self._file(workspace), {**known, name: kept})

    def _file(self, workspace: WorkspaceName) -> Path:
        return self._root.workspaces / workspace / "environment-labels.json"

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
