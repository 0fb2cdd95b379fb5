"""What runs took of their machine, served in the form of metrics."""

from __future__ import annotations

from pathlib import Path

from jupyter_aml.runfolder.layout import RunFolder


class SystemFolder(RunFolder):
    """A run's folder in which the samples of the shim stand for the metrics."""

    __slots__ = ()

    @property
    def metrics(self) -> Path:
        """The samples; they are never packed, being few."""
        return self.system
