"""A data set as a named input of a run."""

from __future__ import annotations

from typing import Any

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.exceptions import UserErrorException

DIRECT_MODE, DOWNLOAD_MODE, MOUNT_MODE = run_data.DIRECT, run_data.DOWNLOAD, run_data.MOUNT
HDFS_MODE = "hdfs"
_MODES = (DIRECT_MODE, DOWNLOAD_MODE, MOUNT_MODE, HDFS_MODE)


class DatasetConsumptionConfig:
    """How a run gets a data set: by itself (`direct`), or as files that lie somewhere.

    It may stand among the arguments of a script, where its place comes in the end, or in `inputs`
    of an estimator, or in `RunConfiguration.data` by its name.
    """

    def __init__(
        self,
        name: str,
        dataset: Any,
        mode: str = DIRECT_MODE,
        path_on_compute: str | None = None,
    ) -> None:
        """Raises UserErrorException for a name, a mode or a path that cannot be."""
        if mode not in _MODES:
            raise UserErrorException(f"mode={mode!r}: there are {', '.join(_MODES)}")
        try:
            run_data.check_name(str(name))
            if path_on_compute is not None:
                run_data.check_path_on_compute(
                    str(name), str(path_on_compute), may_be_absolute=True
                )
        except Invalid as error:
            raise UserErrorException(str(error)) from None
        self._name, self.dataset = str(name), dataset
        self.mode, self.path_on_compute = mode, path_on_compute

    @property
    def name(self) -> str:
        """The name by which the script finds it in `run.input_datasets`."""
        return self._name

    @property
    def arg_val(self) -> str:
        """The word of a command in whose place its path or id comes."""
        return f"DatasetConsumptionConfig:{self._name}"

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The same with its files copied for the run, into a folder of the script's if named."""
        return DatasetConsumptionConfig(self._name, self.dataset, DOWNLOAD_MODE, path_on_compute)

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The same with its files where they are; those that are far away are fetched."""
        return DatasetConsumptionConfig(self._name, self.dataset, MOUNT_MODE, path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """The same for a Spark cluster; no target of this version is one."""
        return DatasetConsumptionConfig(self._name, self.dataset, HDFS_MODE)

    def __str__(self) -> str:
        return self.arg_val

    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig(name={self._name!r}, mode={self.mode!r})"
