"""What the engine asks of a builder, whatever it builds with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from jupyter_aml.domain.environment import Definition

Say = Callable[[str], None]
"""Takes a line of progress: it becomes the reason of a run that is Preparing."""

Kind = Literal["user-managed", "pip", "conda", "docker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to run in."""

    definition: Definition
    extras: tuple[str, ...] = ()
    """Python requirements on top of the definition's, as `ipykernel` for a kernel."""
    again: bool = False
    """Resolve anew, with what the index has now, instead of keeping to an earlier lock."""

    @property
    def digest(self) -> str:
        """Hash in hex of all that decides what is built."""
        return self.definition.digest(*self.extras)


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialised:
    """An environment that is there."""

    kind: Kind
    interpreter: str
    """Absolute path of its Python; inside the image where there is one."""
    key: str = ""
    """Where it lies in the cache, or the tag of its image; empty for what is not ours."""
    image: str | None = None
    """Id of the docker image to run in; None to run directly on the target."""
    elsewhere: bool = False
    """Whether it is on a machine whose programs cannot be seen from here."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What a process in it needs set, such as CONDA_PREFIX and PATH; not the definition's own."""
    lock: str = ""
    """What exactly is in it, as the tool that made it writes it down; empty where unknown."""
    size: int = 0
    """Bytes that it takes and shares with no other environment, about."""
    warnings: tuple[str, ...] = ()
    """Wishes that were not met to the letter, a sentence each."""

    def on_top_of(self, base: Mapping[str, str]) -> dict[str, str]:
        """These variables with what a process in the environment needs; its programs come first."""
        merged = {**base, **self.variables}
        if self.key and self.image is None and "PATH" not in self.variables:
            folder = os.path.dirname(self.interpreter)
            merged["PATH"] = os.pathsep.join((folder, base.get("PATH") or os.defpath))
        return merged


class Build(Protocol):
    """Listens to one build."""

    def say(self, line: str) -> None:
        """Take what is being done now: `installing: 31 of 47 packages, 120 MB`."""

    def log(self, text: str) -> None:
        """Take a piece of the build log, line ends included. May be called from any thread."""


class EnvironmentBuilder(Protocol):
    """Makes a wish real, or finds that it is already."""

    @property
    def kind(self) -> Kind:
        """What it builds."""

    def accepts(self, wish: Wish) -> bool:
        """Say whether this builder is the one for such a wish. Costs nothing."""

    async def discard(self, environment: Materialised) -> None:
        """Remove what it built; what is used meanwhile is built again."""

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the environment, building it if needed.

        May be called by several at once for one wish, also by several processes: it is built
        once. A call may be cancelled: nothing that is not whole is left behind as if it were.
        Raises Invalid with the cause in a sentence where the wish cannot be met, Unreachable
        where a tool or an index does not answer, StorageFailed where the disk refuses.
        """
