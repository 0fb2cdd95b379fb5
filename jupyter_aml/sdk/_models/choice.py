"""Which models are meant: by name, id, version, alias, labels, run and framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._models.asking import as_v1, filters
from jupyter_aml.sdk.exceptions import WebserviceException

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.place import Space
    from jupyter_aml.wire.models import WireModel


def found(
    workspace: Space, *, name: str | None, id: str | None, version: int | str | None,
    **choice: Any,
) -> WireModel:  # fmt: skip
    """The newest version that is all that is said, or WebserviceException in SDK v1's words."""
    if name is None and id is None:
        raise WebserviceException("name the model: give its name, or its id")
    if id is not None:
        name, _, number = id.rpartition(":")
        version = version if version is not None else number
    assert name is not None
    name, _, alias = name.partition("@")
    wanted = alias or (None if version is None else str(version))
    try:
        with as_v1():
            if not any(choice.values()):
                return workspace.client.models.get(workspace.name, name, wanted)
            for seen in listed(workspace, name=name, limit=255, **choice):
                if wanted is None or wanted in (seen["version"], *seen["aliases"]):
                    return seen
    except WebserviceException as error:
        cause = str(error)
    else:
        cause = "there is none of which all of this is true"
    said = {"name": name, "version": wanted, **choice}
    words = ", ".join(f"{key} {value}" for key, value in said.items() if value)
    raise WebserviceException(
        f"ModelNotFound: Model with {words} not found in provided workspace: {cause}"
    )


def listed(
    workspace: Space, *, name: str | None, tags: Any, properties: Any, run_id: str | None,
    framework: str | None, limit: int, newest: bool = False, dataset: str | None = None,
) -> Iterator[WireModel]:  # fmt: skip
    return workspace.client.models.list(
        workspace.name, name=name, tag=filters("tags", tags),
        property=filters("properties", properties), run=run_id, framework=framework,
        newest=1 if newest else None, dataset=dataset, limit=limit,
    )  # fmt: skip
