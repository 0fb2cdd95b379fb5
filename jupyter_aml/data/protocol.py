"""What every store can do, wherever its files are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from jupyter_aml.domain.errors import Invalid

Mode = Literal["rb", "wb"]


@dataclass(frozen=True)
class Entry:
    """A file on a store: its path with `/` from the store's root, bytes, seconds since 1970."""

    path: str
    size: int | None = None
    modified: float | None = None
    etag: str | None = None
    """What the store calls this content, where it says so."""


@dataclass(frozen=True)
class Folder:
    """What lies in one folder: the names of folders and the files, each sorted."""

    folders: tuple[str, ...]
    files: tuple[Entry, ...]


@dataclass(frozen=True)
class Recipe:
    """How another process of this machine opens a store: JSON may hold it, and it may hold keys."""

    maker: str
    """A function of this package: `module:name`."""
    arguments: tuple[Any, ...]


class Lacking(Invalid):
    """The library that opens a store is not installed here."""


class Store(Protocol):
    """Files by paths with `/`; each path is checked to lie inside.

    Raises NotFound for what is not there, Refused for what may not be done, Invalid for a path that
    climbs out, Unreachable for a store that does not answer and StorageFailed for a full disk.
    """

    def check(self, *, make: bool = False) -> None:
        """Raise NotFound where the container or folder is missing; with `make` it is made."""

    def walk(self, prefix: str = "") -> Iterator[Entry]:
        """All files below a folder (or the file of that path), by path; none where it is not."""

    def listing(self, path: str = "") -> Folder:
        """What lies in a folder, and not below its folders; nothing where there is no such one."""

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The files that a pattern means, by path: `*` and `?` within a name, `**` across folders.

        What names a file means that file, what names a folder means all files below it.
        """

    def open(self, path: str, mode: Mode = "rb") -> IO[Any]:
        """Open a file; one that is written is there, whole, once it is closed."""

    def get(self, path: str, local: Path) -> None:
        """Copy a file from the store; `local` is there whole or not at all."""

    def put(self, local: Path, path: str) -> None:
        """Copy a file to the store; it is there whole or not at all."""

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""

    def remove(self, path: str) -> None:
        """Delete a file; NotFound where there is none."""

    def local_path(self, path: str) -> Path | None:
        """Where a file or folder is on this machine; None for what has to be fetched."""

    def url(self, path: str) -> str:
        """The address of a file or folder, which holds no secret."""

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
