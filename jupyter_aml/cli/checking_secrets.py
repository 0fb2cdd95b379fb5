"""The check of `doctor` for secrets that stand where others may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from jupyter_aml.cli.finding import Finding
from jupyter_aml.domain import environment
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.secrets import taken, taken_of
from jupyter_aml.engine.settings import Settings
from jupyter_aml.wire.coding import decode_job

_NAMED = 3


def secrets(settings: Settings) -> Finding:
    """No run and no environment holds a secret in the open, as those of earlier versions did."""
    found = [*_runs(settings.root), *_environments(settings.root)]
    if not found:
        return Finding("secrets", "ok", "none stands in the open")
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    told = f"variables with secrets stand open in {', '.join(found[:_NAMED])}{more}"
    mend = "jupyter aml reindex puts them into files of their own; then change those secrets"
    return Finding("secrets", "warn", told, mend)


def _runs(root: Path) -> Iterator[str]:
    for path in root.glob("workspaces/*/runs/*/run.json"):
        try:
            told = json.loads(path.read_bytes())
            job = decode_job(told["job"])
        except (OSError, ValueError, KeyError, TypeError, AmlError):
            continue
        if taken(job.environment_variables, job.secret_variables):
            yield path.parent.name


def _environments(root: Path) -> Iterator[str]:
    for path in root.glob("workspaces/*/environments/*/*.json"):
        if path.name.startswith("."):
            continue
        try:
            definition = environment.read(json.loads(path.read_bytes())["definition"])
        except (OSError, ValueError, KeyError, TypeError, AmlError):
            continue
        if taken_of(definition.data):
            yield f"environment {path.parent.name}:{path.stem}"
