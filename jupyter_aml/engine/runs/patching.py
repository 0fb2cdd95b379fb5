"""What a user changes of a run: names, tags, and properties that are not set yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import Run
from jupyter_aml.wire.coding import decode_patch


def patched(run: Run, body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the run that become others; raises Invalid, also for a property that is set."""
    wanted = decode_patch(body)
    tags = {**run.tags, **wanted.get("tags", {})}
    for key, value in wanted.get("properties", {}).items():
        if run.properties.get(key, value) != value:
            raise Invalid(f"the property {key!r} of run {run.id} is set; properties never change")
    changed = replace(
        run,
        display_name=wanted.get("displayName", run.display_name),
        description=wanted.get("description", run.description),
        tags={key: value for key, value in tags.items() if value is not None},
        properties={**run.properties, **wanted.get("properties", {})},
    )
    names = ("display_name", "description", "tags", "properties")
    values = {name: getattr(changed, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(run, name)}
