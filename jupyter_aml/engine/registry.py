"""Registered things: a file for each version of a name, whatever the noun."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import IllegalMove, NotFound, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.engine.noun import Apart, Noun, Registered, T, Thing, Uses, unused
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.shelf import Shelf

__all__ = ["Apart", "Noun", "Registered", "Registry", "Thing", "Uses", "unused"]


class Registry(Generic[T]):
    """Reads and writes all things of one noun. Blocks; any process may do so at the same time."""

    def __init__(self, root: Root, noun: Noun[T]) -> None:
        self._noun, self._shelf = noun, Shelf(root, noun)

    def register(
        self,
        workspace: WorkspaceName,
        definition: T,
        *,
        at: str,
        tags: Mapping[str, str] | None = None,
    ) -> Registered[T]:
        """Enter a definition as the next version of its name; an equal one stays what it is.

        One that is archived is so no longer. The tags are those of a new version.
        """
        apart = self._noun.apart
        with self._alone(workspace):
            there = _newest_first(self._shelf.versions(workspace, definition.name))
            # What is hidden in it is what it was where it comes from, which is its own version.
            there.sort(key=lambda known: known.version != definition.version)
            for known in there:
                if known.definition.same_as(apart.meant(definition, known.definition)):
                    return self._change(known, is_archived=False)
            for known in there:
                definition = apart.meant(definition, known.definition)
            apart.check(definition)
            numbers = self._shelf.numbers(workspace, definition.name)
            while True:
                number = max(numbers, default=0) + 1
                made = Registered(
                    workspace, definition.with_version(str(number)), at, tags=dict(tags or {})
                )
                if self._shelf.enter(made):
                    return made
                numbers.append(number)  # Taken by somebody who knows nothing of our lock.

    def get(
        self,
        workspace: WorkspaceName,
        name: str,
        version: str | None = None,
        *,
        beside: Iterable[str] = (),
    ) -> Registered[T]:
        """A version, or the newest; NotFound names the nearest, also of names known elsewhere."""
        word = self._noun.word
        name = self._noun.name(name)
        there = self._shelf.versions(workspace, name)
        if not there:
            near = did_you_mean(name, [*self.names(workspace), *beside])
            raise NotFound(f"there is no {word} {name!r}{near}")
        if version is None:
            return _newest(there)
        wanted = ids.named(f"version of {_a(word)}", version)
        if wanted not in there:
            versions = [one.version for one in reversed(_newest_first(there))]
            are = "are" if len(versions) > 1 else "is"
            raise NotFound(
                f"there is no version {wanted!r} of {word} {name!r}; "
                f"there {are} {', '.join(versions)}"
            )
        return there[wanted]

    def names(self, workspace: WorkspaceName) -> list[str]:
        """All names, sorted."""
        return self._shelf.names(workspace)

    def versions(self, workspace: WorkspaceName, name: str) -> list[str]:
        """The versions of a name, newest first."""
        return [one.version for one in _newest_first(self._shelf.versions(workspace, name))]

    def all_of(self, workspace: WorkspaceName, name: str) -> list[Registered[T]]:
        """All versions of a name, in no order; none where there is no such name."""
        return list(self._shelf.versions(workspace, self._noun.name(name)).values())

    def every(self, workspace: WorkspaceName) -> Sequence[Registered[T]]:
        """All versions of all names, the newest first; not sorted again until one changes."""
        return self._shelf.every(workspace)

    def whole(self, workspace: WorkspaceName) -> Sequence[Registered[T]]:
        """`every`, where it is certain to be all; StorageFailed names a file that is unreadable."""
        if not self._shelf.folder(workspace).is_dir():
            return ()
        with self._alone(workspace):
            for path in self._shelf.unread(workspace):
                raise StorageFailed(f"{path} cannot be read: mend it, or move it away")
            return self._shelf.every(workspace)

    def newest(
        self, workspace: WorkspaceName, *, with_archived: bool = False
    ) -> Iterator[Registered[T]]:
        """The newest version of each name, by name."""
        for name in self.names(workspace):
            there = self._shelf.versions(workspace, name)
            if there and (with_archived or not _newest(there).is_archived):
                yield _newest(there)

    def tag(
        self, workspace: WorkspaceName, name: str, version: str, tags: Mapping[str, str | None]
    ) -> Registered[T]:
        """Set tags of a version; a tag of None goes away."""
        with self._alone(workspace):
            known = self.get(workspace, name, version)
            kept = {**known.tags, **tags}
            kept = {key: value for key, value in kept.items() if value is not None}
            return self._change(known, tags=kept)

    def amend(
        self,
        workspace: WorkspaceName,
        name: str,
        version: str,
        change: Callable[[Registered[T]], Registered[T]],
    ) -> Registered[T]:
        """Change what is known of a version, which stays the version that it is.

        Nobody comes between reading and writing; `change` may raise, and nothing is written.
        """
        with self._alone(workspace):
            known = self.get(workspace, name, version)
            changed = change(known)
            if changed != known:
                self._shelf.write(changed)
            return changed

    def archive(
        self, workspace: WorkspaceName, name: str, version: str | None = None
    ) -> list[Registered[T]]:
        """Leave a version, or all of a name, out of lists; who names it still gets it."""
        with self._alone(workspace):
            chosen = self._chosen(workspace, name, version)
            return [self._change(each, is_archived=True) for each in chosen]

    def delete(self, workspace: WorkspaceName, name: str, version: str | None = None) -> list[str]:
        """Remove a version, or all of a name; returns those that are gone, newest first.

        Raises IllegalMove, and removes nothing, where something uses one of them.
        """
        with self._alone(workspace):
            gone = [each.version for each in self._chosen(workspace, name, version)]
            uses = self._noun.uses(workspace, name, gone)
            if uses:
                what = f"{self._noun.word} {name if version is None else f'{name}:{version}'!r}"
                raise IllegalMove(f"{what} cannot be deleted: it is used by {_some(uses)}")
            self._shelf.remove(workspace, name, gone)
            for each in gone:
                self._noun.apart.forget(workspace, name, each)
            return gone

    # ---- inside -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _alone(self, workspace: WorkspaceName) -> Iterator[None]:
        """One process at a time changes a workspace; the lock ends with its holder."""
        folder = self._shelf.folder(workspace)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(f"cannot write in {folder}: {error.strerror}") from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def _chosen(
        self, workspace: WorkspaceName, name: str, version: str | None
    ) -> list[Registered[T]]:
        found = self.get(workspace, name, version)
        there = self._shelf.versions(workspace, name) if version is None else {version: found}
        return _newest_first(there)

    def _change(self, known: Registered[T], **changes: Any) -> Registered[T]:
        changed = replace(known, **changes)
        if changed != known:
            self._shelf.write(changed)
        return changed


def _newest(there: Mapping[str, Registered[T]]) -> Registered[T]:
    """The newest that is not archived, else the newest."""
    return max(there.values(), key=lambda one: (not one.is_archived, one.number, one.version))


def _newest_first(there: Mapping[str, Registered[T]]) -> list[Registered[T]]:
    return sorted(there.values(), key=lambda one: (one.number, one.version), reverse=True)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _some(uses: Sequence[str], most: int = 5) -> str:
    more = f" and {len(uses) - most} more" if len(uses) > most else ""
    return ", ".join(uses[:most]) + more
