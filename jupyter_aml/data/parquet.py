"""Parquet files: only the columns and row groups that are asked for are read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_aml.data import scan
from jupyter_aml.data.conversion import Late
from jupyter_aml.data.scan import DatasetScan, Part, Unreadable
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean


class ParquetScan(DatasetScan):
    """Rows of Parquet files, whose schemas must fit each other."""

    def __init__(
        self, how: Mapping[str, Any], parts: Sequence[Part], keys: Sequence[str], *, whole: bool
    ) -> None:
        import pyarrow as pa
        import pyarrow.dataset as pads

        self._parts = parts
        self._fields = fields = scan.path_fields(parts, keys)
        places, names = scan.filesystem(parts)
        form = pads.ParquetFileFormat()
        fragments = [
            form.make_fragment(
                name, places, partition_expression=scan.fragment_condition(part, fields)
            )
            for name, part in zip(names, parts)  # noqa: B905
        ]
        inside = _schema(fragments if whole else fragments[:1], parts)
        scan.check_apart(keys, inside.names)
        late = _late(how.get("types") or {}, inside)
        self._names, self._inside = names, inside
        schema = pa.schema([*fields, *inside])
        super().__init__(pads.FileSystemDataset(fragments, schema, form, places), schema, late)

    def batches(self, columns: Sequence[str], where: Any) -> Iterator[Any]:
        """All rows in tables of bounded size; without a condition also of huge row groups."""
        if where is not None:
            yield from super().batches(columns, where)
            return
        with self.translated():
            for name, part in zip(self._names, self._parts):  # noqa: B905
                for table in self._rows(name, columns):
                    yield scan.with_paths(table, part, self._fields).select(list(columns))

    def _rows(self, name: str, columns: Sequence[str]) -> Iterator[Any]:
        """The rows of a file, of which no more is unpacked than is asked for."""
        import pyarrow as pa
        import pyarrow.parquet as paparquet

        wanted = pa.schema([each for each in self._inside if each.name in columns])
        with self.dataset.filesystem.open_input_file(name) as file:
            parquet = paparquet.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
            there = [each for each in wanted.names if each in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(65_536, columns=there):
                yield _fitted(pa.Table.from_batches([batch]), wanted)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Name the file that is none, or is of another schema."""
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise Unreadable(f"the Parquet files cannot be read: {str(error)[:500]}") from None
        except OSError as error:
            raise Unreadable(f"a Parquet file is damaged: {str(error)[:500]}") from None


def _fitted(table: Any, schema: Any) -> Any:
    """A table with the columns and types that all files together have."""
    import pyarrow as pa

    if table.schema.equals(schema):
        return table
    there = {name: table.column(name) for name in table.column_names}
    columns = [
        there[each.name].cast(each.type) if each.name in there
        else pa.nulls(table.num_rows, each.type)
        for each in schema
    ]  # fmt: skip
    return pa.table(columns, schema=schema)


def _schema(fragments: Sequence[Any], parts: Sequence[Part]) -> Any:
    """The schema of all files; Unreadable names the first that does not fit."""
    import pyarrow as pa

    found = _schemas(fragments, parts)
    whole = found[0].remove_metadata()
    for part, one in zip(parts[1:], found[1:]):  # noqa: B905
        if one.equals(whole):
            continue
        try:
            whole = pa.unify_schemas([whole, one.remove_metadata()], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise Unreadable(_unlike(whole, one, parts[0], part)) from None
    return whole


def _schemas(fragments: Sequence[Any], parts: Sequence[Part]) -> list[Any]:
    def one(place: int) -> Any:
        import pyarrow as pa

        try:
            fragment = fragments[place]
            fragment.ensure_complete_metadata()  # So that the scan reads no footer once more.
            return fragment.physical_schema
        except (pa.ArrowInvalid, OSError) as error:
            shown = parts[place].file.shown
            raise Unreadable(f"{shown} is no Parquet file: {str(error)[:200]}") from None

    if len(fragments) < 32:
        return [one(place) for place in range(len(fragments))]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(len(fragments))))


def _unlike(whole: Any, one: Any, first: Part, part: Part) -> str:
    for column in one:
        place = whole.get_field_index(column.name)
        if place >= 0 and whole.field(place).type != column.type:
            return (
                f"{part.file.shown} is of another schema: its column {column.name!r} is of "
                f"{column.type}, that of {first.file.shown} is of {whole.field(place).type}"
            )
    return f"{part.file.shown} is of another schema than {first.file.shown}"


def _late(types: Mapping[str, Mapping[str, Any]], schema: Any) -> dict[str, Late]:
    """Types that the user sets; a column that has its type already stays as it is."""
    import pyarrow as pa

    late: dict[str, Late] = {}
    for name, given in types.items():
        if name not in schema.names:
            raise Invalid(
                f"there is no column {name!r} to set the type of{did_you_mean(name, schema.names)}"
            )
        there, kind = schema.field(name).type, given["type"]
        is_there = {
            "long": pa.types.is_integer, "float": pa.types.is_floating,
            "bool": pa.types.is_boolean, "datetime": pa.types.is_timestamp,
            "string": pa.types.is_string, "stream": pa.types.is_string,
        }[kind](there)  # fmt: skip
        if not is_there:
            late[name] = Late(
                kind, tuple(given.get("formats") or ()), given.get("decimal", "."), by_name=True
            )
    return late
