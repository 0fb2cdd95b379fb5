"""Data sets as folders, for as long as a block lasts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from jupyter_aml.client.patience import say
from jupyter_aml.data import copies, mounting
from jupyter_aml.data.listing import DataFile
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.data._reads import executing
from jupyter_aml.sdk.exceptions import AzureMLException, UserErrorException

__all__ = [
    "AzureMLException", "DatasetContextManager", "DatastoreContextManager", "UserErrorException",
]  # fmt: skip


class _CommonContextManager:
    """A folder that is there between `start` and `stop`."""

    def __init__(self, config: Any) -> None:
        self._config = config

    @property
    def mount_point(self) -> str:
        """The folder."""
        raise NotImplementedError

    def start(self) -> None:
        """Make it."""
        raise NotImplementedError

    def stop(self) -> None:
        """Remove what was made."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *exc_details: Any) -> None:
        self.stop()


class DatasetContextManager(_CommonContextManager):
    """The files of a data set as a folder.

    It is the folder itself where the files are on this machine and nothing else lies there; else
    one with links to what is on this machine, in which the rest is fetched as it is read. Where
    no file system can be mounted, the rest is copied at once. It is there to be read.
    """

    def __init__(
        self,
        config: Any,
        ignore_already_mounted_error: bool = False,
        force_mount_with_allow_other: bool = False,
    ) -> None:
        """`config` is a function that returns the files, and the folder that is wanted or None."""
        given.refuse("the folder is its user's own", allow_other=force_mount_with_allow_other)
        super().__init__(config)
        self._ignore = ignore_already_mounted_error
        self._folder: Path | None = None
        self._made = False
        self._mount: mounting.Mount | None = None

    @property
    def mount_point(self) -> str:
        """The folder; it is made where it is not there yet, as SDK v1 did before `start`."""
        if self._folder is None:
            self._choose()
        return str(self._folder)

    def start(self) -> None:
        """Lay the files out; UserErrorException where the folder is not empty."""
        if self._folder is not None and not self._ignore and self._made:
            return
        self._choose()

    def stop(self) -> None:
        """Remove the links and copies; a folder that was there before stays, and is empty."""
        folder, self._folder = self._folder, None
        if folder is None or not self._made:
            return
        self._made = False
        if self._mount is not None:
            self._mount.stop()
            self._mount = None
        _, wanted = self._config
        if wanted is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        for name in os.listdir(folder):
            place = folder / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)

    def _choose(self) -> None:
        if self._folder is not None:
            return
        find, wanted = self._config
        found: list[DataFile] = find()
        own = copies.own_folder(found) if wanted is None else None
        if own is not None:
            self._folder = own
            return
        folder = copies.new_folder() if wanted is None else _empty(Path(wanted))
        self._made = True
        try:
            with executing():
                self._fill(found, folder)
        except BaseException:
            self._folder = folder
            self.stop()
            raise
        self._folder = folder

    def _fill(self, found: list[DataFile], folder: Path) -> None:
        far = [each for each in found if each.local is None]
        lacking = mounting.lacking() if far else None
        if far and lacking is None:
            self._mount = mounting.Mount(found, folder, say)
            return
        if far:
            say(f"{len(far):,} files are copied before they are read, for {lacking}")
        copies.lay(found, folder)


class DatastoreContextManager(DatasetContextManager):
    """The files of a datastore as a folder."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if os.listdir(folder):
        raise UserErrorException(f"the folder {folder} is not empty: mount at another one")
    return folder.absolute()
