"""What a run writes to a datastore, and the data set that it becomes."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
from jupyter_aml.sdk.exceptions import UserErrorException

MOUNT_MODE, UPLOAD_MODE = run_data.MOUNT, run_data.UPLOAD
HDFS_MODE, LINK_MODE = "hdfs", "link"

Config = TypeVar("Config", bound="OutputDatasetConfig")


class UploadOptions:
    """Which files of an output are uploaded, and whether over those that are there."""

    def __init__(self, overwrite: bool = False, source_globs: Any = None) -> None:
        self.overwrite = overwrite
        globs = [source_globs] if isinstance(source_globs, str) else source_globs
        self.source_globs = None if globs is None else given.words("source_globs", globs)


class MountOptions:
    """How an output is mounted."""

    def __init__(self, disable_metadata_cache: bool = False) -> None:
        self.disable_metadata_cache = disable_metadata_cache


class RegistrationConfiguration:
    """The data set that an output becomes."""

    def __init__(self, name: str, description: str | None, tags: Mapping[str, str] | None) -> None:
        self.name, self.description, self.tags = name, description, tags


class OutputDatasetConfig:
    """A named output of a run."""

    def __init__(self, mode: str, name: str | None = None, **kwargs: Any) -> None:
        """Raises UserErrorException for a name that cannot be."""
        given.only("OutputDatasetConfig", kwargs)
        try:
            run_data.check_name(str(name or "x"))
        except Invalid as error:
            raise UserErrorException(str(error)) from None
        self._name = str(name) if name else f"output_{uuid.uuid4().hex[:8]}"
        self.mode = mode
        self._registration: RegistrationConfiguration | None = None
        self._upload = UploadOptions()
        self._kind = "file"
        self._steps: tuple[dict[str, Any], ...] = ()
        """How its files are read, and what is done with the rows."""

    @property
    def name(self) -> str:
        """The name by which the script finds it in `run.output_datasets`."""
        return self._name

    @property
    def arg_val(self) -> str:
        """The word of a command in whose place its path comes."""
        return f"DatasetOutputConfig:{self._name}"

    def register_on_complete(
        self: Config,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Config:
        """The same, registered as a data set of that name once the run has completed."""
        if not isinstance(name, str) or not name:
            raise UserErrorException(f"name={name!r}: give the name of the data set")
        made = copy.copy(self)
        made._registration = RegistrationConfiguration(name, description, tags)
        return made

    def _as_table(self, steps: Sequence[Mapping[str, Any]]) -> OutputDatasetConfig:
        """The same, read as a table by these steps: how a cell of an earlier run says it."""
        made = copy.copy(self)
        made._kind, made._steps = "tabular", tuple(dict(step) for step in steps)
        return made

    def as_input(self, name: str | None = None) -> DatasetConsumptionConfig:
        """The output as an input of a later step of a pipeline."""
        return DatasetConsumptionConfig(name or self._name, self)

    def __str__(self) -> str:
        return self.arg_val

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r}, mode={self.mode!r})"


class TransformationMixin:
    """The files of an output as a table."""

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = None,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, Any] | None = None,
    ) -> OutputTabularDatasetConfig:
        """The output as the table that its delimited files make."""
        said = _reading(include_path, set_column_types, partition_format)
        head = _header(True if header is None else header)
        if head is None or not isinstance(separator, str) or len(separator) != 1:
            raise UserErrorException(
                f"separator={separator!r}, header={header!r}: give one character, and true, false "
                "or a PromoteHeadersBehavior"
            )
        return self._table("delimited", path_glob, {**said, "separator": separator, "header": head})

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, Any] | None = None,
    ) -> OutputTabularDatasetConfig:
        """The output as the table that its Parquet files make."""
        said = _reading(include_path, set_column_types, partition_format)
        return self._table("parquet", path_glob, said)

    def _table(
        self, form: str, glob: str | None, options: Mapping[str, Any]
    ) -> OutputTabularDatasetConfig:
        assert isinstance(self, OutputFileDatasetConfig)
        table = OutputTabularDatasetConfig(_of=self)
        where = {} if glob is None else {"glob": glob}
        table._steps = ({"do": "read", "form": form, **where, **options},)
        return table


class OutputFileDatasetConfig(OutputDatasetConfig, TransformationMixin):
    """A folder of a script whose files go to a datastore.

    `destination` is a datastore with a path, in which `{run-id}` and `{output-name}` may stand;
    `source` a folder or file that the script writes, relative to where it runs. Where none is
    named, the script is given one: as the argument in whose place this stands, and by
    `run.output_datasets[name]`.
    """

    def __init__(
        self,
        name: str | None = None,
        destination: Any = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        """Raises UserErrorException for what cannot be."""
        super().__init__(MOUNT_MODE, name)
        self.destination = _destination(destination)
        if source is not None:
            try:
                run_data.check_path_on_compute(self._name, str(source))
            except Invalid as error:
                raise UserErrorException(str(error)) from None
        self.source = source
        self._mount = MountOptions()
        partition = {} if partition_format is None else {"partition": partition_format}
        self._steps = ({"do": "read", "form": "files", **partition},)

    def as_mount(self, disable_metadata_cache: bool = False) -> OutputFileDatasetConfig:
        """The same with each file in the datastore as it is written, where that is at hand.

        Nothing of it is kept in a cache, so there is none that could be disabled.
        """
        made = copy.copy(self)
        made.mode, made._mount = MOUNT_MODE, MountOptions(disable_metadata_cache)
        return made

    def as_upload(
        self, overwrite: bool = False, source_globs: Any = None
    ) -> OutputFileDatasetConfig:
        """The same with its files uploaded once the run has completed."""
        made = copy.copy(self)
        made.mode, made._upload = UPLOAD_MODE, UploadOptions(overwrite, source_globs)
        return made


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """An output whose files are read as a table."""

    def __init__(self, **kwargs: Any) -> None:
        """Made by `read_delimited_files` and `read_parquet_files`."""
        files = kwargs.pop("_of", None)
        given.only("OutputTabularDatasetConfig", kwargs)
        if not isinstance(files, OutputFileDatasetConfig):
            raise UserErrorException(
                "an OutputTabularDatasetConfig is made by OutputFileDatasetConfig"
                "(...).read_delimited_files() or read_parquet_files()"
            )
        super().__init__(files.mode, files.name)
        self._files, self._kind = files, "tabular"
        self._registration, self._upload = files._registration, files._upload

    @property
    def destination(self) -> Any:
        """The datastore and the path where its files go."""
        return self._files.destination

    @property
    def source(self) -> str | None:
        """The folder or file that the script writes."""
        return self._files.source

    def keep_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """The same with these columns alone."""
        return self._with({"do": "keep", "columns": _names(columns)})

    def drop_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """The same without these columns."""
        return self._with({"do": "drop", "columns": _names(columns)})

    def random_split(self, percentage: float, seed: int | None = None) -> Any:
        """Say how to do it: a split would be two data sets, and an output is one."""
        raise UserErrorException(
            "random_split of an output: register it with register_on_complete(name), and split "
            "the data set that it has become: "
            f"Dataset.get_by_name(workspace, name).random_split({percentage!r}, seed={seed!r})"
        )

    def as_mount(self) -> OutputTabularDatasetConfig:
        """The same with each file in the datastore as it is written, where that is at hand."""
        made = copy.copy(self)
        made.mode = MOUNT_MODE
        return made

    def as_upload(
        self, overwrite: bool = False, source_globs: Any = None
    ) -> OutputTabularDatasetConfig:
        """The same with its files uploaded once the run has completed."""
        made = copy.copy(self)
        made.mode, made._upload = UPLOAD_MODE, UploadOptions(overwrite, source_globs)
        return made

    def _with(self, step: dict[str, Any]) -> OutputTabularDatasetConfig:
        made = copy.copy(self)
        made._steps = (*self._steps, step)
        return made


class HDFSOutputDatasetConfig(OutputDatasetConfig, TransformationMixin):
    """An output of a Spark cluster; submitting it says that there is none."""

    def __init__(self, name: str | None = None, destination: Any = None) -> None:
        """Take what SDK v1 took."""
        super().__init__(HDFS_MODE, name)
        self.destination, self.source = _destination(destination), None


class LinkFileOutputDatasetConfig(OutputDatasetConfig):
    """An output that is a data set which the script makes; submitting it says how to do it."""

    def __init__(self, name: str | None = None) -> None:
        """Take what SDK v1 took."""
        super().__init__(LINK_MODE, name)


class LinkTabularOutputDatasetConfig(OutputDatasetConfig):
    """An output that is a table which the script makes; submitting it says how to do it."""

    def __init__(self, name: str | None = None) -> None:
        """Take what SDK v1 took."""
        super().__init__(LINK_MODE, name)


def _destination(told: Any) -> Any:
    if told is None:
        return None
    if hasattr(told, "path_on_datastore"):  # a DataPath or a DataReference
        return told
    if isinstance(told, tuple | list) and len(told) == 2 and isinstance(told[1], str | None):
        return tuple(told)
    raise UserErrorException(
        f"destination={told!r}: give a datastore with a path on it, such as (datastore, 'made/')"
    )


def _reading(include_path: bool, types: Any, partition_format: str | None) -> dict[str, Any]:
    """What every table says of how it is read."""
    from jupyter_aml.sdk.data.dataset_factory import _common

    return _common(include_path, types, partition_format)


def _header(said: Any) -> str | None:
    from jupyter_aml.sdk.data.dataset_factory import _HEADERS

    return _HEADERS.get(said)


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(each) for each in columns]
