"""What a caller may give as the path of a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_aml.domain.dataset import Source
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.data.data_reference import DataReference
from jupyter_aml.sdk.data.datapath import DataPath
from jupyter_aml.sdk.exceptions import UserErrorException

_KINDS = "give a path or URL, a DataPath, a pair (datastore, 'path'), or a list of these"


@dataclass
class Paths:
    """Sources with the datastores that were named, and the workspace that these belong to."""

    sources: list[Source] = field(default_factory=list)
    datastores: dict[str, Any] = field(default_factory=dict)
    workspace: Any = None

    def add(self, datastore: Any, path: str) -> None:
        """Add a path of a datastore; UserErrorException for one of another workspace."""
        workspace = datastore.workspace
        if self.workspace is not None and self.workspace.name != workspace.name:
            raise UserErrorException(
                f"datastore {datastore.name!r} is of workspace {workspace.name!r}, the others are "
                f"of {self.workspace.name!r}: a data set has the files of one workspace"
            )
        self.workspace = workspace
        self.datastores[datastore.name] = datastore
        self.sources.append(Source(_inside(path), datastore.name))


def paths_of(given: Any) -> Paths:
    """Read what was given as `path`; raises UserErrorException."""
    paths = Paths()
    for datastore, path in _pairs(given):
        if datastore is not None:
            paths.add(datastore, path)
        else:
            paths.sources.append(Source(_absolute(path)))
    if not paths.sources:
        raise UserErrorException(f"path: the list is empty; {_KINDS}")
    return paths


def one_datastore(given: Any, what: str) -> tuple[Any, str]:
    """A place that is written to: a datastore with a path; UserErrorException for anything else."""
    if _is_datastore(given):
        return given, ""
    found = list(_pairs(given)) if isinstance(given, tuple | DataPath | DataReference) else []
    if len(found) != 1 or found[0][0] is None:
        raise UserErrorException(
            f"{what}: give a datastore, a DataPath or a pair (datastore, 'path'), not {given!r:.80}"
        )
    return found[0][0], _inside(found[0][1])


def _pairs(given: Any) -> Iterator[tuple[Any, str]]:
    """Each path with its datastore, or None."""
    if isinstance(given, str | os.PathLike):
        yield None, str(os.fspath(given))
    elif isinstance(given, DataPath):
        if given._datastore is None:
            raise UserErrorException(f"{given!r} names no datastore: give it one")
        yield given._datastore, given.path_on_datastore or ""
    elif isinstance(given, DataReference):
        yield given.datastore, given.path_on_datastore or ""
    elif _is_datastore(given):
        yield given, ""
    elif isinstance(given, tuple) and len(given) == 2 and _is_datastore(given[0]):
        for path in given[1] if isinstance(given[1], list | tuple) else [given[1]]:
            if not isinstance(path, str):
                raise UserErrorException(f"path: {path!r:.80} beside a datastore is no text")
            yield given[0], path
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _pairs(each)
    else:
        raise UserErrorException(f"path: {given!r:.80} is no path; {_KINDS}")


def _is_datastore(given: Any) -> bool:
    from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore

    return isinstance(given, AbstractDatastore)


def _inside(path: str) -> str:
    from jupyter_aml.domain.datastore import inside

    try:
        return inside(path)
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def _absolute(path: str) -> str:
    if not path or "\0" in path:
        raise UserErrorException(f"path: {path!r} is no path; {_KINDS}")
    parts = urlsplit(path)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return os.path.normpath(unquote(parts.path))
    if "://" in path:
        return path
    return os.path.abspath(os.path.expanduser(path))
