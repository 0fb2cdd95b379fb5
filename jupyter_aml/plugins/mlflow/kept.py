"""What MLflow knows of models and data sets beyond our runs: small JSON files among theirs.

mlflow/models/<model id>.json     one that a run has logged; its files lie below its name
mlflow/inputs/<hash>.json         a data set, or the id of a model, that a run has read
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_aml.domain.errors import NotFound
from jupyter_aml.sdk.core import Run

MODELS = "mlflow/models/"
INPUTS = "mlflow/inputs/"


def read(run: Run, name: str) -> dict[str, Any] | None:
    """One of these files; None where there is none."""
    try:
        here = run._here
        if here is not None:
            text = here.existing(name).read_text(encoding="utf-8")
        else:
            text = run.client.runs.file(run.id, name).decode()
        told = json.loads(text)
    except (NotFound, OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def write(run: Run, name: str, told: Mapping[str, Any]) -> None:
    """Write one, whole or not at all."""
    run.upload_file(name, io.BytesIO(json.dumps(told, indent=1).encode()))


def all_below(run: Run, prefix: str) -> Iterator[dict[str, Any]]:
    """All of a kind, by name."""
    here = run._here
    if here is not None:
        # Of that folder alone: a run may have left 100,000 files elsewhere.
        folder = here.locate(f"{prefix}-").parent
        names = [f"{prefix}{path.name}" for path in sorted(folder.glob("*.json"))]
    else:
        listed = run.client.runs.files(run.id, prefix=prefix)["files"]
        names = [file["name"] for file in listed]
    yield from filter(None, (read(run, name) for name in names))


def add_input(run: Run, told: Mapping[str, Any]) -> None:
    """Keep what a run has read; the same again changes nothing."""
    text = json.dumps(told, sort_keys=True)
    write(run, f"{INPUTS}{hashlib.sha256(text.encode()).hexdigest()[:16]}.json", told)
