"""What the beginnings of texts with separators tell: the columns and their types."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_aml.data.conversion import Late, guessed, native, time_forms
from jupyter_aml.data.scan import Part, Unreadable
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

ENCODINGS = {
    "utf8": "utf8", "utf8bom": "utf8", "iso88591": "latin1", "latin1": "latin1", "ascii": "ascii",
    "utf16": "utf16", "utf32": "utf32", "windows1252": "cp1252",
}  # fmt: skip
"""SDK v1's names, and what Python calls them."""
BLOCK, LARGEST_BLOCK = 1 << 20, 1 << 30
_FIRST, _LESS = 1 << 18, 1 << 17
"""Bytes of the first and of other files that tell which types the columns have."""
_RENAMED = b"aml.renamed"


@dataclass
class Layout:
    """What the beginning of the files tells, and what was learned since."""

    names: list[str]
    types: dict[str, Any]
    late: dict[str, Late] = field(default_factory=dict)
    parsers: list[str] = field(default_factory=list)
    by_name: bool = True
    """Whether each file says by its own header which columns it has, else by their places."""
    block: int = BLOCK
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0


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


@contextlib.contextmanager
def opened(part: Part) -> Iterator[Any]:
    """A file as pyarrow reads it, unpacked where its name says so."""
    import pyarrow as pa

    source = part.file.local
    file = pa.OSFile(source) if source is not None else pa.PythonFile(part.file.open(), mode="r")
    packing = _packing(part.file.shown)
    with file, pa.CompressedInputStream(file, packing) if packing else file as stream:
        yield stream


def _packing(name: str) -> str | None:
    return {"gz": "gzip", "bz2": "bz2", "zst": "zstd"}.get(name.rpartition(".")[2].lower())


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
            if "straddling" not in str(error) or block >= LARGEST_BLOCK:
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
    with opened(part) as file:
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
