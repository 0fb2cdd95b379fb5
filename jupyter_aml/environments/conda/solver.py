"""What finds conda packages and installs them: the user's own client, or py-rattler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was chosen; `digest` is its SHA-256, empty where the solver does not say."""

    name: str
    version: str
    url: str
    digest: str = ""

    @property
    def line(self) -> str:
        """How a lock writes it down."""
        return f"{self.url}#{self.digest}" if self.digest else self.url


class Solver(Protocol):
    """Solves, then installs what it solved."""

    @property
    def name(self) -> str:
        """How a build log calls it."""

    async def solve(
        self, channels: Sequence[str], specs: Sequence[str], *, lowest: bool = False
    ) -> tuple[Package, ...]:
        """Choose packages that meet the specs together, the newest; `lowest` asks for the oldest of
        those that are named, and a solver that cannot do so may ignore it.

        Raises Invalid with the cause in a sentence, and conda_causes.NoChannel where none of the
        channels answers.
        """

    async def install(self, prefix: Path) -> None:
        """Install what was solved last into an absolute prefix that is not there yet."""
