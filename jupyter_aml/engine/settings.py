"""What an administrator may set, already checked; the traits stand in `server/config.py`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the root lies and how far things may go. Sizes are bytes."""

    root: Path
    database: str | None = None
    """URL of a database, or a path for the SQLite file; None means `<root>/aml.db`."""
    max_runs: int = os.cpu_count() or 1
    """Runs at a time on the compute target `local`."""
    snapshot_max_bytes: int = 300_000_000
    snapshot_max_files: int = 2_000
    grace: timedelta = timedelta(seconds=10)
    """Time between asking a script to end and ending it."""
    idle_exit: timedelta = timedelta(minutes=10)
    """A headless engine with nothing to do exits after this time."""
    strict: bool = False
    """Treat a wish that cannot be met as an error instead of a warning."""
