"""Files with a JSON object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jupyter_aml.data import scan
from jupyter_aml.data.delimited import ENCODINGS
from jupyter_aml.data.parquet import _late
from jupyter_aml.data.scan import Part, Report, TableScan, Unreadable

_MOST_SHOWN = 5


class LinesScan(TableScan):
    """Rows of JSON, of which each file may have other columns."""

    def __init__(
        self, how: Mapping[str, Any], parts: Sequence[Part], keys: Sequence[str], report: Report,
        *, whole: bool,
    ) -> None:  # fmt: skip
        import pyarrow as pa

        self._how, self._parts, self._report = how, parts, report
        self._broken: list[str] = []
        self._fields = scan.path_fields(parts, keys)
        # All files together say which columns there are; the first alone where few rows are read.
        self._known = [self._read(part) for part in (parts if whole else parts[:1])]
        inside = pa.unify_schemas([each.schema for each in self._known],
                                  promote_options="permissive")  # fmt: skip
        scan.check_apart(keys, inside.names)
        self._inside = inside
        super().__init__(pa.schema([*self._fields, *inside]), _late(how.get("types") or {}, inside))

    def tables(self) -> Iterator[Any]:
        """The rows, file by file."""
        for place, part in enumerate(self._parts):
            table = self._known[place] if place < len(self._known) else self._read(part)
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

    def _read(self, part: Part) -> Any:
        import pyarrow as pa
        import pyarrow.json as pajson

        with part.file.open() as file:
            content = file.read()
        coding = ENCODINGS[self._how.get("encoding", "utf8")]
        try:
            if coding != "utf8":
                content = content.decode(coding).encode()
            content = content.removeprefix(b"\xef\xbb\xbf")
        except UnicodeError:
            raise Unreadable(f"{part.file.shown} is not text in {coding}") from None
        if not content.strip():
            return pa.table({})
        try:
            block = min(max(len(content), 1 << 20), (1 << 31) - 1) if len(content) < 1 << 26 \
                else 1 << 24  # fmt: skip
            return pajson.read_json(
                io.BytesIO(content), read_options=pajson.ReadOptions(block_size=block)
            )
        except pa.ArrowInvalid:
            return self._one_by_one(part, content)

    def _one_by_one(self, part: Part, content: bytes) -> Any:
        """Read what pyarrow does not: lines that are none, and columns of several types."""
        rows: list[Mapping[str, Any]] = []
        for number, line in enumerate(content.split(b"\n"), 1):
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
