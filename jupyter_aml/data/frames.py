"""Tables as pandas has them, with the types that SDK v1 gave."""

from __future__ import annotations

from typing import Any, Literal

from jupyter_aml.data.scan import Unreadable, needs

OutOfRange = Literal["null", "error"]


def frame(table: Any, out_of_range: OutOfRange = "null") -> Any:
    """The table as a DataFrame; times are `datetime64[ns]`, those that it cannot hold are null.

    Raises Unreadable for such a time with `out_of_range="error"`.
    """
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise needs("to_pandas_dataframe") from None
    for place, column in enumerate(table.schema):
        fitted = _nanoseconds(table.column(place), column.name, column.type, out_of_range)
        if fitted is not None:
            table = table.set_column(place, column.name, fitted)
    return table.to_pandas(date_as_object=False, split_blocks=True)


def _nanoseconds(values: Any, name: str, kind: Any, out_of_range: OutOfRange) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date(kind):
        values, kind = values.cast(pa.timestamp("s")), pa.timestamp("s")
    if not pa.types.is_timestamp(kind) or kind.unit == "ns":
        return None
    target = pa.timestamp("ns", kind.tz)
    try:
        return values.cast(target)
    except pa.ArrowInvalid:
        pass
    from datetime import datetime

    low = pa.scalar(datetime(1677, 9, 22), pa.timestamp("s")).cast(kind)
    high = pa.scalar(datetime(2262, 4, 11), pa.timestamp("s")).cast(kind)
    fits = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
    if out_of_range == "error":
        wrong = values.filter(pc.invert(fits))[0].as_py()
        raise Unreadable(
            f"column {name!r}: {wrong} lies outside of 1677 to 2262, which is what pandas holds; "
            "out_of_range_datetime='null' reads it as missing"
        )
    return pc.if_else(fits, values, pa.scalar(None, kind)).cast(target)
