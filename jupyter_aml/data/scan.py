"""What all forms of tables share: names and types of columns, and rows on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_aml.data.conversion import Late
from jupyter_aml.data.listing import DataFile
from jupyter_aml.domain.errors import AmlError, Invalid


class Unreadable(Invalid):
    """The data are not as their data set says; names file, place and cure."""


class Again(Exception):
    """The beginning of the files told too little: read once more, from the start."""


def needs(what: str) -> AmlError:
    """The error of an environment without the libraries that read tables."""
    return AmlError(
        f"{what} needs pandas and pyarrow, which are not installed in this environment: "
        "pip install pandas pyarrow (or 'jupyter-aml[data]')"
    )


@dataclass
class Report:
    """What is to be told of a reading: each sentence once."""

    sentences: list[str] = field(default_factory=list)
    is_strict: bool = False
    """Whether the first of these is an error instead."""

    def tell(self, sentence: str) -> None:
        """Keep a sentence, or raise it as Unreadable."""
        if self.is_strict:
            raise Unreadable(sentence)
        if sentence not in self.sentences:
            self.sentences.append(sentence)


@dataclass(frozen=True)
class Part:
    """A file with what its path says of its rows."""

    file: DataFile
    values: Mapping[str, Any]


class Scan(Protocol):
    """The rows of some files, before any step. `late` columns come as texts."""

    schema: Any
    """pyarrow's schema: the columns of paths first."""
    late: Mapping[str, Late]

    def table(self, columns: Sequence[str], where: Any) -> Any:
        """All rows at once."""

    def batches(self, columns: Sequence[str], where: Any) -> Iterator[Any]:
        """All rows in tables of bounded size, in order."""

    def finish(self) -> None:
        """Tell what was found wrong while it was read."""

    def close(self) -> None:
        """Let go of the files."""


def path_fields(parts: Sequence[Part], keys: Sequence[str]) -> list[Any]:
    """The columns of paths: texts, but times where a format says so."""
    import pyarrow as pa

    known = parts[0].values if parts else {}
    return [
        pa.field(key, pa.timestamp("ns") if hasattr(known.get(key), "year") else pa.string())
        for key in keys
    ]


def check_apart(keys: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a column that stands in the paths and in the files."""
    both = [key for key in keys if key in names]
    if both:
        raise Invalid(
            f"column {both[0]!r} is in the files and in their paths, too: give it another name in "
            "partition_format"
        )


def filesystem(parts: Sequence[Part]) -> tuple[Any, list[str]]:
    """How pyarrow opens the files, and what it calls them."""
    import pyarrow.fs as pafs

    local = [part.file.local for part in parts]
    if all(path is not None for path in local):
        return pafs.LocalFileSystem(), [str(path) for path in local]
    from jupyter_aml.data.arrow_files import handler

    return pafs.PyFileSystem(handler([part.file for part in parts])), [
        part.file.shown for part in parts
    ]


def fragment_condition(part: Part, fields: Sequence[Any]) -> Any:
    """What holds for all rows of a file; None where its path says nothing."""
    import pyarrow as pa
    import pyarrow.dataset as pads

    said = None
    for column in fields:
        value = pa.scalar(part.values[column.name], pa.timestamp("us")).cast(column.type) \
            if hasattr(part.values[column.name], "year") else part.values[column.name]  # fmt: skip
        one = pads.field(column.name) == pads.scalar(value)
        said = one if said is None else said & one
    return said


def with_paths(table: Any, part: Part, fields: Sequence[Any]) -> Any:
    """A table of one file with the columns of its path in front."""
    import pyarrow as pa

    for place, column in enumerate(fields):
        scalar = pa.scalar(part.values[column.name], pa.timestamp("us")).cast(column.type) \
            if hasattr(part.values[column.name], "year") \
            else pa.scalar(part.values[column.name], column.type)  # fmt: skip
        table = table.add_column(place, column, pa.repeat(scalar, table.num_rows))
    return table


class DatasetScan:
    """A scan by pyarrow's own dataset, which asks files for the columns and rows that are used."""

    def __init__(self, dataset: Any, schema: Any, late: Mapping[str, Late]) -> None:
        self.dataset, self.schema, self.late = dataset, schema, late

    def table(self, columns: Sequence[str], where: Any) -> Any:
        """All rows at once."""
        with self.translated():
            return self.dataset.scanner(columns=list(columns), filter=where).to_table()

    def batches(self, columns: Sequence[str], where: Any) -> Iterator[Any]:
        """All rows in tables of bounded size."""
        import pyarrow as pa

        scanner = self.dataset.scanner(
            columns=list(columns), filter=where, batch_size=65_536, batch_readahead=2,
            fragment_readahead=1,
        )  # fmt: skip
        with self.translated():
            for batch in scanner.to_batches():
                yield pa.Table.from_batches([batch])

    def translated(self) -> Any:
        """A context that tells pyarrow's errors in our words."""
        import contextlib

        return contextlib.nullcontext()

    def finish(self) -> None:
        """Nothing to tell."""

    def close(self) -> None:
        """Let go of the files."""
        handler = getattr(self.dataset.filesystem, "handler", None)
        if handler is not None:
            handler.close()


class TableScan:
    """A scan of tables that are made file by file."""

    def __init__(self, schema: Any, late: Mapping[str, Late] | None = None) -> None:
        self.schema, self.late = schema, late or {}

    def tables(self) -> Iterator[Any]:
        """The rows, file by file."""
        raise NotImplementedError

    def batches(self, columns: Sequence[str], where: Any) -> Iterator[Any]:
        """All rows in tables of bounded size."""
        for table in self.tables():
            kept = table if where is None else table.filter(where)
            yield kept.select(list(columns))

    def table(self, columns: Sequence[str], where: Any) -> Any:
        """All rows at once."""
        import pyarrow as pa

        many = list(self.batches(columns, where))
        if not many:
            return self.schema.empty_table().select(list(columns))
        return pa.concat_tables(many)

    def finish(self) -> None:
        """Nothing to tell."""

    def close(self) -> None:
        """Nothing is open."""
