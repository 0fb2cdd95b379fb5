"""What an administrator may set: traits in, checked `Settings` out."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Float, Int, Unicode, default, validate
from traitlets.config import Configurable
from traitlets.utils.bunch import Bunch

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.settings import Settings

DATABASES = ("sqlite", "postgresql")


class AmlConfig(Configurable):
    """Settings of jupyter_aml, as `c.AmlConfig.NAME` in a configuration file."""

    root = Unicode(help="Folder of all workspaces, runs and snapshots.").tag(config=True)
    database = Unicode(
        "",
        help="Path of the SQLite file, or a URL of PostgreSQL; empty for aml.db in the root.",
    ).tag(config=True)
    max_runs = Int(help="How many runs the compute target 'local' executes at a time.").tag(
        config=True
    )
    snapshot_max_mb = Int(300, help="Largest snapshot, in megabytes.").tag(config=True)
    snapshot_max_files = Int(2_000, help="Most files in a snapshot.").tag(config=True)
    grace_seconds = Float(10.0, help="Seconds between asking a script to end and ending it.").tag(
        config=True
    )
    idle_exit_minutes = Float(
        10.0, help="Minutes after which a headless engine with nothing to do exits."
    ).tag(config=True)
    strict = Bool(
        False, help="Treat a wish that cannot be met as an error instead of a warning."
    ).tag(config=True)

    @default("root")
    def _root_default(self) -> str:
        return os.environ.get("AML_ROOT") or str(Path(jupyter_data_dir()) / "aml")

    @default("max_runs")
    def _max_runs_default(self) -> int:
        return os.cpu_count() or 1

    @validate("max_runs", "snapshot_max_mb", "snapshot_max_files", "idle_exit_minutes")
    def _positive(self, proposal: Bunch) -> Any:
        if not 0 < proposal.value < float("inf"):
            raise self._wrong(proposal, "must be more than 0")
        return proposal.value

    @validate("grace_seconds")
    def _not_negative(self, proposal: Bunch) -> Any:
        if not 0 <= proposal.value < float("inf"):
            raise self._wrong(proposal, "must be 0 or more")
        return proposal.value

    @validate("root")
    def _absolute(self, proposal: Bunch) -> str:
        path = Path(proposal.value).expanduser()
        if not proposal.value or "\0" in proposal.value or not path.is_absolute():
            raise self._wrong(proposal, "must be the absolute path of a folder")
        return str(path)

    @validate("database")
    def _known(self, proposal: Bunch) -> str:
        scheme, colon, _ = proposal.value.partition("://")
        if colon and scheme.partition("+")[0] not in DATABASES:
            raise self._wrong(proposal, "must be a path or a URL of sqlite or postgresql", said="")
        return str(proposal.value)

    def settings(self) -> Settings:
        """Return the settings as the engine takes them."""
        return Settings(
            root=Path(self.root),
            database=self.database or None,
            max_runs=self.max_runs,
            snapshot_max_bytes=self.snapshot_max_mb * 1_000_000,
            snapshot_max_files=self.snapshot_max_files,
            grace=timedelta(seconds=self.grace_seconds),
            idle_exit=timedelta(minutes=self.idle_exit_minutes),
            strict=self.strict,
        )

    def arguments(self) -> list[str]:
        """Return what makes `jupyter aml serve` use the same settings as this server."""
        plain = type(self)()
        return [
            f"--set={name}={getattr(self, name)}"
            for name in self.traits(config=True)
            if name == "root" or getattr(self, name) != getattr(plain, name)
        ]

    @staticmethod
    def _wrong(proposal: Bunch, rule: str, *, said: str | None = None) -> Invalid:
        # The URL of a database may hold a password, so it is not repeated.
        shown = f", not {proposal.value!r}" if said is None else said
        return Invalid(f"AmlConfig.{proposal.trait.name} {rule}{shown}")
