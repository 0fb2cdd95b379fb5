"""Registered things: a file for each version of a name, whatever the noun."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError, IllegalMove, NotFound, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.engine.root import Root, write_json, written
from jupyter_aml.runfolder.taking import takes

_SETTLED = 2_000_000_000
"""Nanoseconds after which a folder's time of change tells of every change of it."""


class Thing(Protocol):
    """What can be registered: a frozen definition of `domain/`."""

    @property
    def name(self) -> str:
        """Its name, which its versions share."""

    @property
    def version(self) -> str | None:
        """The version under which it is registered; None while it is not."""

    def with_version(self, version: str) -> Self:
        """The same definition as a version of its name."""

    def same_as(self, other: Self) -> bool:
        """Whether both define the same, whatever their versions."""

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which the noun's `from_json` reads."""


T = TypeVar("T", bound=Thing)
Uses = Callable[[WorkspaceName, str, Sequence[str]], Sequence[str]]
"""What uses these versions of a name, each as a message calls it: `run x_1`."""


class Apart(Generic[T]):
    """How a noun keeps apart what must not stand in its files; by itself nothing is."""

    def meant(self, definition: T, known: T) -> T:
        """A definition with what is hidden in it as a known version has it."""
        return definition

    def check(self, definition: T) -> None:
        """Raise Invalid for what is hidden and not known."""

    def put_away(self, workspace: WorkspaceName, definition: T) -> dict[str, Any]:
        """The JSON form as its file has it; the rest is put where it belongs."""
        return definition.to_json()

    def is_open(self, definition: T) -> bool:
        """Whether a file holds what belongs elsewhere, as earlier versions left it."""
        return False

    def brought_back(self, workspace: WorkspaceName, definition: T) -> T:
        """A definition with all that belongs to it."""
        return definition

    def forget(self, workspace: WorkspaceName, name: str, version: str) -> None:
        """Remove what was put away of a version."""


def unused(workspace: WorkspaceName, name: str, versions: Sequence[str]) -> Sequence[str]:
    """Nothing uses them."""
    return ()


@dataclass(frozen=True, slots=True)
class Noun(Generic[T]):
    """A kind of thing that is registered."""

    word: str
    """What messages call it: `environment`."""
    folder: str
    """The folder of a workspace that holds all of them."""
    from_json: Callable[[Mapping[str, Any]], T]
    """Reads the JSON form; raises Invalid."""
    uses: Uses = unused
    apart: Apart[T] = field(default_factory=Apart)
    named: Callable[[object], str] | None = None
    """Checks a name, which is that of a folder, too; as `ids.named` has it by default."""

    def name(self, text: object) -> str:
        """A name of such a thing; raises Invalid."""
        return ids.named(self.word, text) if self.named is None else self.named(text)


@dataclass(frozen=True)
class Registered(Generic[T]):
    """A version of a thing in a workspace; `created_at` is ISO 8601 in UTC."""

    workspace: WorkspaceName
    definition: T
    created_at: str
    note: str | None = None
    """A sentence where it stands in for the one that was asked for."""
    tags: Mapping[str, str] = field(default_factory=dict)
    is_archived: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.definition.version or ""


class _Mark(NamedTuple):
    """What tells a file from what it was before: a change makes another file of that name."""

    inode: int
    size: int
    at: int


@dataclass
class _Seen(Generic[T]):
    """The versions of a name as they were read, with what their files looked like."""

    changed: int
    settled: int
    """What is older than this would have been seen."""
    marks: dict[str, _Mark] = field(default_factory=dict)
    there: dict[str, Registered[T]] = field(default_factory=dict)


class Registry(Generic[T]):
    """Reads and writes all things of one noun. Blocks; any process may do so at the same time."""

    def __init__(self, root: Root, noun: Noun[T]) -> None:
        self._root, self._noun = root, noun
        self._known: dict[Path, _Seen[T]] = {}

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
            there = sorted(
                self._versions(workspace, definition.name).values(), key=_order, reverse=True
            )
            # What is hidden in it is what it was where it comes from, which is its own version.
            there.sort(key=lambda known: known.version != definition.version)
            for known in there:
                if known.definition.same_as(apart.meant(definition, known.definition)):
                    return self._change(known, is_archived=False)
            for known in there:
                definition = apart.meant(definition, known.definition)
            apart.check(definition)
            numbers = self._numbers(workspace, definition.name)
            while True:
                number = max(numbers, default=0) + 1
                made = Registered(
                    workspace, definition.with_version(str(number)), at, tags=dict(tags or {})
                )
                if self._enter(made):
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
        there = self._versions(workspace, name)
        if not there:
            near = did_you_mean(name, [*self.names(workspace), *beside])
            raise NotFound(f"there is no {word} {name!r}{near}")
        if version is None:
            return _newest(there)
        wanted = ids.named(f"version of {_a(word)}", version)
        if wanted not in there:
            versions = [one.version for one in sorted(there.values(), key=_order)]
            are = "are" if len(versions) > 1 else "is"
            raise NotFound(
                f"there is no version {wanted!r} of {word} {name!r}; "
                f"there {are} {', '.join(versions)}"
            )
        return there[wanted]

    def names(self, workspace: WorkspaceName) -> list[str]:
        """All names, sorted."""
        try:
            found = os.listdir(self._folder(workspace))
        except FileNotFoundError:
            return []
        return sorted((name for name in found if name[0] != "."), key=str.lower)

    def versions(self, workspace: WorkspaceName, name: str) -> list[str]:
        """The versions of a name, newest first."""
        there = self._versions(workspace, name)
        return [one.version for one in sorted(there.values(), key=_order, reverse=True)]

    def all_of(self, workspace: WorkspaceName, name: str) -> list[Registered[T]]:
        """All versions of a name, in no order; none where there is no such name."""
        return list(self._versions(workspace, self._noun.name(name)).values())

    def every(self, workspace: WorkspaceName) -> Iterator[Registered[T]]:
        """All versions of all names, in no order."""
        for name in self.names(workspace):
            yield from self._versions(workspace, name).values()

    def newest(
        self, workspace: WorkspaceName, *, with_archived: bool = False
    ) -> Iterator[Registered[T]]:
        """The newest version of each name, by name."""
        for name in self.names(workspace):
            there = self._versions(workspace, name)
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
                self._write(changed)
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
            folder = self._folder(workspace) / name
            for each in gone:
                (folder / f"{each}.json").unlink(missing_ok=True)
                self._noun.apart.forget(workspace, name, each)
            self._known.pop(folder, None)
            with contextlib.suppress(OSError):
                folder.rmdir()  # Unless other versions are there.
            return gone

    # ---- inside -----------------------------------------------------------------------------

    def _folder(self, workspace: WorkspaceName) -> Path:
        return self._root.workspaces / workspace / self._noun.folder

    @contextlib.contextmanager
    def _alone(self, workspace: WorkspaceName) -> Iterator[None]:
        """One process at a time changes a workspace; the lock ends with its holder."""
        folder = self._folder(workspace)
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
        there = self._versions(workspace, name) if version is None else {version: found}
        return sorted(there.values(), key=_order, reverse=True)

    def _versions(self, workspace: WorkspaceName, name: str) -> dict[str, Registered[T]]:
        """All versions of a name; only files that have changed since are read again."""
        folder = self._folder(workspace) / name
        try:
            changed = folder.stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            self._known.pop(folder, None)
            return {}
        before = self._known.get(folder)
        # A change within the same tick of the clock would not be seen.
        settled = time.time_ns() - _SETTLED
        if before is not None and before.changed == changed and changed < before.settled:
            return before.there
        seen: _Seen[T] = _Seen(changed, settled)
        for stem, mark in _files(folder):
            if before is not None and before.marks.get(stem) == mark and mark.at < before.settled:
                known: Registered[T] | None = before.there.get(stem)
            else:
                known = self._read(workspace, folder / f"{stem}.json")
            seen.marks[stem] = mark
            if known is not None:
                seen.there[stem] = known
        self._known[folder] = seen
        return seen.there

    def _numbers(self, workspace: WorkspaceName, name: str) -> list[int]:
        """The numbers that are taken, also by files that cannot be read."""
        stems = (path.stem for path in (self._folder(workspace) / name).glob("[!.]*.json"))
        return [int(stem) for stem in stems if stem.isdecimal()]

    def _read(self, workspace: WorkspaceName, path: Path) -> Registered[T] | None:
        try:
            data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            definition = self._noun.from_json(data["definition"]).with_version(path.stem)
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
                self._write(known)
        return known

    def _enter(self, made: Registered[T]) -> bool:
        """Write a new version; False where its number is taken."""
        target = self._file(made)
        if target.exists():
            return False
        with written(target, self._json(made)) as unfinished:
            return takes(target, Path(unfinished))

    def _change(self, known: Registered[T], **changes: Any) -> Registered[T]:
        changed = replace(known, **changes)
        if changed != known:
            self._write(changed)
        return changed

    def _write(self, known: Registered[T]) -> None:
        write_json(self._file(known), self._json(known))

    def _file(self, known: Registered[T]) -> Path:
        return self._folder(known.workspace) / known.name / f"{known.version}.json"

    def _json(self, known: Registered[T]) -> dict[str, Any]:
        definition = self._noun.apart.put_away(known.workspace, known.definition)
        data: dict[str, Any] = {"definition": definition, "createdAt": known.created_at}
        if known.tags:
            data["tags"] = dict(known.tags)
        if known.is_archived:
            data["isArchived"] = True
        return data


def _files(folder: Path) -> Iterator[tuple[str, _Mark]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and entry.name[0] != ".":
                with contextlib.suppress(FileNotFoundError):  # It went meanwhile.
                    stat = entry.stat()
                    mark = _Mark(stat.st_ino, stat.st_size, stat.st_mtime_ns)
                    yield entry.name.removesuffix(".json"), mark


def _newest(there: Mapping[str, Registered[T]]) -> Registered[T]:
    """The newest that is not archived, else the newest."""
    return max(there.values(), key=lambda one: (not one.is_archived, _order(one)))


def _order(one: Registered[Any]) -> tuple[int, str]:
    return (int(one.version), "") if one.version.isdecimal() else (-1, one.version)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _some(uses: Sequence[str], most: int = 5) -> str:
    more = f" and {len(uses) - most} more" if len(uses) > most else ""
    return ", ".join(uses[:most]) + more
