"""What the engine asks of a builder, whatever it builds with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Say = Callable[[str], None]
"""Takes a line of progress: it becomes the reason of a run that is Preparing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a run wants to run in."""

    name: str
    interpreter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialised:
    """An environment that is there: the interpreter to start and the variables it wants."""

    interpreter: str
    variables: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class EnvironmentBuilder(Protocol):
    """Makes a wish real, or finds that it is already."""

    def accepts(self, wish: Wish) -> bool:
        """Say whether this builder is the one for such a wish."""

    async def ensure(self, wish: Wish, *, say: Say) -> Materialised:
        """Return the environment, building it if needed; raises Invalid with the cause.

        May be called by several runs at once for one wish: it is built once.
        """
