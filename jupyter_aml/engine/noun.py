"""What is registered, by noun: what each brings, and a version as it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from jupyter_aml.domain import ids
from jupyter_aml.domain.ids import WorkspaceName


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
    counts_on: bool = False
    """Whether the number of a version that was deleted is never given again."""

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

    @property
    def number(self) -> int:
        """Its version as a number, by which versions are ordered; -1 for one that is none."""
        return int(self.version) if self.version.isdecimal() else -1
