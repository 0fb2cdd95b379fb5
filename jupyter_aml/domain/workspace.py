"""A workspace: a name in a root, with the labels that SDK v1 showed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_aml.domain.errors import IllegalMove
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE, WorkspaceName

LABELS = (
    "adbWorkspace", "applicationInsights", "containerRegistry", "description", "friendlyName",
    "keyVault", "sku", "storageAccount",
)  # fmt: skip
"""Names of what can be said of a workspace and changes nothing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What runs, environments and models belong to. The cloud's fields are labels and no more."""

    name: WorkspaceName
    created_at: datetime
    subscription_id: str = ""
    resource_group: str = ""
    location: str = "local"
    tags: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """What else SDK v1 told of it, by the names of LABELS."""


def check_deletable(name: WorkspaceName) -> None:
    """Raise IllegalMove for the one workspace that cannot be deleted."""
    if name == DEFAULT_WORKSPACE:
        raise IllegalMove(f"workspace {name!r} is always there: delete its runs instead")
