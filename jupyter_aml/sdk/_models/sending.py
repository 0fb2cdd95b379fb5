"""Registers the files of a model, and sends them first where the engine does not see them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_aml.domain.errors import OutOfSight
from jupyter_aml.sdk.exceptions import WebserviceException

if TYPE_CHECKING:
    from jupyter_aml.client.models import Models
    from jupyter_aml.wire.models import WireModel


def registered(client: Models, body: Mapping[str, Any]) -> WireModel:
    """Register it; where the engine is on another machine, its files are sent there.

    Nothing is registered before all of them are there. Raises WebserviceException for a file that
    cannot be read.
    """
    try:
        return client.add(body)
    except OutOfSight:
        source = body["source"]
        place = Path(source["path"])
        upload = {key: source[key] for key in ("only", "root") if key in source}
        upload |= {"upload": uuid4().hex, "path": place.name}
        try:
            files = [*_files(place, source.get("only"))]
            if not files:
                raise WebserviceException(f"the folder {place} holds no file")
            for path, local in files:
                client.send(body["workspace"], body["name"], upload["upload"], path, local)
        except OSError as error:
            raise WebserviceException(f"cannot read {error.filename}: {error.strerror}") from None
        return client.add({**body, "source": upload})


def _files(place: Path, only: list[str] | None) -> Iterator[tuple[str, Path]]:
    """The files that are sent, by their names below the folder of the upload."""
    if only is None:
        yield from _below(place, place.name)
        return
    for name in only:
        part = os.path.normpath(name)
        yield from _below(place / part, f"{place.name}/{part.replace(os.sep, '/')}")


def _below(place: Path, name: str) -> Iterator[tuple[str, Path]]:
    if not place.is_dir():
        yield name, place
        return
    seen = set[str]()
    for here, folders, names in os.walk(place, followlinks=True, onerror=_raised):
        # A loop of links ends where it comes by again.
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        below = os.path.relpath(here, place).replace(os.sep, "/")
        base = name if below == "." else f"{name}/{below}"
        for each in sorted(names):
            path = Path(here, each)
            if path.is_file():
                yield f"{base}/{each}", path


def _raised(error: OSError) -> None:
    raise error
