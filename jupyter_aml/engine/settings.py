"""What an administrator may set, already checked; the traits stand in `server/config.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from jupyter_aml.compute import machine
from jupyter_aml.domain.run_limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the root lies and how far things may go. Sizes are bytes."""

    root: Path
    database: str | None = None
    """URL of a database, or a path for the SQLite file; None means `<root>/aml.db`."""
    max_runs: int = os.cpu_count() or 1
    """Runs at a time on the compute target `local`."""
    warm_runners: int = 0
    """How many interpreters wait for the next run on this machine."""
    max_nodes: int = 2 * (os.cpu_count() or 1) + 4
    """Nodes of clusters on this machine at a time."""
    max_attempts: int = 3
    """How often a run is begun that loses its node."""
    most: Limits = field(default_factory=machine.most)
    """The most that one run may take of this machine, also where it asks for nothing."""
    fair_share: bool = False
    """Let experiments take turns on a target, instead of whoever was first."""
    snapshot_max_bytes: int = 300_000_000
    snapshot_max_files: int = 2_000
    grace: timedelta = timedelta(seconds=10)
    """Time between asking a script to end and ending it."""
    idle_exit: timedelta = timedelta(minutes=10)
    """A headless engine with nothing to do exits after this time."""
    strict: bool = False
    """Treat a wish that cannot be met as an error instead of a warning."""
    keep_pythonpath: bool = False
    """Let runs on this machine look for modules where the server does: `PYTHONPATH`."""
    old_libraries: bool = True
    """Let runs answer names that numpy, pandas and scikit-learn have lost."""
    allow_package_sources: bool = False
    """Let environments name packages by URL, path or from another index."""
    conda_client: str | None = None
    """Program to make conda environments with; None for the one that is found."""
    conda_channels: tuple[str, ...] = ("conda-forge",)
    """Channels of a specification that names none."""
    conda_fallback: Literal["pip", "refuse"] = "pip"
    """What to do with conda packages where no channel can be reached."""
    docker_url: str | None = None
    """Address of the docker engine; None for that of the environment variables."""
    kernel_idle: timedelta | None = None
    """A managed kernel that did nothing for this long is shut down; None for never."""
    storage_endpoints: Mapping[str, str] = field(default_factory=dict)
    """Where storage accounts are instead of in Azure, by account; `*` is for all others."""
    vault_key: Literal["file", "keyring"] = "file"
    """Where a new key of the vault is kept: in a file of the root, or in the system's keyring."""
