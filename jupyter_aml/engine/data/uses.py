"""Who reads and who has written a data set: runs say so in their properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_aml.domain import run_data
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.store.filters import quoted

_MOST = 20


@dataclass(frozen=True, slots=True)
class Uses:
    """The newest runs that have written a version, and that read it; and how many read it."""

    written_by: Sequence[Run]
    read_by: Sequence[Run]
    readers: int


def going_on(
    ledger: Ledger, workspace: WorkspaceName, name: str, versions: Sequence[str]
) -> list[str]:
    """The runs that have not ended and read one of these versions, each as `run x_1`. Blocks."""
    return [
        f"run {run.id}"
        for run in ledger.runs.active()
        if run.workspace == workspace
        and any(
            run_data.names(run.properties, run_data.READ, name, version) for version in versions
        )
    ]


def of(ledger: Ledger, workspace: WorkspaceName, name: str, version: str) -> Uses:
    """Who reads a version, and who has written it. Blocks."""
    written, _ = _saying(ledger, workspace, run_data.WRITTEN, name, version)
    read, total = _saying(ledger, workspace, run_data.READ, name, version)
    return Uses(written, read, total)


def _saying(
    ledger: Ledger, workspace: WorkspaceName, prefix: str, name: str, version: str
) -> tuple[list[Run], int]:
    words = (
        f"{quoted(f'property.{prefix}{name}')}:{quoted(version)}",
        f"property:{quoted(f'{prefix}{name}:{version}')}",
    )
    pages = [
        ledger.runs.page(workspace=workspace, filter=word, sort="-createdAt", limit=_MOST)
        for word in words
    ]
    runs = [run for page in pages for run in page.runs]
    runs.sort(key=lambda run: run.created_at, reverse=True)
    return runs[:_MOST], sum(page.total for page in pages)
