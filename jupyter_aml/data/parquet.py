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
        fields = scan.path_fields(parts, keys)
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
        schema = pa.schema([*fields, *inside])
        super().__init__(pads.FileSystemDataset(fragments, schema, form, places), schema, late)

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
