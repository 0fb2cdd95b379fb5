"""Data sets of rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.expression import naive
from jupyter_aml.sdk.data import _reads
from jupyter_aml.sdk.data._expressions import Column, Condition, condition_of
from jupyter_aml.sdk.data._reads import executing, validating
from jupyter_aml.sdk.data.abstract_dataset import AbstractDataset
from jupyter_aml.sdk.data.dataset_error_handling import DatasetTimestampMissingError
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.exceptions import AzureMLException, UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.data.reading import Reader

__all__ = [
    "AbstractDataset", "AzureMLException", "DatasetTimestampMissingError", "FileDataset",
    "TabularDataset", "UserErrorException",
]  # fmt: skip


class TabularDataset(AbstractDataset):
    """Rows of files or of a query. Each method returns another data set, or reads."""

    _KIND = "tabular"

    # ---- reading --------------------------------------------------------------------------------

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Any:
        """All rows as a DataFrame.

        `on_error="null"` reads what is not of its column's type as missing, leaves out rows of
        another length, and warns of both; `"fail"` raises DatasetExecutionError that names the
        first. `out_of_range_datetime` says the same of times that pandas cannot hold.
        """
        from jupyter_aml.data import frames

        _one_of("on_error", on_error, ("null", "fail"))
        _one_of("out_of_range_datetime", out_of_range_datetime, ("null", "error"))
        with executing():
            reader = self._reader(on_error)
            table = reader.table()
            frame = frames.frame(table, out_of_range_datetime)  # type: ignore[arg-type]
        self._tell(reader)
        return frame

    def to_dask_dataframe(
        self,
        sample_size: int = 10000,
        dtypes: Mapping[str, Any] | None = None,
        on_error: str = "null",
        out_of_range_datetime: str = "null",
    ) -> Any:
        """All rows as a dask DataFrame, a part for each file; needs dask."""
        from jupyter_aml.sdk.data._dask_frames import dask_frame

        return dask_frame(self, sample_size, dtypes, on_error, out_of_range_datetime)

    def to_spark_dataframe(self) -> Any:
        """All rows as a Spark DataFrame; needs pyspark."""
        try:
            from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise UserErrorException(
                "to_spark_dataframe needs pyspark, which is not installed in this environment: "
                "pip install pyspark; to_pandas_dataframe() and to_dask_dataframe() do without"
            ) from None
        return SparkSession.builder.getOrCreate().createDataFrame(self.to_pandas_dataframe())

    def get_profile(self, workspace: Any = None) -> Any:
        """What its columns hold: counts, missing values, quantiles, histograms.

        With a workspace it is that of the newest profile run there, if there is one.
        """
        from jupyter_aml.sdk.data._profile_runs import runs_of
        from jupyter_aml.sdk.data._profiles import profile_of

        kept = runs_of(self, workspace)[:1] if workspace is not None else []
        with executing():
            return kept[0].get_profile() if kept else profile_of(self)

    # ---- rows -----------------------------------------------------------------------------------

    def skip(self, count: int) -> Self:
        """All but the first rows."""
        return self._then(do="skip", count=self._count(count))

    def take(self, count: int) -> Self:
        """The first rows; no more is read than it takes to find them."""
        return self._then(do="take", count=self._count(count))

    def take_sample(self, probability: float, seed: int | None = None) -> Self:
        """Each row with this probability; the same seed gives the same rows."""
        return self._sampled(probability, seed)

    def random_split(self, percentage: float, seed: int | None = None) -> tuple[Self, Self]:
        """Two data sets that share no row and together have all; `percentage` is from 0 to 1."""
        return self._split(percentage, seed)

    def filter(self, expression: Condition) -> Self:
        """The rows for which a condition holds: `ds.filter((ds['a'] > 3) & ~ds['b'].is_null())`.

        Files whose paths tell that none of their rows fits are not opened.
        """
        return self._then(do="filter", where=condition_of(expression))

    # ---- columns --------------------------------------------------------------------------------

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> Self:
        """These columns, in this order; no others are read."""
        made = self._then(do="keep", columns=_names(columns))
        return made._validated() if validate else made

    def drop_columns(self, columns: str | Sequence[str]) -> Self:
        """All but these columns."""
        return self._then(do="drop", columns=_names(columns))

    # ---- times ----------------------------------------------------------------------------------

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The column of exact times and that of rough ones, such as days."""
        fine: str | None = None
        coarse: str | None = None
        for step in self._definition.steps[1:]:
            match step["do"]:
                case "timestamps":
                    fine, coarse = step.get("fine"), step.get("coarse")
                case "keep":
                    fine = fine if fine in step["columns"] else None
                    coarse = coarse if coarse in step["columns"] else None
                case "drop":
                    fine = None if fine in step["columns"] else fine
                    coarse = None if coarse in step["columns"] else coarse
        return fine, coarse

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Say which columns hold times; as `fine_grain_timestamp` and `coarse_...`, too."""
        from jupyter_aml.sdk._core import given

        known = ("fine_grain_timestamp", "coarse_grain_timestamp")
        given.only("with_timestamp_columns", kwargs, known)
        fine = timestamp or kwargs.get("fine_grain_timestamp")
        coarse = partition_timestamp or kwargs.get("coarse_grain_timestamp")
        if fine is None and coarse is not None and "fine_grain_timestamp" not in kwargs \
                and timestamp is None and partition_timestamp is None:  # fmt: skip
            raise UserErrorException("coarse_grain_timestamp needs fine_grain_timestamp beside it")
        if fine is not None and fine == coarse:
            raise UserErrorException(f"{fine!r} cannot be the column of exact and of rough times")
        made = self._then(do="timestamps", fine=fine, coarse=coarse)
        if validate:
            made._check_times()
        return made

    def time_before(
        self, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> Self:
        """The rows up to a time."""
        return self._within(None, end_time, include_boundary, validate)

    def time_after(
        self, start_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> Self:
        """The rows from a time on."""
        return self._within(start_time, None, include_boundary, validate)

    def time_between(
        self,
        start_time: datetime,
        end_time: datetime,
        include_boundary: bool = True,
        validate: bool = True,
    ) -> Self:
        """The rows between two times."""
        return self._within(start_time, end_time, include_boundary, validate)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> Self:
        """The rows of the last hours or days, counted back from now, in UTC."""
        if not isinstance(time_delta, timedelta):
            raise UserErrorException(f"time_delta: give a timedelta, not {time_delta!r:.80}")
        start = datetime.now(timezone.utc).replace(tzinfo=None) - time_delta
        return self._within(start, None, include_boundary, validate)

    # ---- as files -------------------------------------------------------------------------------

    def to_csv_files(self, separator: str = ",") -> FileDataset:
        """A file data set with these rows as texts; they are written when they are used."""
        return self._written(form="delimited", separator=separator)

    def to_parquet_files(self) -> FileDataset:
        """A file data set with these rows as Parquet; they are written when they are used."""
        return self._written(form="parquet")

    def partition_by(
        self,
        partition_keys: Sequence[str],
        target: Any,
        name: str | None = None,
        show_progress: bool = True,
        partition_as_file_dataset: bool = False,
    ) -> Any:
        """Write the rows to a datastore, in folders by the values of some columns.

        Returns the data set of what was written, registered where a name is given.
        """
        from jupyter_aml.sdk.data._partitioned import partitioned

        return partitioned(
            self, _names(partition_keys), target, name, show_progress, partition_as_file_dataset
        )

    def download(
        self,
        stream_column: str,
        target_path: str | None = None,
        overwrite: bool = False,
        ignore_not_found: bool = True,
    ) -> Any:
        """Copy the files that a column names, and return their paths as an array."""
        from jupyter_aml.sdk.data._streams import downloaded

        return downloaded(self, stream_column, target_path, overwrite, ignore_not_found)

    def mount(self, stream_column: str, mount_point: str | None = None) -> Any:
        """The files that a column names, as a folder: a context manager."""
        from jupyter_aml.sdk.data._streams import of_column

        return of_column(self, stream_column).mount(mount_point)

    def submit_profile_run(
        self, compute_target: Any, experiment: Any, cache_datastore_name: str | None = None
    ) -> Any:
        """Compute the profile in a run of its own."""
        from jupyter_aml.sdk.data._profile_runs import submit

        return submit(self, compute_target, experiment, cache_datastore_name)

    def get_profile_runs(self, workspace: Any = None) -> Any:
        """The runs that computed its profile, the newest first."""
        from jupyter_aml.sdk.data._profile_runs import runs_of

        return runs_of(self, workspace)

    # ---- inside ---------------------------------------------------------------------------------

    def _reader(self, on_error: str = "null") -> Reader:
        from jupyter_aml.data.reading import Reader

        return Reader(self._definition, self._stores, on_error=on_error)  # type: ignore[arg-type]

    def _tell(self, reader: Reader) -> None:
        _reads.tell(reader.report.sentences, self._definition)
        self._tell_changes(reader.files)

    def _validated(self) -> Self:
        """Read the beginning; DatasetValidationError where it cannot be."""
        with validating():
            self._reader().schema()
        return self

    def _written(self, **how: Any) -> FileDataset:
        definition = replace(self._definition.then(do="write", **how), kind="file")
        return FileDataset._make(definition, self._stores)

    def _within(
        self, start: datetime | None, end: datetime | None, with_ends: bool, validate: bool
    ) -> Self:
        fine, coarse = self.timestamp_columns
        if fine is None and coarse is None:
            raise DatasetTimestampMissingError(
                "no column is said to hold times: with_timestamp_columns(timestamp='...') says so"
            )
        if validate:
            self._check_times()
        made = self
        for at, is_start in ((start, True), (end, False)):
            if at is not None:
                moment = _moment(at)
                if fine is not None:
                    made = made.filter(_side(Column(fine), moment, is_start, with_ends))
                if coarse is not None:
                    made = self._roughly(made, coarse, moment, is_start, with_ends)
        return made

    def _roughly(
        self, made: Self, coarse: str, at: datetime, is_start: bool, with_ends: bool
    ) -> Self:
        """What rough times tell: those in paths spare whole files, how rough others are is unknown.

        Where there are no exact times, they are all that there is.
        """
        from jupyter_aml.data.partitions import partition

        text = self._definition.reading.get("partition")
        found = partition(text) if text else None
        if found is not None and coarse in found.dates:
            floor = found.floor(coarse, at)
            return made.filter(_side(Column(coarse), floor, is_start, True))
        if self.timestamp_columns[0] is not None:
            return made
        return made.filter(_side(Column(coarse), at, is_start, with_ends))

    def _check_times(self) -> None:
        import_times = [name for name in self.timestamp_columns if name is not None]
        with validating():
            schema = self._reader().schema()
            for name in import_times:
                self._check_time(schema, name)

    def _check_time(self, schema: Any, name: str) -> None:
        import pyarrow as pa

        from jupyter_aml.domain.near import did_you_mean

        if name not in schema.names:
            raise UserErrorException(
                f"there is no column {name!r}{did_you_mean(name, schema.names)}"
            )
        kind = schema.field(name).type
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise UserErrorException(
                f"column {name!r} is of {kind} and holds no times: "
                "set_column_types={'" + name + "': DataType.to_datetime('%Y-%m-%d')} reads it so"
            )


def _side(column: Column, at: datetime, is_start: bool, with_ends: bool) -> Condition:
    if is_start:
        return column >= at if with_ends else column > at
    return column <= at if with_ends else column < at


def _moment(given: Any) -> datetime:
    if hasattr(given, "to_pydatetime"):
        given = given.to_pydatetime()
    if isinstance(given, datetime):
        return naive(given)
    raise UserErrorException(f"{given!r:.80} is no time: give a datetime")


def _names(given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else list(given or ())
    if not names or not all(isinstance(name, str) for name in names):
        raise UserErrorException(f"columns: give the name of a column or a list, not {given!r:.80}")
    return names


def _one_of(name: str, given: Any, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UserErrorException(f"{name}={given!r}: there are {', '.join(known)}")
