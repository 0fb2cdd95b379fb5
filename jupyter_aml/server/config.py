"""What an administrator may set: traits in, checked `Settings` out."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Enum, Float, Int, Unicode, default
from traitlets.config import Configurable

from jupyter_aml.compute import machine
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.engine.data.addresses import read_endpoints
from jupyter_aml.engine.settings import Settings

DATABASES = ("sqlite", "postgresql")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


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
    warm_runners = Int(
        0,
        help="How many interpreters wait on this machine for the next run, with the modules of the "
        "last one imported, so that it starts at once; 0 for none.",
    ).tag(config=True)
    max_nodes = Int(help="How many nodes of clusters there are on this machine at a time.").tag(
        config=True
    )
    max_attempts = Int(
        3, help="How often a run is begun that loses its node, before it has failed."
    ).tag(config=True)
    max_run_memory = Unicode(
        "90%",
        help="The most memory that a run on this machine may have, also one that asks for none: a "
        "share of what there is, or an amount such as 16g; empty for no limit.",
    ).tag(config=True)
    max_run_processes = Int(
        help="The most processes and threads of a run on this machine; 0 for no limit."
    ).tag(config=True)
    fair_share = Bool(
        False, help="Let experiments take turns on a compute target, instead of who came first."
    ).tag(config=True)
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

    old_names = Bool(
        True, help="Let kernels, and all else that this server starts, find the names of SDK v1."
    ).tag(config=True)
    old_libraries = Bool(
        True,
        help="Let runs and kernels answer names that numpy, pandas and scikit-learn have lost.",
    ).tag(config=True)
    keep_pythonpath = Bool(
        False,
        help="Let runs have the server's PYTHONPATH, where they run as processes of this machine.",
    ).tag(config=True)
    allow_package_sources = Bool(
        False,
        help="Let environments name packages by URL or path, or from other indexes and channels.",
    ).tag(config=True)
    conda_client = Unicode(
        "", help="Program to make conda environments with; empty for the one that is found."
    ).tag(config=True)
    conda_channels = Unicode(
        "conda-forge", help="Channels of a conda specification that names none, with spaces."
    ).tag(config=True)
    conda_fallback = Enum(
        ("pip", "refuse"),
        "pip",
        help="What to do with conda packages where no channel can be reached: take them from "
        "the Python index where it has them ('pip'), or fail ('refuse').",
    ).tag(config=True)
    docker_url = Unicode(
        "", help="Address of the docker engine; empty for the one that the variables name."
    ).tag(config=True)
    kernel_idle_minutes = Float(
        0.0, help="Minutes after which a managed kernel that does nothing is shut down; 0: never."
    ).tag(config=True)
    keep_kernels = Bool(
        False,
        help="Leave kernels on compute targets running when the Jupyter server is stopped; the "
        "next server of the same folder takes them over, as it does after a crash.",
    ).tag(config=True)
    storage_endpoints = Unicode(
        "",
        help="Where storage accounts are instead of in Azure: ACCOUNT=URL with spaces between; "
        "* is every account, and {account} in a URL stands for its name. A URL may be file:///...",
    ).tag(config=True)
    vault_key = Enum(
        ("file", "keyring"),
        "file",
        help="Where a new key of the vault is kept: in a file of the root that only its owner "
        "reads ('file'), or in the keyring of the system ('keyring', needs the library keyring).",
    ).tag(config=True)

    @default("root")
    def _root_default(self) -> str:
        return os.path.abspath(os.environ.get("AML_ROOT") or Path(jupyter_data_dir()) / "aml")

    @default("max_runs")
    def _max_runs_default(self) -> int:
        return os.cpu_count() or 1

    @default("max_nodes")
    def _max_nodes_default(self) -> int:
        return 2 * (os.cpu_count() or 1) + 4

    @default("max_run_processes")
    def _max_run_processes_default(self) -> int:
        return machine.most_processes()

    def settings(self) -> Settings:
        """Return the settings as the engine takes them; raises Invalid, which names the setting."""
        self._check()
        return Settings(
            root=Path(self.root).expanduser(),
            database=self.database or None,
            max_runs=self.max_runs,
            max_nodes=self.max_nodes,
            warm_runners=self.warm_runners,
            fair_share=self.fair_share,
            max_attempts=self.max_attempts,
            most=self._most(),
            snapshot_max_bytes=self.snapshot_max_mb * 1_000_000,
            snapshot_max_files=self.snapshot_max_files,
            grace=timedelta(seconds=self.grace_seconds),
            idle_exit=timedelta(minutes=self.idle_exit_minutes),
            strict=self.strict,
            keep_pythonpath=self.keep_pythonpath,
            old_libraries=self.old_libraries,
            allow_package_sources=self.allow_package_sources,
            conda_client=self.conda_client or None,
            conda_channels=tuple(self.conda_channels.split()),
            conda_fallback="refuse" if self.conda_fallback == "refuse" else "pip",
            docker_url=self.docker_url or None,
            kernel_idle=timedelta(minutes=self.kernel_idle_minutes) or None,
            storage_endpoints=self._endpoints(),
            vault_key="keyring" if self.vault_key == "keyring" else "file",
        )

    def lines(self) -> list[str]:
        """Return as `NAME=VALUE` what makes a headless engine use the same settings."""
        plain = type(self)()
        return [
            f"{name}={getattr(self, name)}"
            for name in self.traits(config=True)
            if name == "root" or getattr(self, name) != getattr(plain, name)
        ]

    def _check(self) -> None:
        # Not by @validate: traitlets leaves it out where a value equals the static default.
        for name in (
            "max_runs", "max_attempts", "snapshot_max_mb", "snapshot_max_files",
            "idle_exit_minutes",
        ):  # fmt: skip
            if not 0 < getattr(self, name) < float("inf"):
                raise self._wrong(name, f"must be more than 0, not {getattr(self, name)}")
        if self.warm_runners < 0:
            told = f"must be 0 or more, not {self.warm_runners}"
            raise self._wrong("warm_runners", told)
        if not 0 <= self.kernel_idle_minutes < float("inf"):
            told = f"must be 0 or more, not {self.kernel_idle_minutes}"
            raise self._wrong("kernel_idle_minutes", told)
        if not 0 <= self.grace_seconds < float("inf"):
            raise self._wrong("grace_seconds", f"must be 0 or more, not {self.grace_seconds}")
        if "\0" in self.root or not Path(self.root).expanduser().is_absolute():
            raise self._wrong("root", f"must be the absolute path of a folder, not {self.root!r}")
        scheme, colon, _ = self.database.partition("://")
        if colon and scheme.partition("+")[0] not in DATABASES:
            # The URL may hold a password, so it is not repeated.
            raise self._wrong("database", "must be a path or a URL of sqlite or postgresql")

    def _most(self) -> Limits:
        if self.max_run_processes < 0:
            told = f"must be 0 or more, not {self.max_run_processes}"
            raise self._wrong("max_run_processes", told)
        most = machine.most(share=self._share() or 1, processes=self.max_run_processes)
        return most if self._share() else replace(most, memory=self._amount())

    def _share(self) -> float | None:
        """The share of the machine's memory that a run may have; None where an amount is set."""
        share = _SHARE.fullmatch(self.max_run_memory.strip())
        return float(share[1]) / 100 if share and 0 < float(share[1]) <= 100 else None

    def _amount(self) -> int | None:
        given = self.max_run_memory.strip()
        try:
            return Limits.from_json({"memory": given}).memory if given else None
        except Invalid:
            told = f"must be a share such as 90% or an amount such as 16g, not {given!r}"
            raise self._wrong("max_run_memory", told) from None

    def _endpoints(self) -> dict[str, str]:
        try:
            return read_endpoints(self.storage_endpoints)
        except Invalid as error:
            raise self._wrong("storage_endpoints", f"is wrong: {error}") from None

    @staticmethod
    def _wrong(name: str, rule: str) -> Invalid:
        return Invalid(f"AmlConfig.{name} {rule}")
