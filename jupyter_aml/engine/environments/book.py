"""The environments of a root: those that were registered, and the curated ones."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_aml.domain import environment
from jupyter_aml.domain.environment import CURATED_PREFIX, Definition
from jupyter_aml.domain.errors import NotFound, Refused
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine import registry
from jupyter_aml.engine.environments.hidden import SecretsApart
from jupyter_aml.engine.registry import Noun, Registry, Uses
from jupyter_aml.engine.root import Root
from jupyter_aml.environments import curated

Registered = registry.Registered[Definition]


class EnvironmentBook:
    """Registers and finds environments. Blocks: call it in one thread."""

    def __init__(self, root: Root, uses: Uses = registry.unused) -> None:
        apart = SecretsApart(root.path)
        noun = Noun("environment", "environments", environment.read, uses, apart)
        self._registry = Registry(root, noun)

    def register(self, workspace: WorkspaceName, definition: Definition, *, at: str) -> Registered:
        """Enter a definition as the next version of its name; an equal one stays what it is."""
        if not definition.is_curated:
            return self._registry.register(workspace, definition, at=at)
        found = curated.find(definition.name)
        if found is not None and found[0].same_as(definition):
            return Registered(workspace, found[0], "")
        raise Refused(
            f"{definition.name!r}: names that begin with {CURATED_PREFIX!r} belong to the "
            "environments that come with jupyter_aml; clone it under another name"
        )

    def get(self, workspace: WorkspaceName, name: str, version: str | None = None) -> Registered:
        """A version, or the newest; NotFound names the nearest."""
        found = self._curated(workspace, name)
        if found is None:
            return self._registry.get(workspace, name, version, beside=curated.every())
        definition, note = found
        if version not in (None, definition.version) and note is None:
            raise NotFound(
                f"there is no version {version!r} of environment {name!r}; "
                f"there is {definition.version}"
            )
        return Registered(workspace, definition, "", note)

    def versions(self, workspace: WorkspaceName, name: str) -> list[str]:
        """The versions of a name, newest first."""
        found = self._curated(workspace, name)
        if found is not None:
            return [found[0].version or ""]
        return self._registry.versions(workspace, name)

    def newest(self, workspace: WorkspaceName) -> Iterator[Registered]:
        """The newest version of each name, by name, then the curated ones."""
        yield from self._registry.newest(workspace)
        for definition in curated.every().values():
            yield Registered(workspace, definition, "")

    def remove(self, workspace: WorkspaceName, name: str, version: str | None) -> list[str]:
        """Remove a version, or all of a name; returns those that are gone.

        Raises IllegalMove where runs that have not ended use it.
        """
        if self._curated(workspace, name) is not None:
            raise Refused(f"{name!r} comes with jupyter_aml and cannot be deleted")
        return self._registry.delete(workspace, name, version)

    def _curated(self, workspace: WorkspaceName, name: str) -> tuple[Definition, str | None] | None:
        """The curated environment of a name; what a user has registered in other letters is his."""
        found = curated.find(name)
        is_ours = name.startswith(CURATED_PREFIX)
        return found if is_ours or not self._registry.versions(workspace, name) else None
