"""Opens a datastore: by itself where it can be reached from here, else through the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.patience import say
from jupyter_aml.data.stores import Lacking, folder_of, open_store
from jupyter_aml.domain.datastore import SECRET
from jupyter_aml.sdk._data.through_engine import EngineStore

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Store
    from jupyter_aml.domain.datastore import Datastore
    from jupyter_aml.sdk._data.place import Place

_said = set[str]()


def opened(workspace: Place, definition: Datastore, secret: Callable[[str], str]) -> Store:
    """Its files; raises Invalid where it is a database, or nothing says where it is."""
    if not definition.is_database and definition.url and _is_out_of_reach(workspace, definition):
        return _through(workspace, definition)
    try:
        return open_store(definition, secret)
    except Lacking as error:
        if definition.name not in _said:
            _said.add(definition.name)
            say(f"datastore {definition.name!r} is read through the engine: {error}")
        return _through(workspace, definition)


def _through(workspace: Place, definition: Datastore) -> EngineStore:
    client = workspace.client.datastores
    return EngineStore(client, workspace.name, definition.name, definition.url or "")


def _is_out_of_reach(workspace: Place, definition: Datastore) -> bool:
    """Whether its folder is the engine's alone, or its key is told on the engine's machine only."""
    if (definition.url or "").startswith("file:"):
        return workspace.client.is_elsewhere or not folder_of(definition.url or "").is_dir()
    return workspace.client.address.url is not None and _has_secret(definition.options)


def _has_secret(options: Mapping[str, Any]) -> bool:
    return any(
        _has_secret(value) if isinstance(value, Mapping)
        else isinstance(value, str) and value.startswith(SECRET)
        for value in options.values()
    )  # fmt: skip
