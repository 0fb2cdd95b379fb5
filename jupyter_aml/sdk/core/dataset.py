"""`Dataset`: where data sets are made and found, by SDK v1's names."""

from __future__ import annotations

from typing import Any

from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_dataset import LATEST, AbstractDataset, Datasets
from jupyter_aml.sdk.data.dataset_factory import FileDatasetFactory, TabularDatasetFactory
from jupyter_aml.sdk.data.dataset_type_definitions import (
    FileEncoding,
    HistogramCompareMethod,
    PromoteHeadersBehavior,
    SkipLinesBehavior,
)
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.data.tabular_dataset import TabularDataset
from jupyter_aml.sdk.exceptions import UserErrorException

__all__ = [
    "Dataset", "FileEncoding", "HistogramCompareMethod", "PromoteHeadersBehavior",
    "SkipLinesBehavior",
]  # fmt: skip


@later(
    "archive compare_profiles create_snapshot definition definition_version "
    "delete_snapshot deprecate description diff generate_profile get_all_snapshots "
    "get_definition get_definitions get_profile get_snapshot head id is_visible name "
    "reactivate register sample state tags to_pandas_dataframe to_spark_dataframe "
    "update update_definition workspace"
)
class Dataset:
    """Makes data sets (`Dataset.Tabular`, `Dataset.File`) and finds those that are registered."""

    Tabular = TabularDatasetFactory
    File = FileDatasetFactory

    class Scenario:
        """What a data set was used for, by SDK v1's words."""

        TRAINING = "training"
        VALIDATION = "validation"
        INFERENCING = "inferencing"

    def __init__(
        self, definition: Any, workspace: Any = None, name: str | None = None, id: str | None = None
    ) -> None:
        raise UserErrorException(
            "a Dataset is not made by hand: use Dataset.Tabular.from_delimited_files, "
            "Dataset.File.from_files and their kin, or Dataset.get_by_name"
        )

    @staticmethod
    def get_by_name(workspace: Place, name: str, version: str | int = LATEST, **kwargs: Any) -> Any:
        """The data set of that name; UserErrorException names the nearest, or the versions."""
        return AbstractDataset.get_by_name(workspace, name, version, **kwargs)

    @staticmethod
    def get_by_id(workspace: Place, id: str, **kwargs: Any) -> Any:
        """The data set with this id, or UserErrorException."""
        return AbstractDataset.get_by_id(workspace, id, **kwargs)

    @staticmethod
    def get_all(workspace: Place) -> Datasets:
        """The newest version of each name; a data set is fetched when it is used."""
        return AbstractDataset.get_all(workspace)

    # ---- what SDK v1 had before `Dataset.Tabular` ----------------------------------------------

    @staticmethod
    def get(workspace: Place, name: str | None = None, id: str | None = None) -> Any:
        """The data set of that name, or with this id."""
        if (name is None) == (id is None):
            raise UserErrorException("give either a name or an id")
        return AbstractDataset.get_by_name(workspace, name) if name is not None \
            else AbstractDataset.get_by_id(workspace, str(id))  # fmt: skip

    @staticmethod
    def list(workspace: Place) -> list[Any]:
        """All data sets of a workspace, the newest version of each."""
        return [*AbstractDataset.get_all(workspace).values()]

    @staticmethod
    def from_delimited_files(
        path: Any,
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        encoding: str | FileEncoding = FileEncoding.UTF8,
        quoting: bool = False,
        infer_column_types: bool = True,
        skip_rows: int = 0,
        skip_mode: SkipLinesBehavior = SkipLinesBehavior.NO_ROWS,
        comment: str | None = None,
        include_path: bool = False,
        archive_options: Any = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """A data set of texts with separators; `quoting` lets values have line breaks."""
        mode = None if skip_mode is SkipLinesBehavior.NO_ROWS else skip_mode
        _cannot(skip_rows=skip_rows or None, comment=comment, archive_options=archive_options,
                skip_mode=mode)  # fmt: skip
        return TabularDatasetFactory.from_delimited_files(
            path, include_path=include_path, infer_column_types=infer_column_types,
            separator=separator, header=header, partition_format=partition_format,
            support_multi_line=quoting, encoding=encoding,
        )  # fmt: skip

    @staticmethod
    def auto_read_files(
        path: Any, include_path: bool = False, partition_format: str | None = None
    ) -> TabularDataset:
        """A data set whose form the ending of its path tells."""
        ending = str(path[-1] if isinstance(path, (tuple, type([]))) else path).rpartition(".")[2]
        read = {
            "parquet": TabularDatasetFactory.from_parquet_files,
            "json": TabularDatasetFactory.from_json_lines_files,
            "jsonl": TabularDatasetFactory.from_json_lines_files,
        }.get(ending.lower())
        if read is not None:
            return read(path, include_path=include_path, partition_format=partition_format)
        return TabularDatasetFactory.from_delimited_files(
            path, include_path=include_path, partition_format=partition_format,
            separator="\t" if ending.lower() == "tsv" else ",",
        )  # fmt: skip

    @staticmethod
    def from_parquet_files(
        path: Any, include_path: bool = False, partition_format: str | None = None
    ) -> TabularDataset:
        """A data set of Parquet files."""
        return TabularDatasetFactory.from_parquet_files(
            path, include_path=include_path, partition_format=partition_format
        )

    @staticmethod
    def from_json_files(
        path: Any,
        encoding: str | FileEncoding = FileEncoding.UTF8,
        flatten_nested_arrays: bool = False,
        include_path: bool = False,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """A data set of files with a JSON object a line."""
        _cannot(flatten_nested_arrays=flatten_nested_arrays or None)
        return TabularDatasetFactory.from_json_lines_files(
            path, include_path=include_path, partition_format=partition_format, encoding=encoding
        )

    @staticmethod
    def from_binary_files(path: Any) -> FileDataset:
        """A data set of files."""
        return FileDatasetFactory.from_files(path)

    @staticmethod
    def from_sql_query(data_source: Any, query: str) -> TabularDataset:
        """The rows of a query of a database."""
        return TabularDatasetFactory.from_sql_query((data_source, query))

    @staticmethod
    def from_pandas_dataframe(
        dataframe: Any, path: Any = None, in_memory: bool = False
    ) -> TabularDataset:
        """Says what there is instead."""
        raise UserErrorException(
            "a DataFrame becomes a data set once it is written: "
            "Dataset.Tabular.register_pandas_dataframe(dataframe, target=datastore, name='...')"
        )

    @staticmethod
    def from_excel_files(
        path: Any,
        sheet_name: str | None = None,
        use_column_headers: bool = False,
        skip_rows: int = 0,
        include_path: bool = False,
        infer_column_types: bool = True,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Says what there is instead."""
        raise UserErrorException(
            "workbooks are not read as data sets: pandas.read_excel reads one, and "
            "Dataset.Tabular.register_pandas_dataframe keeps it"
        )


def _cannot(**options: Any) -> None:
    from jupyter_aml.sdk._core import given

    given.refuse("files are read as they are", **options)
