"""/aml/runs/<id>/files and /snapshot: what a run left, and what was sent with it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import NotFound, Refused, StorageFailed
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.runfolder.plain import still
from jupyter_aml.server.base import LONGEST_BODY, AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.contents import WireFiles, WireSnapshot
from jupyter_aml.wire.datastores import UploadPiece

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

CHUNK = 512 * 1024
Read = Callable[[int, int], bytes]
"""Reads so many bytes from a byte on. Blocks."""
INLINE = Text("inline", "`1` shows a PNG, JPEG, GIF or WebP instead of saving it.")
PREFIX = Text("prefix", "Only files whose names begin so.")
AFTER = Text("after", "`next` of the page before.")
LIMIT = Number("limit", "Files on a page.", 1, 10_000, 10_000)
PAGE = (PREFIX, AFTER, LIMIT)
UPLOAD = Text("upload", "An id of this upload, made by who sends it.")
OFFSET = Number("offset", "Where in the file this piece begins.", 0, 1 << 50, 0)
IMAGES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


class Download(AmlHandler):
    """Sends a file in pieces, as something that no browser runs."""

    @property
    def content_security_policy(self) -> str:
        """Whatever the file says, it may do nothing."""
        return "sandbox; default-src 'none'; frame-ancestors 'none'"

    async def send(self, path: Path, name: str) -> None:
        """Send the whole file or the range that was asked for."""
        fd = await asyncio.to_thread(opened, path)
        try:
            found = os.fstat(fd)
            mark = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
            await self.send_parts(partial(os.pread, fd), found.st_size, name, mark)
        finally:
            os.close(fd)

    async def send_parts(self, read: Read, whole: int, name: str, mark: str | None = None) -> None:
        """Send all bytes of what is so long, or the range that was asked for.

        `mark` is what its content is called; without one nobody can ask whether it has changed.
        """
        self._describe(name, mark)
        if mark is not None and self.request.headers.get("If-None-Match") == mark:
            self.set_status(304)
            self.finish()
            return
        part = wanted(self._range(mark), whole)
        if part is None:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{whole}")
            self.finish()
            return
        if len(part) < whole:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part[0]}-{part[-1]}/{whole}")
        self.set_header("Content-Length", str(len(part)))
        await self.flush()
        await self._pour(read, part)

    async def _pour(self, read: Read, part: range) -> None:
        for start in range(part.start, part.stop, CHUNK):
            size = min(CHUNK, part.stop - start)
            chunk = await asyncio.to_thread(read, size, start)
            if len(chunk) < size:
                raise StorageFailed("the file became shorter while it was sent")
            self.write(chunk)
            await self.flush()
        self.finish()

    def _describe(self, name: str, mark: str | None) -> None:
        kind = IMAGES.get(PurePosixPath(name).suffix.lower())
        inline = kind is not None and INLINE.read(self) == "1"
        self.set_header("Content-Type", kind if inline and kind else "application/octet-stream")
        self.set_header("Content-Disposition", disposition(name, inline=inline))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Control", "private, no-cache")
        if mark is not None:
            self.set_header("ETag", mark)

    def _range(self, mark: str | None) -> str:
        # A range of a file that is no longer the same is of no use.
        if self.request.headers.get("If-Range", mark) != mark:
            return ""
        return self.request.headers.get("Range", "")


class Archive(AmlHandler):
    """Sends a zip file that is made meanwhile."""

    @property
    def content_security_policy(self) -> str:
        """Whatever is in it, it may do nothing."""
        return "sandbox; default-src 'none'; frame-ancestors 'none'"

    async def send(self, pieces: Iterator[bytes], name: str) -> None:
        """Send the pieces as they come."""
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", disposition(name, inline=False))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        # What packs well gives its first bytes late; that the file comes is said at once.
        await self.flush()
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            if piece:
                self.write(piece)
                await self.flush()
        self.finish()


class FilesHandler(AmlHandler):
    """/aml/runs/<id>/files"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """List logs, outputs and uploads, a page at a time."""
        page = await engine.runs.files(
            ids.run_id(run_id),
            prefix=PREFIX.read(self) or "",
            after=AFTER.read(self),
            limit=LIMIT.given(self),
        )
        self.reply(page)


class FileHandler(Download):
    """/aml/runs/<id>/files/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str, name: str) -> None:
        """Return one file."""
        await self.send(await engine.runs.file(ids.run_id(run_id), checked(name)), name)


class SnapshotHandler(AmlHandler):
    """/aml/runs/<id>/snapshot"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """List what was sent."""
        self.reply(await engine.runs.snapshot(ids.run_id(run_id)))


class SnapshotFileHandler(Download):
    """/aml/runs/<id>/snapshot/<path>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str, path: str) -> None:
        """Return one file as it was sent."""
        await self.send(await engine.runs.snapshot_file(ids.run_id(run_id), checked(path)), path)


def piece_of(handler: AmlHandler, path: str) -> UploadPiece:
    """The piece of a file that a request brings; raises HTTPError for one that is too long."""
    if len(handler.request.body) > LONGEST_BODY:
        raise HTTPError(413, f"a piece is at most {LONGEST_BODY} bytes")
    return UploadPiece(
        path=path,
        upload=UPLOAD.read(handler) or "",
        offset=OFFSET.given(handler),
        data=handler.request.body,
    )


def opened(path: Path) -> int:
    """Open a regular file that is still where it was found; raises NotFound or Refused."""
    try:
        return still(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{path.name!r} is no longer there") from error
    except OSError as error:
        raise Refused(f"{path.name!r} cannot be read: {error.strerror}") from error


def wanted(asked: str, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None where there are no such bytes.

    A header of another unit, of many ranges or of no sense means the whole file, as HTTP wants.
    """
    match = _RANGE.match(asked)
    if match is None or match.group(1) == match.group(2) == "":
        return range(size)
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return range(size)
    return range(start, stop) if start < stop else None


def disposition(name: str, *, inline: bool) -> str:
    """Return Content-Disposition with the last part of the name in both spellings (RFC 6266)."""
    last = PurePosixPath(name).name
    plain = re.sub(r"[^A-Za-z0-9 ._()+@-]", "_", last)
    how = "inline" if inline else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(last, safe='', errors='replace')}"


_DOWNLOAD = Call(query=(INLINE,), answer=bytes, other=((206, bytes), (304, None)))

ROUTES = (
    Route("runs/{id}/files", FilesHandler, {"get": Call(query=PAGE, answer=WireFiles)}),
    Route("runs/{id}/files/{+name}", FileHandler, {"get": _DOWNLOAD}),
    Route("runs/{id}/snapshot", SnapshotHandler, {"get": Call(answer=WireSnapshot)}),
    Route("runs/{id}/snapshot/{+path}", SnapshotFileHandler, {"get": _DOWNLOAD}),
)  # fmt: skip
