"""Data sets as dask DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_aml.data.rows import _BY_PLACE
from jupyter_aml.domain.dataset import Source
from jupyter_aml.sdk.exceptions import UserErrorException


def dask_frame(
    tabular: Any,
    sample_size: int,
    dtypes: Mapping[str, Any] | None,
    on_error: str,
    out_of_range: str,
) -> Any:
    """A part for each file; one part where it matters which row is which."""
    try:
        import dask.dataframe as frames
        from dask.delayed import delayed
    except ImportError:
        raise UserErrorException(
            "to_dask_dataframe needs dask, which is not installed in this environment: pip install "
            "'dask[dataframe]'; to_pandas_dataframe() does without"
        ) from None
    first = tabular.take(sample_size).to_pandas_dataframe(on_error, out_of_range)
    meta = (first.astype(dict(dtypes)) if dtypes else first).head(0)

    def part(one: Any) -> Any:
        found = one.to_pandas_dataframe(on_error, out_of_range)
        return found.astype(meta.dtypes.to_dict())

    return frames.from_delayed([delayed(part)(one) for one in _parts(tabular)], meta=meta)


def _parts(tabular: Any) -> list[Any]:
    definition = tabular._definition
    if any(step["do"] in _BY_PLACE for step in definition.steps):
        return [tabular]
    local = [part.file for part in tabular._reader().parts]
    if len(local) < 2 or any("://" in each.shown for each in local):
        return [tabular]
    sources = [_source(each, definition.sources) for each in local]
    return [
        type(tabular)._make(replace(definition, sources=(source,)), tabular._stores)
        for source in sources
    ]


def _source(each: Any, sources: Any) -> Source:
    for source in sources:
        if source.datastore is not None and each.shown == f"{source.datastore}/{each.path}":
            return Source(each.path, source.datastore)
    return Source(each.shown)
