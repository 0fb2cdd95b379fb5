"""Files with a JSON object a line."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jupyter_aml.data import scan
from jupyter_aml.data.layout import ENCODINGS
from jupyter_aml.data.parquet import _late
from jupyter_aml.data.scan import Part, Report, TableScan, Unreadable

_MOST_SHOWN = 5
_BLOCK = 1 << 26


class LinesScan(TableScan):
    """Rows of JSON, of which each file may have other columns.

    Which there are is known once all is read. It is kept meanwhile, unless it shall be `bounded`:
    then it is read twice. Of few rows (not `whole`) the first piece of the first file tells.
    """

    def __init__(
        self, how: Mapping[str, Any], parts: Sequence[Part], keys: Sequence[str], report: Report,
        *, whole: bool, bounded: bool,
    ) -> None:  # fmt: skip
        import pyarrow as pa

        self._how, self._parts, self._report = how, parts, report
        self._broken: list[str] = []
        self._fields = scan.path_fields(parts, keys)
        self._known: list[tuple[Part, Any]] = []
        schemas = []
        for part, table in self._pieces() if whole else islice(self._pieces(), 1):
            schemas.append(table.schema)
            if whole and not bounded:
                self._known.append((part, table))
        self._is_known = whole and not bounded
        inside = _unified(schemas)
        scan.check_apart(keys, inside.names)
        self._inside = inside
        super().__init__(pa.schema([*self._fields, *inside]), _late(how.get("types") or {}, inside))

    def tables(self) -> Iterator[Any]:
        """The rows, piece by piece."""
        if not self._is_known:
            self._broken = []
        for part, table in self._known if self._is_known else self._pieces():
            yield scan.with_paths(_fitted(table, self._inside, part), part, self._fields)

    def finish(self) -> None:
        """Tell of the lines that were left out."""
        if self._broken:
            shown = "; ".join(self._broken[:_MOST_SHOWN])
            more = len(self._broken) - _MOST_SHOWN
            self._report.tell(
                f"{len(self._broken):,} lines are not JSON objects and were left out: {shown}"
                + (f" and {more:,} more" if more > 0 else "")
            )

    def _pieces(self) -> Iterator[tuple[Part, Any]]:
        """All files as tables of whole lines."""
        for part in self._parts:
            number = 1
            for content in self._blocks(part):
                yield part, self._read(part, content, number)
                number += content.count(b"\n")

    def _blocks(self, part: Part) -> Iterator[bytes]:
        """The text of a file in UTF-8, in pieces that end with a line."""
        coding = ENCODINGS[self._how.get("encoding", "utf8")]
        decoder = None if coding == "utf8" else codecs.getincrementaldecoder(coding)()
        rest = b""
        try:
            with part.file.open() as file:
                while block := file.read(_BLOCK):
                    text = rest + (block if decoder is None else decoder.decode(block).encode())
                    end = text.rfind(b"\n") + 1
                    rest = text[end:]
                    if end:
                        yield text[:end]
                if decoder is not None:
                    rest += decoder.decode(b"", final=True).encode()
        except UnicodeError:
            raise Unreadable(f"{part.file.shown} is not text in {coding}") from None
        yield rest

    def _read(self, part: Part, content: bytes, first: int) -> Any:
        import pyarrow as pa
        import pyarrow.json as pajson

        content = content.removeprefix(b"\xef\xbb\xbf") if first == 1 else content
        if not content.strip():
            return pa.table({})
        options = pajson.ReadOptions(block_size=max(len(content), 1 << 20))
        if len(content) > 1 << 23:
            options.block_size = 1 << 22
        try:
            return pajson.read_json(io.BytesIO(content), read_options=options)
        except pa.ArrowInvalid:
            return self._one_by_one(part, content, first)

    def _one_by_one(self, part: Part, content: bytes, first: int) -> Any:
        """Read what pyarrow does not: lines that are none, and columns of several types."""
        rows: list[Mapping[str, Any]] = []
        for number, line in enumerate(content.split(b"\n"), first):
            if not line.strip():
                continue
            row = _object(line)
            if row is not None:
                rows.append(row)
                continue
            where = f"{part.file.shown}, line {number} ({line[:60].decode(errors='replace')})"
            if self._how.get("broken", "error") != "drop":
                raise Unreadable(
                    f"{where}: this is no JSON object; invalid_lines='drop' leaves such lines out"
                )
            self._broken.append(where)
        return _table(rows)


def _unified(schemas: Sequence[Any]) -> Any:
    """The columns of all; one that is of several types is one of texts."""
    import pyarrow as pa

    kinds: dict[str, Any] = {}
    for column in (each for schema in schemas for each in schema):
        before = kinds.get(column.name, column.type)
        try:
            both = [pa.schema([(column.name, kind)]) for kind in (before, column.type)]
            kinds[column.name] = pa.unify_schemas(both, promote_options="permissive").types[0]
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            kinds[column.name] = pa.string()
    return pa.schema(list(kinds.items()))


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _table(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            columns[name] = pa.array([_text(value) for value in values], pa.string())
    return pa.table(columns)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _fitted(table: Any, schema: Any, part: Part) -> Any:
    import pyarrow as pa

    columns = []
    for column in schema:
        if column.name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, column.type))
            continue
        try:
            columns.append(table.column(column.name).cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise Unreadable(
                f"{part.file.shown}: column {column.name!r} is not of {column.type}, as it is in "
                "the files before it"
            ) from None
    return pa.table(columns, schema=schema)
