"""Texts with separators, read by pyarrow; what is wrong with them is counted and named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jupyter_aml.data import scan
from jupyter_aml.data.conversion import Late
from jupyter_aml.data.layout import (
    ENCODINGS,
    LARGEST_BLOCK,
    Layout,
    encoding,
    opened,
    parsing,
)
from jupyter_aml.data.scan import Again, DatasetScan, Part, Report, Unreadable

_MOST_SHOWN = 5
_CONVERSION = re.compile(
    r"CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): invalid value '(.*)'",
    re.DOTALL,
)
_FILE = re.compile(r"CSV input source '([^']*)'")


class DelimitedScan(DatasetScan):
    """Rows of texts with separators."""

    def __init__(
        self, how: Mapping[str, Any], parts: Sequence[Part], keys: Sequence[str], report: Report,
        layout: Layout,
    ) -> None:  # fmt: skip
        import pyarrow as pa
        import pyarrow.dataset as pads

        self._how, self._parts, self._report, self._layout = how, parts, report, layout
        layout.broken, layout.broken_count = [], 0
        scan.check_apart(keys, layout.names)
        fields = scan.path_fields(parts, keys)
        schema = pa.schema([*fields, *((name, layout.types[name]) for name in layout.names)])
        places, names = scan.filesystem(parts)
        first, others = self._formats()
        fragments = [
            (others if place else first).make_fragment(
                name, places, partition_expression=scan.fragment_condition(part, fields)
            )
            for place, (name, part) in enumerate(zip(names, parts))  # noqa: B905
        ]
        dataset = pads.FileSystemDataset(fragments, schema, others, places)
        super().__init__(dataset, schema, layout.late)

    def _formats(self) -> tuple[Any, Any]:
        """How the first file is read, and how the others are."""
        header = self._how.get("header", "all")
        first = csv_format(self._how, self._layout, header != "none", self._noted)
        if header != "first":
            return first, first
        return first, csv_format(self._how, self._layout, False, self._noted)

    def _noted(self, row: Any) -> str:
        if self._report.is_strict:
            return "error"
        self._layout.broken_count += 1
        if len(self._layout.broken) < _MOST_SHOWN:
            self._layout.broken.append(row.text)
        return "skip"

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Tell pyarrow's errors in our words, or raise Again having learned from them."""
        import pyarrow as pa

        try:
            yield
        except pa.ArrowInvalid as error:
            self._learn(str(error))

    def _learn(self, said: str) -> None:
        found, place = _CONVERSION.search(said), _FILE.search(said)
        where = self._shown(place[1]) if place else self._first_wrong()
        if found is not None:
            raise self._other_type(found, where)
        if "straddling object" in said or "CSV parser got out of sync" in said:
            if self._layout.block >= LARGEST_BLOCK:
                raise Unreadable(f"{where}: a row is longer than 1 GB")
            self._layout.block *= 8
            raise Again
        if "invalid UTF8" in said or "UTF8" in said:
            raise Unreadable(
                f"{where} is not text in {self._how.get('encoding', 'utf8')}: say which it is with "
                f"encoding=, one of {', '.join(ENCODINGS)}"
            )
        if "Expected" in said and "columns" in said:
            raise Unreadable(self._broken_sentence(_broken(self._how, self._layout, self._parts)))
        if "Empty CSV" in said:
            raise Unreadable(f"{where} is empty")
        raise Unreadable(f"{where} cannot be read as text with separators: {said[:500]}")

    def _other_type(self, found: re.Match[str], where: str) -> Exception:
        """Read a column as something wider, of which not every value need be what it seemed."""
        layout = self._layout
        # The number counts the columns that are read; the name is that of the first that fits.
        name = self._column(found)
        if name is None:
            return Unreadable(f"{where}: {found[0]}")
        if self._report.is_strict and not _is_number(found[4]):
            row = f", row {found[2]}" if found[2] else ""
            return Unreadable(
                f"{where}{row}: {found[4]!r} in column {name!r} is no {_WORDS[kind(found[3])]}; "
                "on_error='null' reads it as missing"
            )
        import pyarrow as pa

        if layout.types[name] == pa.int64() and _is_number(found[4]):
            layout.types[name] = pa.float64()
        else:
            layout.late[name] = Late(kind(found[3]), tuple(layout.parsers), by_name=True)
            layout.types[name] = pa.string()
        return Again()

    def _column(self, found: re.Match[str]) -> str | None:
        names = self._layout.names
        of_kind = [each for each in names if str(self._layout.types[each]) == found[3].strip()]
        place = int(found[1])
        if place < len(names) and names[place] in of_kind:
            return names[place]
        return of_kind[0] if of_kind else None

    def _first_wrong(self) -> str:
        """The file at which pyarrow stops, which it does not always say."""
        import pyarrow as pa

        if len(self._parts) > 1:
            for fragment in self.dataset.get_fragments():
                try:
                    for _ in fragment.to_batches(schema=self.schema):
                        pass
                except pa.ArrowInvalid:
                    return self._shown(fragment.path)
        return self._parts[0].file.shown

    def _shown(self, name: str) -> str:
        for part in self._parts:
            if name in (part.file.local, part.file.shown):
                return part.file.shown
        return name

    def finish(self) -> None:
        """Tell of the rows that were left out."""
        if self._layout.broken_count:
            found = _broken(self._how, self._layout, self._parts)
            self._report.tell(self._broken_sentence(found))

    def _broken_sentence(self, found: Sequence[str]) -> str:
        count = max(self._layout.broken_count, len(found))
        rows = "1 row has" if count == 1 else f"{count:,} rows have"
        more = f" and {count - len(found):,} more" if count > len(found) > 0 else ""
        left = "" if self._report.is_strict else " and were left out"
        return (
            f"{rows} another number of values than the header has columns{left}: "
            f"{'; '.join(found)}{more}"
        )


_WORDS = {
    "long": "whole number", "float": "number", "bool": "true or false", "datetime": "time",
}  # fmt: skip


def kind(arrow: str) -> str:
    """What SDK v1 calls a type of pyarrow's."""
    if arrow.startswith("int"):
        return "long"
    if arrow.startswith(("double", "float")):
        return "float"
    return "bool" if arrow.startswith("bool") else "datetime"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def csv_format(how: Mapping[str, Any], layout: Layout, has_header: bool, broken: Any) -> Any:
    """How pyarrow reads such a file."""
    import pyarrow.csv as pacsv
    import pyarrow.dataset as pads

    return pads.CsvFileFormat(
        parse_options=parsing(how, broken),
        convert_options=pacsv.ConvertOptions(
            null_values=[""], strings_can_be_null=not how.get("blank"),
            timestamp_parsers=[pacsv.ISO8601, *layout.parsers],
        ),
        read_options=pacsv.ReadOptions(
            column_names=None if layout.by_name else layout.names,
            skip_rows=1 if has_header and not layout.by_name else 0,
            block_size=layout.block, encoding=encoding(how),
        ),
    )  # fmt: skip


def _broken(how: Mapping[str, Any], layout: Layout, parts: Sequence[Part]) -> list[str]:
    """Where the first rows of another length are: file, row and text."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    shown: list[str] = []
    header = how.get("header", "all")
    for place, part in enumerate(parts):

        def note(row: Any, part: Part = part) -> str:
            if len(shown) < _MOST_SHOWN:
                number = "" if row.number is None else f", row {row.number}"
                text = row.text if len(row.text) <= 60 else row.text[:57] + "..."
                shown.append(f"{part.file.shown}{number} has {row.actual_columns} values ({text})")
            return "skip"

        own = header in ("all", "combine") or (header == "first" and place == 0)
        options = pacsv.ReadOptions(
            use_threads=False, encoding=encoding(how), block_size=layout.block,
            column_names=None if own else layout.names,
        )  # fmt: skip
        with contextlib.suppress(pa.ArrowInvalid, StopIteration), opened(part) as file:
            every = {name: pa.string() for name in layout.names}
            reader = pacsv.open_csv(
                file, read_options=options, parse_options=parsing(how, note),
                convert_options=pacsv.ConvertOptions(column_types=every),
            )  # fmt: skip
            while len(shown) < _MOST_SHOWN:
                reader.read_next_batch()
        if len(shown) >= _MOST_SHOWN:
            break
    return shown
