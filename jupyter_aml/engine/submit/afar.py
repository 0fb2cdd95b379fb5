"""Sources of another machine: the engine says which files it wants, and they come in pieces."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.run import Run
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.uploads import Uploads
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.datastores import UploadPiece
from jupyter_aml.wire.submissions import FarSource, Source


class FarSources:
    """Sources under way. `here` and `forget` block."""

    def __init__(self, uploads: Uploads, settings: Settings) -> None:
        self._uploads, self._settings = uploads, settings

    async def wanted(self, asked: FarSource) -> list[str]:
        """The files that a snapshot would hold, so that no others are sent; raises Invalid."""
        return await asyncio.to_thread(self._wanted, asked)

    async def take(self, piece: UploadPiece) -> None:
        """Keep a piece of a file that is wanted."""
        await asyncio.to_thread(self._uploads.take, piece)

    def here(self, source: Source) -> Source:
        """The source as it lies here, which is where it was sent to; raises NotFound."""
        if source.upload is None:
            return source
        folder = self._uploads.there(source.upload)
        return replace(
            source,
            directory=None if source.directory is None else str(folder / "directory"),
            base=None if source.base is None else str(folder / "base"),
        )

    def forget(self, source: Source) -> None:
        """Remove what was sent."""
        if source.upload is not None:
            self._uploads.forget(source.upload)

    def _wanted(self, asked: FarSource) -> list[str]:
        """A folder of empty files with the names and sizes of theirs is planned as any other."""
        folder = self._uploads.folder(asked.upload) / asked.part
        try:
            remove_tree(folder)
            folder.mkdir(parents=True)
            for path, size in asked.files.items():
                _make(folder / checked(path), size, asked.ignores.get(path))
        except (FileExistsError, NotADirectoryError) as error:
            raise Invalid(f"{error.filename!r} is a file and a folder in one source") from None
        except OSError as error:
            raise StorageFailed(f"cannot write in {folder}: {error.strerror}") from error
        there = str(folder)
        source = Source(
            directory=there if asked.part == "directory" else None,
            files={},
            include=asked.include,
            base=there if asked.part == "base" else None,
        )
        plan = snapshot.plan_source(source, settings=self._settings)
        return [file.path for file in plan.files]


def with_python_of_here(run: Run) -> Run:
    """The run with a Python that is here, where it names one of the machine that sent it."""
    job = run.job
    if job is None or not job.interpreter.startswith("/") or Path(job.interpreter).exists():
        return run
    told = (
        f"the Python of the machine that sent it, {job.interpreter}, is not here: "
        f"{sys.executable} runs it; name an environment for another one"
    )
    job = replace(job, interpreter=sys.executable)
    return replace(run, job=job, warnings=(*run.warnings, told))


def _make(path: Path, size: int, text: str | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is not None:
        path.write_text(text, encoding="utf-8")
        return
    with path.open("xb") as file:
        file.truncate(size)
