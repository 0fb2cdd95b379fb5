"""The little that a view asks of a run."""

from __future__ import annotations

from typing import Protocol

from jupyter_aml.client import Client
from jupyter_aml.wire.runs import WireRun


class Shown(Protocol):
    """A run that can be drawn; the SDK's `Run` is one."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    @property
    def client(self) -> Client:
        """The way to its engine."""
        ...

    def look(self) -> WireRun:
        """Return the run as it is now."""
        ...

    def cancel(self) -> None:
        """Ask it to stop."""
        ...
