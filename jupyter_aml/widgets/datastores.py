"""Datastores and their files as text: the rows of lists."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_aml.widgets.plain import local, size

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Entry
    from jupyter_aml.wire.datastores import WireDatastore

HEADS = ("Datastore", "Kind", "Default", "Where", "Created")
FILE_HEADS = ("File", "Size", "Changed")


def row(store: WireDatastore) -> tuple[str, ...]:
    """A datastore as the texts below HEADS."""
    created = local(store["createdAt"]) if store["createdAt"] else ""
    default = "default" if store["isDefault"] else ""
    return store["name"], store["kind"], default, store["url"] or "", created


def file_row(entry: Entry) -> tuple[str, ...]:
    """A file of a datastore as the texts below FILE_HEADS."""
    changed = ""
    if entry.modified is not None:
        changed = local(datetime.fromtimestamp(entry.modified, timezone.utc).isoformat())
    return entry.path, "" if entry.size is None else size(entry.size), changed
