"""Looks whether a datastore is as it is said to be, before it is registered."""

from __future__ import annotations

import warnings

from jupyter_aml.data.stores import open_store
from jupyter_aml.domain.datastore import FILE_SHARE, Datastore
from jupyter_aml.domain.errors import Unreachable


def look_at(meant: Datastore, *, make: bool) -> None:
    """Raise NotFound for a container that is missing, unless it shall be made, or Refused for a key
    that is wrong.

    A store that does not answer is none of that: a warning says so.
    """
    is_folder = (meant.url or "").startswith("file:")
    if meant.kind == FILE_SHARE and not is_folder:
        return  # It is not mounted yet; whoever uses it is told.
    try:
        open_store(meant, lambda name: name).check(make=make)
    except Unreachable as error:
        warnings.warn(f"datastore {meant.name!r} was not looked at: {error}", stacklevel=4)
