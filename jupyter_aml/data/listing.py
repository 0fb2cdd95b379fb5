"""The files of a data set: what its sources mean now."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.dataset import Dataset, Source, without_keys
from jupyter_aml.domain.errors import Invalid, NotFound

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Entry, Store

OpenStore = Callable[[str], "Store"]
"""Opens a datastore by its name."""

_MAGIC = "*?["


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a data set, and where it is."""

    store: Store
    path: str
    """Where it is in the store."""
    shown: str
    """What messages and records call it: `workspaceblobstore/iris/a.csv`."""
    name: str
    """Its path below what its source names, with `/`."""
    size: int | None = None
    modified: float | None = None
    etag: str | None = None

    @property
    def local(self) -> str | None:
        """Where it is on this machine; None for what has to be fetched."""
        path = self.store.local_path(self.path)
        return None if path is None else str(path)

    def open(self) -> Any:
        """Its content, as a file that is read."""
        return self.store.open(self.path, "rb")


def is_url(path: str) -> bool:
    """Whether a path is an address: `https://...`."""
    scheme, mark, _ = path.partition("://")
    return bool(mark) and scheme.isalnum()


def files(definition: Dataset, open_store: OpenStore) -> list[DataFile]:
    """All files of a data set in the order of its sources; NotFound says where it looked."""
    form = definition.reading["form"]
    if form == "sql":
        return []
    is_table = form != "files"
    found: dict[str, DataFile] = {}
    bases: list[str] = []
    for source in definition.sources:
        base, entries = _of(source, open_store)
        bases.append(base)
        for each in entries:
            if not (is_table and _is_aside(each, source)):
                found.setdefault(each.shown, each)
    if not found:
        raise NotFound(_nothing(definition.sources))
    many = list(found.values())
    return many if len(definition.sources) == 1 else _named_apart(many)


def seen(found: Iterable[DataFile]) -> str:
    """A digest of names, sizes and times, which tells at once that nothing has changed."""
    digest = hashlib.sha256()
    for each in sorted(found, key=lambda one: one.shown):
        mark = each.etag if each.etag is not None else each.modified
        digest.update(f"{each.shown}\0{each.size}\0{mark}\n".encode())
    return digest.hexdigest()


def changed_at(found: Iterable[DataFile]) -> str | None:
    """The newest time of a file, ISO 8601 in UTC."""
    newest = max((each.modified for each in found if each.modified is not None), default=None)
    if newest is None:
        return None
    at = datetime.fromtimestamp(newest, timezone.utc).isoformat(timespec="microseconds")
    return at.replace("+00:00", "Z")


def _of(source: Source, open_store: OpenStore) -> tuple[str, Iterator[DataFile]]:
    """The folder that a source means, and its files."""
    if source.datastore is not None:
        store, pattern, head = open_store(source.datastore), source.path, f"{source.datastore}/"
        return _glob(store, pattern, head)
    if not is_url(source.path):
        return _glob(_machine(), _absolute(source.path), "/")
    scheme = source.path.partition("://")[0].lower()
    if scheme in ("http", "https"):
        from jupyter_aml.data.web import WebStore

        web = WebStore(source.path)
        each = web.entry()
        shown = without_keys(source.path)
        return "", iter([DataFile(web, each.path, shown, each.path, each.size, etag=each.etag)])
    return _of_url(source.path)


def _of_url(url: str) -> tuple[str, Iterator[DataFile]]:
    from jupyter_aml.data.stores import open_url

    place, _, last = url.rpartition("/")
    while any(sign in place for sign in _MAGIC):
        place, _, before = place.rpartition("/")
        last = f"{before}/{last}"
    return _glob(open_url(place, {}), last, f"{place}/")


def _machine() -> Store:
    from jupyter_aml.data.stores import LocalStore

    return LocalStore(Path("/"), links=True)


def _absolute(path: str) -> str:
    if not os.path.isabs(path):
        raise Invalid(f"the path {path!r} of a data set is not absolute")
    return path.strip("/")


def _glob(store: Store, pattern: str, head: str) -> tuple[str, Iterator[DataFile]]:
    base = base_of(pattern)

    def every() -> Iterator[DataFile]:
        for each in store.glob(pattern):
            yield _file(store, each, base, head)

    return f"{head}{base}", every()


def base_of(pattern: str) -> str:
    """The folder above the first part of a pattern that stands for several."""
    kept: list[str] = []
    for part in pattern.strip("/").split("/"):
        if any(sign in part for sign in _MAGIC):
            break
        kept.append(part)
    return "/".join(kept)


def _file(store: Store, each: Entry, base: str, head: str) -> DataFile:
    # What a source names is a folder, or else a file that has no other name than its own.
    below = each.path[len(base) :].lstrip("/") if base else each.path
    if not below or (base and not each.path.startswith(f"{base}/")):
        below = posixpath.basename(each.path)
    return DataFile(
        store, each.path, f"{head}{each.path}", below, each.size, each.modified, each.etag
    )


def _named_apart(many: Sequence[DataFile]) -> list[DataFile]:
    """Files of several sources, by names that tell them apart."""
    from dataclasses import replace

    if len({each.name for each in many}) == len(many):
        return list(many)
    above = posixpath.commonpath([posixpath.dirname(each.shown) for each in many]) if not any(
        is_url(each.shown) for each in many
    ) else ""  # fmt: skip
    return [replace(each, name=each.shown[len(above) :].strip("/")) for each in many]


def _is_aside(each: DataFile, source: Source) -> bool:
    """Whether programs left it beside the tables, such as `_SUCCESS`, and nobody named it."""
    parts = each.name.split("/")
    is_named = source.path.strip("/").endswith(each.path)
    return not is_named and any(part.startswith(("_", ".")) for part in parts)


def _nothing(sources: Sequence[Source]) -> str:
    shown = ", ".join(f"'{each}'" for each in sources[:5])
    more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
    said = "these match nothing" if len(sources) > 1 else "it matches nothing"
    return f"there is no file at {shown}{more}: {said}"
