"""`Dataset.Tabular` and `Dataset.File`: data sets made of paths, queries and DataFrames."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.data.chosen import path_values
from jupyter_aml.data.layout import ENCODINGS
from jupyter_aml.data.partitions import partition
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.data import _paths
from jupyter_aml.sdk.data._paths import Paths
from jupyter_aml.sdk.data._reads import Stores, validating
from jupyter_aml.sdk.data.data_reference import DataReference
from jupyter_aml.sdk.data.datapath import DataPath
from jupyter_aml.sdk.data.dataset_type_definitions import FileEncoding, PromoteHeadersBehavior
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.data.tabular_dataset import TabularDataset
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.domain.dataset import Kind

__all__ = [
    "DataPath", "DataReference", "DataType", "FileDatasetFactory", "PromoteHeadersBehavior",
    "TabularDatasetFactory", "UserErrorException",
]  # fmt: skip

_HEADERS = {
    True: "all", False: "none",
    PromoteHeadersBehavior.NO_HEADERS: "none",
    PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS: "first",
    PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS: "combine",
    PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS: "all",
}  # fmt: skip


class DataType:
    """What the values of a column are; made by `DataType.to_long()` and its kin."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = dict(said)

    @staticmethod
    def to_string() -> DataType:
        """Texts."""
        return DataType({"type": "string"})

    @staticmethod
    def to_long() -> DataType:
        """Whole numbers."""
        return DataType({"type": "long"})

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        """Numbers, with `.` or `,` before their fractions."""
        if decimal_mark not in (".", ","):
            raise UserErrorException(f"decimal_mark must be '.' or ',', not {decimal_mark!r}")
        return DataType({"type": "float", "decimal": decimal_mark})

    @staticmethod
    def to_bool() -> DataType:
        """True or false."""
        return DataType({"type": "bool"})

    @staticmethod
    def to_stream(workspace: Any, escaped: bool = False) -> DataType:
        """Addresses of files, which `download` and `mount` of the data set fetch."""
        given.refuse("addresses are taken as they are written", escaped=escaped)
        return DataType({"type": "stream"})

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> DataType:
        """Times, in any of these forms (`%Y-%m-%d %H:%M`); without one the data tell it."""
        many = [formats] if isinstance(formats, str) else list(formats or ())
        for form in many:
            if not isinstance(form, str) or "%" not in form:
                raise UserErrorException(f"{form!r} is no form of a time, such as '%Y-%m-%d'")
        return DataType({"type": "datetime", "formats": many})

    def __repr__(self) -> str:
        return f"DataType({self._said!r})"


class TabularDatasetFactory:
    """Makes data sets of rows and columns."""

    @staticmethod
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, DataType] | None = None,
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str | FileEncoding = "utf8",
    ) -> TabularDataset:
        """A data set of texts with separators.

        `validate` reads the beginning now: DatasetValidationError where nothing is there or it
        cannot be read. `partition_format` names columns that stand in the paths:
        `'{region}/{day:yyyy/MM/dd}/sales.csv'`.
        """
        if not isinstance(separator, str) or len(separator) != 1:
            raise UserErrorException(f"separator must be one character, not {separator!r}")
        if header not in _HEADERS:
            raise UserErrorException(
                f"header must be true, false or a PromoteHeadersBehavior, not {header!r}"
            )
        how = {
            **_common(include_path, set_column_types, partition_format),
            "separator": separator, "header": _HEADERS[header], "encoding": _encoding(encoding),
            "multiline": bool(support_multi_line), "infer": bool(infer_column_types),
            "blank": bool(empty_as_string),
        }  # fmt: skip
        return _tabular("delimited", _paths.paths_of(path), how, validate)

    @staticmethod
    def from_parquet_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """A data set of Parquet files; only the columns and rows that are used are read."""
        how = _common(include_path, set_column_types, partition_format)
        return _tabular("parquet", _paths.paths_of(path), how, validate)

    @staticmethod
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str | FileEncoding = "utf8",
    ) -> TabularDataset:
        """A data set of files with a JSON object a line.

        `invalid_lines="drop"` leaves out what is none, and warns.
        """
        if invalid_lines not in ("error", "drop"):
            raise UserErrorException(f"invalid_lines={invalid_lines!r}: there are error, drop")
        how = {
            **_common(include_path, set_column_types, partition_format),
            "broken": invalid_lines, "encoding": _encoding(encoding),
        }  # fmt: skip
        return _tabular("lines", _paths.paths_of(path), how, validate)

    @staticmethod
    def from_sql_query(
        query: Any,
        validate: bool = True,
        set_column_types: Mapping[str, DataType] | None = None,
        query_timeout: int = 30,
    ) -> TabularDataset:
        """The rows of a query: `DataPath(datastore, 'SELECT ...')` or `(datastore, 'SELECT ...')`.

        The database is asked to read and nothing else, for `query_timeout` seconds at most.
        """
        datastore, text = _query(query)
        if isinstance(query_timeout, bool) or not isinstance(query_timeout, int | float) \
                or query_timeout <= 0:  # fmt: skip
            raise UserErrorException(f"query_timeout must be seconds, not {query_timeout!r}")
        how = {"query": text, "timeout": query_timeout, "types": _types(set_column_types)}
        found = Paths(
            [Source("", datastore.name)], {datastore.name: datastore}, datastore.workspace
        )
        return _tabular("sql", found, how, validate)

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Write a DataFrame to a datastore as Parquet, and register the data set of it."""
        from jupyter_aml.sdk.data._saved import saved_pandas

        return saved_pandas(
            dataframe, target, name, description, tags, show_progress, row_group_size,
            make_target_path_unique,
        )  # fmt: skip

    @staticmethod
    def register_spark_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
    ) -> TabularDataset:
        """Write a Spark DataFrame to a datastore as Parquet, and register the data set of it."""
        if not hasattr(dataframe, "toPandas"):
            raise UserErrorException(
                f"dataframe: give a Spark DataFrame, not {type(dataframe).__name__}"
            )
        return TabularDatasetFactory.register_pandas_dataframe(
            dataframe.toPandas(), target, name, description, tags, show_progress
        )

    @staticmethod
    def register_dask_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
    ) -> TabularDataset:
        """Write a dask DataFrame to a datastore as Parquet, a file a part, and register it."""
        from jupyter_aml.sdk.data._saved import saved_dask

        return saved_dask(dataframe, target, name, description, tags, show_progress)


class FileDatasetFactory:
    """Makes data sets of files."""

    @staticmethod
    def from_files(
        path: Any,
        validate: bool = True,
        partition_format: str | None = None,
        is_file: bool = False,
    ) -> FileDataset:
        """A data set of files; what names a folder means all files below it.

        `validate` looks now whether there are any; `is_file` says that each path is one file.
        """
        found = _paths.paths_of(path)
        how: dict[str, Any] = {"partition": _partition(partition_format)}
        made = FileDataset._make(_dataset("file", "files", found, how), _stores(found))
        if validate:
            with validating():
                many = made._chosen()
                for each in many:
                    path_values(made._definition, each)  # Each path must fit the format.
                if is_file and len(many) != len(found.sources):
                    raise Invalid(
                        "is_file=True says that each path is a file, and these "
                        f"{len(found.sources)} are {len(many)} files"
                    )
        return made

    @staticmethod
    def upload_directory(
        src_dir: str | os.PathLike[str],
        target: Any,
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Copy a folder to a datastore, and return the data set of it."""
        from jupyter_aml.sdk.data._saved import uploaded

        return uploaded(src_dir, target, pattern, overwrite, show_progress)


def _common(
    include_path: bool, types: Mapping[str, DataType] | None, partition_format: str | None
) -> dict[str, Any]:
    return {
        "paths": bool(include_path),
        "types": _types(types),
        "partition": _partition(partition_format),
    }


def _types(given: Mapping[str, DataType] | None) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UserErrorException("set_column_types: give a dictionary, column to DataType")
    for name, kind in given.items():
        if not isinstance(kind, DataType):
            raise UserErrorException(
                f"set_column_types: {name!r} is given {kind!r:.60}; give a DataType, such as "
                "DataType.to_long()"
            )
    return {str(name): kind._said for name, kind in given.items()}


def _partition(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        partition(text)
    except (Invalid, AttributeError, TypeError) as error:
        raise UserErrorException(str(error)) from None
    return text


def _encoding(given: str | FileEncoding) -> str:
    name = given.name.lower() if isinstance(given, FileEncoding) else str(given).lower()
    name = name.replace("-", "").replace("_", "")
    if name not in ENCODINGS:
        raise UserErrorException(f"encoding={given!r} is not known{did_you_mean(name, ENCODINGS)}")
    return name


def _query(given: Any) -> tuple[Any, str]:
    if isinstance(given, DataPath):
        given = (given._datastore, given.path_on_datastore)
    if isinstance(given, tuple) and len(given) == 2 and given[0] is not None:
        datastore, text = given
        if hasattr(datastore, "workspace") and isinstance(text, str) and text.strip():
            return datastore, text
    raise UserErrorException(
        "query: give a database's datastore with a query, DataPath(datastore, 'SELECT ...'), "
        f"not {given!r:.80}"
    )


def _dataset(kind: Kind, form: str, found: Paths, how: Mapping[str, Any]) -> Dataset:
    # What says nothing is left out, so that equal data sets have one definition.
    said = {key: value for key, value in how.items() if value not in (None, False, {}, [])}
    if form == "delimited" and how["infer"] is False:
        said["infer"] = False
    return Dataset(
        kind=kind, sources=tuple(found.sources), steps=({"do": "read", "form": form, **said},)
    )


def _stores(found: Paths) -> Stores:
    return Stores(found.workspace, found.datastores)


def _tabular(
    form: Literal["delimited", "parquet", "lines", "sql"], found: Paths, how: Mapping[str, Any],
    validate: bool,
) -> TabularDataset:  # fmt: skip
    made = TabularDataset._make(_dataset("tabular", form, found, how), _stores(found))
    return made._validated() if validate else made
