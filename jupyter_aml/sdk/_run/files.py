"""The files of a run: put there, listed, fetched."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import get_ident
from typing import IO, Any

from jupyter_aml.runfolder.layout import on_disk
from jupyter_aml.runfolder.names import shown
from jupyter_aml.runfolder.taking import takes
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run.place import RunPlace
from jupyter_aml.sdk.exceptions import UserErrorException

_NO_STORES = "files of a run lie in its own folder; Datastore.upload_files fills a datastore"


def _within(seconds: float | None) -> Callable[[], None]:
    """Raise UserErrorException, between two files, once so many seconds are over."""
    begun = time.monotonic()

    def check() -> None:
        if seconds is not None and time.monotonic() - begun > seconds:
            raise UserErrorException(
                f"timeout_seconds={seconds:g} are over; the files before that are there"
            )

    return check


class RunFiles(RunPlace):
    """The part of Run that deals with files."""

    def upload_file(
        self, name: str, path_or_stream: Any, datastore_name: str | None = None
    ) -> None:
        """Keep a file with the run, under this name, e.g. `outputs/model.pkl`."""
        given.refuse(_NO_STORES, datastore_name=datastore_name)
        if hasattr(path_or_stream, "read"):
            self._put(name, path_or_stream)
            return
        path = Path(path_or_stream)
        if not path.is_file():
            raise UserErrorException(f"there is no file {os.fspath(path_or_stream)!r} to upload")
        target = self._folder.locate(name)
        if target.exists() and target.samefile(path):
            return  # The script wrote it where it belongs already.
        with path.open("rb") as file:
            self._put(name, file)

    def upload_files(
        self, names: Sequence[str], paths: Sequence[str], return_artifacts: bool = False,
        timeout_seconds: float | None = None, datastore_name: str | None = None,
    ) -> None:  # fmt: skip
        """Keep several files, each under its name; those of `timeout_seconds` at most."""
        given.refuse(_NO_STORES, datastore_name=datastore_name)
        given.refuse("there are no artifacts besides the files", return_artifacts=return_artifacts)
        in_time = _within(timeout_seconds)
        if len(names) != len(paths):
            raise UserErrorException(f"{len(names)} names for {len(paths)} paths")
        for name, path in zip(names, paths, strict=True):
            in_time()
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        """Keep a folder with the run: `<name>/<path inside the folder>`."""
        given.refuse(_NO_STORES, datastore_name=datastore_name)
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(f"there is no folder {path!r} to upload")
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.upload_file(f"{name}/{shown(file.relative_to(folder).as_posix())}", file)

    def _keep_outputs(self) -> None:
        """Take in what stands in the folder that was given as `outputs`."""
        tracked = self._outputs
        if tracked is not None and tracked.folder.is_dir():
            for path in tracked.news():
                name = shown(path.relative_to(tracked.folder).as_posix())
                self.upload_file(f"outputs/{name}", path)

    def get_file_names(self) -> list[str]:
        """The names of all files of the run, sorted."""
        if self._is_inside:
            return [name for name, _ in self._folder.names()]
        return [file["name"] for file in self.client.runs.files(self.id)["files"]]

    def download_file(
        self,
        name: str,
        output_file_path: str | os.PathLike[str] | None = None,
        _validate_checksum: bool = False,
    ) -> None:
        """Fetch one file; into the current folder, a folder, or to a path."""
        given.refuse(
            "files of a run are fetched whole or not at all", _validate_checksum=_validate_checksum
        )
        target = Path(output_file_path) if output_file_path is not None else Path(".")
        if target.is_dir() or str(output_file_path or "").endswith("/"):
            target = target / on_disk(name).rpartition("/")[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._is_inside:
            with (
                self._folder.existing(name).open("rb") as content,
                _written(target, content) as unfinished,
            ):
                unfinished.replace(target)
        else:
            self.client.runs.save(self.id, name, target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | os.PathLike[str] | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: float | None = None,
    ) -> None:
        """Fetch all files whose names begin with the prefix, below a folder or to given paths.

        Without `append_prefix` the prefix is left off the paths that are written. They are
        fetched one by one, whatever `batch_size` says, for `timeout_seconds` at most.
        """
        in_time = _within(timeout_seconds)
        names = [name for name in self.get_file_names() if _begins(name, prefix)]
        if output_paths is not None:
            if len(output_paths) != len(names):
                raise UserErrorException(f"{len(output_paths)} paths for {len(names)} files")
            targets = [Path(path) for path in output_paths]
        else:
            base = Path(output_directory or ".")
            targets = [base / on_disk(_shortened(name, prefix, append_prefix)) for name in names]
        for name, target in zip(names, targets, strict=True):
            in_time()
            target.parent.mkdir(parents=True, exist_ok=True)
            self.download_file(name, target)

    def _put(self, name: str, content: IO[Any]) -> None:
        target = self._folder.locate(name)
        with _written(target, content) as unfinished:
            unfinished.replace(target)
        self._tell_file(name)

    def _put_image(self, name: str, content: Any, suffix: str) -> None:
        records = self._records  # Refuses a run that has ended before a file is made.
        stem = re.sub(r"[\\/:\x00-\x1f\ud800-\udfff]", "_", name).strip(" .") or "image"
        stem = stem[:-len(suffix)] if stem.lower().endswith(suffix) else stem  # fmt: skip
        stem = stem.encode()[:200].decode(errors="ignore")
        file, count = f"{stem}{suffix}", self._images.get((stem, suffix), 0)
        with _written(self._folder.locate(file), content) as unfinished:
            # A name may be logged again, by other processes as well: each image is kept.
            while not takes(self._folder.locate(file), unfinished):
                count += 1
                file = f"{stem}_{count}{suffix}"
        self._images[stem, suffix] = count
        self._tell_file(file)
        records.value(name, "image", {"file": file})

    def _tell_file(self, name: str) -> None:
        # Once a run has ended nobody reads records; its files are listed from the folder.
        if not self._has_ended:
            self._records.record("file", name, time.time())

    @cached_property
    def _images(self) -> dict[tuple[str, str], int]:
        """How many images of a name there are at least, so that no name is tried again."""
        return {}


@contextmanager
def _written(target: Path, content: IO[Any]) -> Iterator[Path]:
    """What is to be a file, whole, beside the place where it belongs; gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # The name of the target may be as long as a name can be.
    unfinished = target.with_name(f".{os.getpid()}-{get_ident()}-{os.urandom(4).hex()}.part")
    try:
        with unfinished.open("wb") as file:
            while block := content.read(1 << 20):
                file.write(block.encode() if isinstance(block, str) else block)
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def _begins(name: str, prefix: str | None) -> bool:
    return not prefix or name.startswith(prefix)


def _shortened(name: str, prefix: str | None, append_prefix: bool) -> str:
    if append_prefix or not prefix:
        return name
    return name[len(prefix) :].lstrip("/") or name.rpartition("/")[2]
