"""Data sets of files, whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.data.listing import DataFile
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.data._expressions import Column, Condition, condition_of
from jupyter_aml.sdk.data._reads import executing
from jupyter_aml.sdk.data.abstract_dataset import AbstractDataset
from jupyter_aml.sdk.exceptions import AzureMLException, UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.sdk.data.context_managers import DatasetContextManager
    from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig

__all__ = ["AbstractDataset", "AzureMLException", "FileDataset", "UserErrorException"]

FILENAME_LENGTH_ERROR_MESSAGE = "a name of a file is longer than this machine takes"


class FileDataset(AbstractDataset):
    """Files on datastores, on the web or on this machine, by reference."""

    _KIND = "file"

    def to_path(self) -> list[str]:
        """The paths of its files below what its sources name, each beginning with `/`."""
        return [f"/{each.name}" for each in self._chosen()]

    def download(
        self,
        target_path: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> list[str]:
        """Copy its files below a folder, or one made for them; returns their paths.

        Raises UserErrorException, and copies nothing, where a file is there already.
        """
        from jupyter_aml.data import copies

        found = self._chosen()
        folder = copies.new_folder() if target_path is None else Path(target_path).absolute()
        with executing():
            return copies.copy(found, folder, overwrite=overwrite, ignore_missing=ignore_not_found)

    def mount(
        self, mount_point: str | os.PathLike[str] | None = None, **kwargs: Any
    ) -> DatasetContextManager:
        """Its files as a folder, to be read: `with ds.mount() as folder: folder.mount_point`.

        Without `mount_point` it is the folder itself where the files are on this machine and
        nothing else lies there.
        """
        from jupyter_aml.sdk.data.context_managers import DatasetContextManager

        given.only(
            "mount", kwargs, ("ignore_already_mounted_error", "force_mount_with_allow_other")
        )
        return DatasetContextManager((self._chosen, mount_point), **kwargs)

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """It as an input of a run, where its files are."""
        return self._as_input().as_mount(path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """It as an input of a run, copied for it."""
        return self._as_input().as_download(path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """It as an input of a run on a Spark cluster."""
        return self._as_input().as_hdfs()

    def skip(self, count: int) -> Self:
        """All but the first files."""
        return self._then(do="skip", count=self._count(count))

    def take(self, count: int) -> Self:
        """The first files."""
        return self._then(do="take", count=self._count(count))

    def take_sample(self, probability: float, seed: int | None = None) -> Self:
        """Each file with this probability; the same seed gives the same files."""
        return self._sampled(probability, seed)

    def random_split(self, percentage: float, seed: int | None = None) -> tuple[Self, Self]:
        """Two data sets that share no file and together have all; `percentage` is from 0 to 1."""
        return self._split(percentage, seed)

    def file_metadata(self, col: str) -> Column:
        """What is known of a file, for a condition: `Size`, `LastModifiedTime`, `CreationTime`."""
        from jupyter_aml.data.chosen import METADATA

        if col not in METADATA:
            raise UserErrorException(
                f"{col!r} is not known of a file; there is {', '.join(METADATA)}"
            )
        return Column(col, "file")

    def filter(self, expression: Condition) -> Self:
        """The files for which a condition on their paths, sizes or times holds."""
        return self._then(do="filter", where=condition_of(expression))

    def as_cache(self, datacache_store: Any) -> Any:
        """SDK v1's preview of a cache on a cluster."""
        raise UserErrorException(
            "as_cache belongs to a cache of Azure's that never left its preview: as_download "
            "copies the files for each run, as_mount leaves them where they are"
        )

    def hydrate(self, datacache_store: Any, replica_count: int | None = None) -> Any:
        """SDK v1's preview of a cache on a cluster."""
        given.refuse("there is no cache of Azure's here", replica_count=replica_count)
        return self.as_cache(datacache_store)

    def _chosen(self) -> list[DataFile]:
        """The files that are left after all steps."""
        from jupyter_aml.data.chosen import chosen
        from jupyter_aml.data.reading import files
        from jupyter_aml.data.writing import is_written

        with executing():
            if is_written(self._definition):
                return files(self._definition, self._stores)
            return chosen(self._definition, self._files())
