"""What a user changes of a run: names, tags, and properties that are not set yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jupyter_aml.domain import limits
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import Run
from jupyter_aml.wire.changes import RunPatch


def patched(run: Run, patch: RunPatch) -> dict[str, Any]:
    """The fields of the run that become others; raises Invalid, also for a property that is set."""
    limits.display_name(patch.display_name or "")
    limits.description(patch.description or "")
    limits.labels("tag", patch.tags, run.tags)
    limits.labels("property", patch.properties, run.properties)
    for key, value in patch.properties.items():
        if run.properties.get(key, value) != value:
            raise Invalid(f"the property {key!r} of run {run.id} is set; properties never change")
    tags = {**run.tags, **patch.tags}
    changed = replace(
        run,
        display_name=run.display_name if patch.display_name is None else patch.display_name,
        description=run.description if patch.description is None else patch.description,
        tags={key: value for key, value in tags.items() if value is not None},
        properties={**run.properties, **patch.properties},
    )
    names = ("display_name", "description", "tags", "properties")
    values = {name: getattr(changed, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(run, name)}
