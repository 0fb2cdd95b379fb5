"""Texts with separators, read by pyarrow: types from their beginning, as SDK v1 inferred them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_aml.data import scan
from jupyter_aml.data.conversion import Late, guessed, native, time_forms
from jupyter_aml.data.scan import Again, DatasetScan, Part, Report, Unreadable
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

ENCODINGS = {
    "utf8": "utf8", "utf8bom": "utf8", "iso88591": "latin1", "latin1": "latin1", "ascii": "ascii",
    "utf16": "utf16", "utf32": "utf32", "windows1252": "cp1252",
}  # fmt: skip
"""SDK v1's names, and what Python calls them."""
HEADERS = ("all", "none", "first", "combine")
_BLOCK, _LARGEST_BLOCK = 1 << 20, 1 << 30
_FIRST, _LESS = 1 << 18, 1 << 17
"""Bytes of the first and of other files that tell which types the columns have."""
_MOST_SHOWN = 5
_RENAMED = b"aml.renamed"
_CONVERSION = re.compile(
    r"CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): invalid value '(.*)'",
    re.DOTALL,
)
_FILE = re.compile(r"CSV input source '([^']*)'")


@dataclass
class Layout:
    """What the beginning of the files tells, and what was learned since."""

    names: list[str]
    types: dict[str, Any]
    late: dict[str, Late] = field(default_factory=dict)
    parsers: list[str] = field(default_factory=list)
    by_name: bool = True
    """Whether each file says by its own header which columns it has, else by their places."""
    block: int = _BLOCK
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0


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
            if self._layout.block >= _LARGEST_BLOCK:
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


def parsing(how: Mapping[str, Any], broken: Any) -> Any:
    """How rows are told apart."""
    import pyarrow.csv as pacsv

    return pacsv.ParseOptions(
        delimiter=how.get("separator", ","), newlines_in_values=bool(how.get("multiline")),
        invalid_row_handler=broken,
    )  # fmt: skip


def encoding(how: Mapping[str, Any]) -> str:
    """What Python calls the encoding."""
    return ENCODINGS[how.get("encoding", "utf8")]


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
        with contextlib.suppress(pa.ArrowInvalid, StopIteration), _opened(part) as file:
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


@contextlib.contextmanager
def _opened(part: Part) -> Iterator[Any]:
    import pyarrow as pa

    source = part.file.local
    file = pa.OSFile(source) if source is not None else pa.PythonFile(part.file.open(), mode="r")
    packing = _packing(part.file.shown)
    with file, pa.CompressedInputStream(file, packing) if packing else file as stream:
        yield stream


def _packing(name: str) -> str | None:
    return {"gz": "gzip", "bz2": "bz2", "zst": "zstd"}.get(name.rpartition(".")[2].lower())


# ---- what the beginning tells ------------------------------------------------------------------


def layout_of(how: Mapping[str, Any], parts: Sequence[Part]) -> Layout:
    """Names and types of the columns, from the beginnings of some of the files; Unreadable."""
    header = how.get("header", "all")
    some = parts if header == "combine" else _spread(parts, 1 if header == "first" else 3)
    samples = [
        _sample(how, part, header != "none", _LESS if place else _FIRST)
        for place, part in enumerate(some)
    ]
    names = list(dict.fromkeys(name for each in samples for name in each.column_names))
    if header != "combine":
        names = samples[0].column_names
    layout = Layout(names, {}, by_name=header in ("all", "combine"))
    if layout.by_name and any(_is_renamed(each) for each in samples):
        if header == "combine":
            raise Unreadable(f"{some[0].file.shown}: columns without names, or with one name, "
                             "cannot be combined with those of other files")  # fmt: skip
        layout.by_name = False
    given = how.get("types") or {}
    for name in given:
        if name not in names:
            raise Invalid(
                f"there is no column {name!r} to set the type of{did_you_mean(name, names)}"
            )
    for name in names:
        columns = [each.column(name) for each in samples if name in each.column_names]
        if name in given:
            _set(layout, name, given[name], columns)
        else:
            _infer(layout, name, columns, infer=how.get("infer", True))
    return layout


def _spread(parts: Sequence[Part], most: int) -> list[Part]:
    """The first, the last and one between."""
    if len(parts) <= most or most == 1:
        return list(parts[:most])
    return [parts[0], parts[len(parts) // 2], parts[-1]]


def _sample(how: Mapping[str, Any], part: Part, has_header: bool, block: int) -> Any:
    """The first rows of a file, with types that pyarrow infers; Unreadable says what is wrong."""
    import pyarrow as pa

    while True:
        try:
            return _beginning(how, part, has_header, block)
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or block >= _LARGEST_BLOCK:
                raise Unreadable(_no_table(how, part, str(error))) from None
            block *= 8
        except UnicodeError:
            raise Unreadable(_not_text(how, part)) from None


def _beginning(how: Mapping[str, Any], part: Part, has_header: bool, block: int) -> Any:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    options = pacsv.ReadOptions(
        block_size=block, encoding=encoding(how), autogenerate_column_names=not has_header
    )
    convert = pacsv.ConvertOptions(null_values=[""], strings_can_be_null=True)
    with _opened(part) as file:
        reader = pacsv.open_csv(
            file, read_options=options, convert_options=convert,
            parse_options=parsing(how, lambda row: "skip"),
        )  # fmt: skip
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            batch = reader.schema.empty_table()
    names = _named(batch.schema.names, has_header)
    is_renamed = has_header and names != batch.schema.names
    table = pa.table(list(batch.columns), names=names)
    return table.replace_schema_metadata({_RENAMED: b"1"} if is_renamed else None)


def _no_table(how: Mapping[str, Any], part: Part, said: str) -> str:
    if "Empty CSV" in said:
        return f"{part.file.shown} is empty: it has no header and no row"
    if "UTF8" in said or "decode" in said:
        return _not_text(how, part)
    return f"{part.file.shown} is no text with separators: {said[:300]}"


def _is_renamed(sample: Any) -> bool:
    return _RENAMED in (sample.schema.metadata or {})


def _not_text(how: Mapping[str, Any], part: Part) -> str:
    return (
        f"{part.file.shown} is not text in {how.get('encoding', 'utf8')}: say which it is with "
        f"encoding=, one of {', '.join(ENCODINGS)}"
    )


def _named(found: Sequence[str], has_header: bool) -> list[str]:
    """Names that are there once; what has none is called by its place, as in SDK v1."""
    names: list[str] = []
    for place, each in enumerate(found, 1):
        name = each if has_header and each.strip() else f"Column{place}"
        base, number = name, 1
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names


def _infer(layout: Layout, name: str, columns: Sequence[Any], *, infer: bool) -> None:
    import pyarrow as pa

    kinds = {column.type for column in columns if column.type != pa.null()}
    layout.types[name] = pa.string()
    if not infer or not kinds:
        return
    if kinds == {pa.int64()}:
        layout.types[name] = pa.int64()
    elif kinds <= {pa.int64(), pa.float64()}:
        layout.types[name] = pa.float64()
    elif kinds == {pa.bool_()}:
        layout.types[name] = pa.bool_()
    elif all(pa.types.is_timestamp(each) or pa.types.is_date(each) for each in kinds):
        _timestamp(layout, name, kinds)
    elif pa.string() in kinds:
        texts = [column for column in columns if column.type == pa.string()]
        _guess(layout, name, pa.chunked_array([c for t in texts for c in t.chunks], pa.string()))


def _timestamp(layout: Layout, name: str, kinds: set[Any]) -> None:
    import pyarrow as pa

    zoned = [each for each in kinds if pa.types.is_timestamp(each) and each.tz]
    layout.types[name] = pa.timestamp("ns", "UTC" if zoned else None)
    if zoned:
        layout.late[name] = Late("naive")


def _guess(layout: Layout, name: str, texts: Any) -> None:
    import pyarrow as pa

    late = guessed(texts)
    if late is None:
        return
    if late.kind == "datetime" and _native_times(layout, late.formats) and not _has_words(texts):
        layout.types[name] = pa.timestamp("ns")
    else:
        layout.late[name] = late


def _has_words(texts: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    from jupyter_aml.data.conversion import MISSING

    return bool(pc.any(pc.is_in(texts, value_set=pa.array(sorted(MISSING)))).as_py())


def _native_times(layout: Layout, formats: Sequence[str]) -> bool:
    """Whether pyarrow reads these forms beside those that other columns have."""
    wanted = [*layout.parsers, *(each for each in formats if each not in layout.parsers)]
    days_first = {each[:5] for each in wanted}
    if not all(native(each) for each in formats) or {"%m/%d", "%d/%m"} <= days_first \
            or {"%m-%d", "%d-%m"} <= days_first:  # fmt: skip
        return False
    layout.parsers = wanted
    return True


def _set(layout: Layout, name: str, given: Mapping[str, Any], columns: Sequence[Any]) -> None:
    """The type that the user says a column has."""
    import pyarrow as pa

    kind = given["type"]
    plain = {"string": pa.string(), "stream": pa.string(), "long": pa.int64(),
             "bool": pa.bool_(), "float": pa.float64(), "datetime": pa.timestamp("ns")}  # fmt: skip
    layout.types[name] = plain[kind]
    formats = tuple(given.get("formats") or ())
    if kind == "float" and given.get("decimal", ".") != ".":
        layout.types[name] = pa.string()
        layout.late[name] = Late("float", decimal=given["decimal"])
    elif kind == "datetime":
        texts = [column for column in columns if column.type == pa.string()]
        zoned = any(pa.types.is_timestamp(each.type) and each.type.tz for each in columns)
        if not formats and texts:
            formats = tuple(time_forms(texts[0].drop_null().slice(0, 1_000)))[:1]
        if not formats and zoned:
            _timestamp(layout, name, {each.type for each in columns})
        elif formats and not _native_times(layout, formats):
            layout.types[name] = pa.string()
            layout.late[name] = Late("datetime", formats)
    elif kind == "bool" and any(column.type == pa.string() for column in columns):
        layout.types[name] = pa.string()
        layout.late[name] = Late("bool")
