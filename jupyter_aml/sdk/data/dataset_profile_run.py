"""A run that computed the profile of a data set."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from jupyter_aml.sdk.data._profiles import DataProfile

FILE = "outputs/profile.json"
"""Where such a run keeps it."""


class DatasetProfileRun:
    """A run with the profile among its files; what it lacks itself, its run has."""

    def __init__(self, workspace: Any, dataset: Any, run: Any) -> None:
        self.workspace, self.dataset, self.run = workspace, dataset, run

    def get_profile(self) -> DataProfile:
        """The profile that it computed."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "profile.json")
            self.run.download_file(FILE, str(path))
            return DataProfile(json.loads(path.read_text(encoding="utf-8")))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "run" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.run, name)

    def __repr__(self) -> str:
        return f"DatasetProfileRun({self.run!r})"
