"""Where a kernel lives, and which variables it has there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_aml.domain import inherited, secrets
from jupyter_aml.runfolder import secrets as secret_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a kernel lives: a built environment, and the engine that built it."""

    label: str
    """`name:version` of the environment."""
    workspace: str
    interpreter: str
    image: str | None
    variables: Mapping[str, str]
    """What a process in it needs set, under what the definition sets."""
    secrets: Path
    """The file with the values of the variables that are hidden."""
    root: Path
    socket: str | None
    pythonpath: tuple[Path, ...]
    """Where `jupyter_aml` and the old names are found."""
    docker: Mapping[str, Any]
    """The docker section of the definition."""

    @property
    def version(self) -> str:
        """The version of the environment."""
        return self.label.rpartition(":")[2]

    @property
    def is_there(self) -> bool:
        """Whether it can still be started in, as far as a look at the disk tells."""
        return self.image is not None or os.path.exists(self.interpreter)

    def for_kernel(self, given: Mapping[str, str], *, kernel: str) -> dict[str, str]:
        """The variables of a kernel here that would have had those `given`.

        In a container secrets stay hidden: everybody may read how it was made. Raises Invalid
        where one is not known.
        """
        known = secrets.revealed(self.variables, secret_files.read(self.secrets))
        secrets.check(known)
        kept = inherited.by_kernel(given)
        own = {
            "AML_ROOT": str(self.root),
            "AML_WORKSPACE": self.workspace,
            "AML_ENVIRONMENT": self.label,
            "AML_KERNEL": kernel,
        }
        if self.socket is not None:
            own["AML_SOCKET"] = self.socket
        paths = [str(path) for path in self.pythonpath]
        if self.variables.get("PYTHONPATH"):
            paths.append(self.variables["PYTHONPATH"])
        own["PYTHONPATH"] = os.pathsep.join(paths)
        if self.image is None and "PATH" not in self.variables:
            # So that `!python` and `!pip` are those of the environment.
            bin_folder = os.path.dirname(self.interpreter)
            own["PATH"] = os.pathsep.join([bin_folder, kept.get("PATH", os.defpath)])
        return {**kept, **(known if self.image is None else self.variables), **own}
