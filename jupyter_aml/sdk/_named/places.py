"""`STORE:PATH` as verbs of the shell and the notebook take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.core.datastore import Datastore
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Entry
    from jupyter_aml.sdk._data.place import Place
    from jupyter_aml.sdk.data.azure_storage_datastore import AbstractAzureStorageDatastore

FORM = "STORE:PATH"
HELP = "a path on a datastore; `:PATH` is on the default one, `STORE:` is all of it"


def place(workspace: Place, text: str) -> tuple[AbstractAzureStorageDatastore, str]:
    """The datastore and the path on it; UserErrorException names the nearest datastore."""
    name, colon, path = text.partition(":")
    if not colon:
        raise UserErrorException(f"{text!r}: write {FORM}, or :PATH for the default datastore")
    store: Any = Datastore.get(workspace, name) if name else Datastore.get_default(workspace)
    if not hasattr(store, "upload"):
        raise UserErrorException(f"files cannot be copied to or from {store.name!r}: it is of the "
                                 f"kind {store.datastore_type}")  # fmt: skip
    return store, path


def entries(workspace: Place, text: str) -> list[Entry]:
    """The files that a path, a folder or a pattern on a datastore means."""
    from jupyter_aml.sdk._data.place import told_as_v1

    store, path = place(workspace, text)
    with told_as_v1():
        return [*store._store().glob(path)]
