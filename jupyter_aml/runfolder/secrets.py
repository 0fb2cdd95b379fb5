"""Secrets beside what they belong to: a file that only its owner reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import get_ident

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.plain import read_plain

SECRETS = "secrets.json"
"""The file of a run; it is in no archive, export or listing."""


def of_environment(root: Path, workspace: str, name: str, version: str) -> Path:
    """The file of a version of an environment; a name with a dot is no version's."""
    return root / "workspaces" / workspace / "environments" / name / f".{version}.{SECRETS}"


def read(path: Path) -> dict[str, str]:
    """The secrets that stand there by name; none where there is no such file."""
    try:
        told = json.loads(read_plain(path))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in told.items()} if type(told) is dict else {}


def write(path: Path, secrets: Mapping[str, str]) -> None:
    """Write the file, whole or not at all; raises StorageFailed."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}")
    try:
        fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(dict(secrets), file, ensure_ascii=False, indent=1)
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error


def keep(path: Path, secrets: Mapping[str, str]) -> None:
    """Add what is not there yet, if there is anything."""
    if secrets:
        known = read(path)
        if known != {**known, **secrets}:
            write(path, {**known, **secrets})
