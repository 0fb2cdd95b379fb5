"""An experiment: the name under which runs are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_aml.domain.ids import ExperimentName, WorkspaceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Runs that belong together, numbered from 1."""

    workspace: WorkspaceName
    name: ExperimentName
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    run_count: int = 0
