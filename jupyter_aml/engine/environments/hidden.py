"""What is secret in a definition of an environment, in a file of its own beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_aml.domain import environment, secrets
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.registry import Apart
from jupyter_aml.runfolder import secrets as files


class SecretsApart(Apart[Definition]):
    """Keeps secrets out of the files of definitions."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def meant(self, definition: Definition, known: Definition) -> Definition:
        """A definition with what is hidden in it as a known version has it."""
        if not secrets.missing_of(definition.data):
            return definition
        there = secrets.taken_of(known.data)
        return environment.read(secrets.revealed_of(definition.data, there))

    def check(self, definition: Definition) -> None:
        """Raise Invalid for what is hidden and not known."""
        for missing in secrets.missing_of(definition.data):
            raise Invalid(
                f"environment {definition.name!r}: the value of {missing} is hidden "
                f"({secrets.MASK}) and not known here: give it once more"
            )

    def put_away(self, workspace: WorkspaceName, definition: Definition) -> dict[str, Any]:
        """The JSON form without secrets, which stand in their own file from now on."""
        own = self._file(workspace, definition.name, definition.version or "")
        if secrets.taken_of(definition.data):
            own.parent.mkdir(parents=True, exist_ok=True)
            files.keep(own, secrets.taken_of(definition.data))
        return secrets.hidden_of(definition.data)

    def is_open(self, definition: Definition) -> bool:
        """Whether secrets stand in its own file, as earlier versions left them."""
        return bool(secrets.taken_of(definition.data))

    def brought_back(self, workspace: WorkspaceName, definition: Definition) -> Definition:
        """A definition with its secrets."""
        if not secrets.missing_of(definition.data):
            return definition
        known = files.read(self._file(workspace, definition.name, definition.version or ""))
        return environment.read(secrets.revealed_of(definition.data, known))

    def forget(self, workspace: WorkspaceName, name: str, version: str) -> None:
        """Remove the secrets of a version."""
        self._file(workspace, name, version).unlink(missing_ok=True)

    def _file(self, workspace: WorkspaceName, name: str, version: str) -> Path:
        return files.of_environment(self._root, workspace, name, version)
