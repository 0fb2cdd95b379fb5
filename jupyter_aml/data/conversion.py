"""Texts of a column turned into numbers, flags and times, where not every one of them is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MISSING = frozenset({"NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "<NA>"})
"""What people write into a column of numbers where there is none."""

_WHOLE = r"^\s*[+-]?\d{1,18}(\.0*)?\s*$"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$|^\s*[+-]?(?i:inf|infinity|nan)\s*$"


@dataclass(frozen=True)
class Late:
    """What a column that is read as text shall become: `long`, `float`, `bool`, `datetime`.

    Or `naive`: times with a zone, which become times in UTC without one.
    """

    kind: str
    formats: tuple[str, ...] = ()
    decimal: str = "."
    by_name: bool = False
    """Whether the text itself, and not the beginning of the file, says what it shall be."""


def converted(column: Any, late: Late) -> tuple[Any, Any]:
    """The column as it shall be, and which of its values became null for being none of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if late.kind == "naive":
        return pc.cast(column, pa.timestamp("ns"), safe=False), None
    text = pc.cast(column, pa.string())
    if late.kind in ("string", "stream"):
        return text, None
    missing = pc.is_in(text, value_set=pa.array(sorted(MISSING)))
    text = pc.if_else(pc.fill_null(missing, False), pa.scalar(None, pa.string()), text)
    became = _KINDS[late.kind](text, late)
    wrong = pc.and_(pc.is_valid(text), pc.is_null(became))
    return became, wrong


def _long(text: Any, late: Late) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    fit = pc.match_substring_regex(text, _WHOLE)
    bare = pc.replace_substring_regex(pc.utf8_trim_whitespace(text), r"(^\+|\.0*$)", "")
    return pc.cast(_where(fit, bare), pa.int64())


def _float(text: Any, late: Late) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if late.decimal != ".":
        text = pc.replace_substring(pc.replace_substring(text, ".", ""), late.decimal, ".")
    fit = pc.match_substring_regex(text, _NUMBER)
    bare = pc.replace_substring_regex(pc.utf8_trim_whitespace(text), r"^\+", "")
    return pc.cast(_where(fit, bare), pa.float64())


def _bool(text: Any, late: Late) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    low = pc.utf8_lower(pc.utf8_trim_whitespace(text))
    is_true = pc.is_in(low, value_set=pa.array(["true", "1", "yes"]))
    is_false = pc.is_in(low, value_set=pa.array(["false", "0", "no"]))
    none = pa.scalar(None, pa.bool_())
    return pc.if_else(is_true, True, pc.if_else(is_false, False, none))


def _datetime(text: Any, late: Late) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = None
    for form in late.formats or ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        became = _times(text, form)
        found = became if found is None else pc.coalesce(found, became)
    return pc.cast(found, pa.timestamp("ns"))


def native(form: str) -> bool:
    """Whether pyarrow itself reads times of this form."""
    return not any(mark in form for mark in ("%f", "%z", "%Z", "%s", "%c", "%x", "%X", "%U", "%W"))


def _times(text: Any, form: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if native(form):
        return pc.cast(
            pc.strptime(text, format=form, unit="s", error_is_null=True), pa.timestamp("ns")
        )
    combined = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    coded = combined.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    read = pa.array([_time(each, form) for each in coded.dictionary.to_pylist()],
                    pa.timestamp("us"))  # fmt: skip
    return pc.cast(read.take(coded.indices), pa.timestamp("ns"))


def _time(text: str | None, form: str) -> datetime | None:
    from jupyter_aml.domain.expression import naive

    try:
        return None if text is None else naive(datetime.strptime(text.strip(), form))
    except ValueError:
        return None


def _where(fit: Any, text: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.fill_null(fit, False), text, pa.scalar(None, pa.string()))


_KINDS = {"long": _long, "float": _float, "bool": _bool, "datetime": _datetime}

_DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%b-%Y", "%d %b %Y",
    "%b %d %Y", "%b %d, %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def guessed(sample: Any) -> Late | None:
    """What the texts of a sample all are, besides words for what is missing; None where nothing.

    Days and months that could change places stay texts, as in SDK v1.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.unique(pc.drop_null(sample)).slice(0, 1_000)
    text = text.filter(pc.invert(pc.is_in(text, value_set=pa.array(sorted(MISSING)))))
    if len(text) == 0:
        return None
    if _all(pc.match_substring_regex(text, _WHOLE)):
        return Late("long")
    if _all(pc.match_substring_regex(text, _NUMBER)):
        return Late("float")
    forms = time_forms(text)
    return Late("datetime", formats=(forms[0],)) if len(forms) == 1 else None


def time_forms(text: Any) -> Sequence[str]:
    """The forms of times that all of these texts have."""
    import pyarrow.compute as pc

    if not _all(pc.match_substring_regex(text.slice(0, 1), r"^\s*\w{1,4}[-/. ]\w{1,3}[-/. ,]")):
        return ()
    fit = []
    for day in _DAYS:
        for time in _TIMES:
            read = pc.strptime(text, format=day + time, unit="s", error_is_null=True)
            if read.null_count == 0:
                fit.append(day + time)
    return fit


def _all(found: Any) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(found).as_py())
