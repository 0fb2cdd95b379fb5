"""Files that come in pieces, kept in the root until all of them are there."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_aml.domain.errors import Invalid, NotFound, Outdated, StorageFailed
from jupyter_aml.engine.root import Root
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.datastores import UploadPiece

_FORGOTTEN = 24 * 3600.0
"""Seconds after which an upload that does not go on is given up."""
_ID = re.compile(r"[0-9a-zA-Z-]{8,64}\Z")


class Uploads:
    """The folder of uploads under way. Blocks; a piece that comes twice is there once."""

    def __init__(self, root: Root) -> None:
        self._folder = root.path / "uploads"

    def take(self, piece: UploadPiece, *, called: str | None = None) -> Path:
        """Keep a piece, and return where its file grows: below its path, or as it is `called`.

        Raises Outdated where the pieces before it are not there. A disk that is full keeps
        nothing of the upload.
        """
        if piece.offset == 0:
            self._sweep()
        part = self.folder(piece.upload) / checked(called or piece.path)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with open(part, "r+b" if piece.offset else "wb") as file:
                if file.seek(0, 2) < piece.offset:
                    raise Outdated(f"the pieces of {piece.path!r} before this one are not there")
                file.seek(piece.offset)
                file.write(piece.data)
                file.truncate()
        except FileNotFoundError:
            raise Outdated(f"the pieces of {piece.path!r} before this one are not there") from None
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            raise Invalid(f"{piece.path!r} is a file and a folder in one upload") from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                self.forget(piece.upload)
            raise StorageFailed(f"cannot keep a piece of the file: {error.strerror}") from error
        return part

    def there(self, upload: str) -> Path:
        """The folder of an upload that has begun; raises NotFound."""
        folder = self.folder(upload)
        if not folder.is_dir():
            raise NotFound(f"there is no upload {upload!r}: nothing of it came, or it is forgotten")
        return folder

    def folder(self, upload: str) -> Path:
        """The folder of an upload; raises Invalid for what is no id of one."""
        if not _ID.match(upload):
            raise Invalid("upload: expected an id of 8 to 64 letters, digits and '-'")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / upload

    def forget(self, upload: str) -> None:
        """Remove what there is of an upload."""
        folder = self.folder(upload)
        if folder.exists():
            remove_tree(folder)

    def _sweep(self) -> None:
        for path in self._old():
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _old(self) -> Iterator[Path]:
        """What does not go on: the time of an upload is that of its newest file."""
        until = time.time() - _FORGOTTEN
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    times = (each.stat().st_mtime for each in (path, *path.rglob("*")))
                    if max(times) < until:
                        yield path
