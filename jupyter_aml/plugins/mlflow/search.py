"""Finds experiments and runs by MLflow's filter lines, which MLflow itself reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from mlflow.entities import LifecycleStage, Metric, ViewType
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

from jupyter_aml.plugins.mlflow.recorded import numbers
from jupyter_aml.plugins.mlflow.refusals import invalid
from jupyter_aml.plugins.mlflow.runs import Runs
from jupyter_aml.sdk._run import filters
from jupyter_aml.wire.runs import WireRun

_MOST = 50_000
"""Results that MLflow takes at a time."""
_NEWEST_FIRST = ["creation_time DESC", "experiment_id ASC"]


def experiments(
    found: Iterable[Any], view_type: Any, max_results: int, filter_string: str | None,
    order_by: Sequence[str] | None, page_token: str | None,
) -> Any:  # fmt: skip
    """A page of those that fit."""
    _check(max_results)
    stages = LifecycleStage.view_type_to_stages(view_type or ViewType.ACTIVE_ONLY)
    some = [each for each in found if each.lifecycle_stage in stages]
    fit = SearchExperimentsUtils.filter(some, filter_string)
    ordered = SearchExperimentsUtils.sort(fit, order_by or _NEWEST_FIRST)
    return PagedList(*SearchUtils.paginate(ordered, page_token, max_results))


def runs(
    found: Iterable[Any], filter_string: str | None, max_results: int,
    order_by: Sequence[str] | None, page_token: str | None,
) -> tuple[list[Any], str | None]:  # fmt: skip
    """A page of those that fit, and the token of the next one."""
    _check(max_results)
    fit = SearchUtils.filter(list(found), filter_string)
    ordered = SearchUtils.sort(fit, order_by)
    page, token = SearchUtils.paginate(ordered, page_token, max_results)
    return page, token


def seen(runs: Runs, names: Iterable[str], *, is_all: bool, most: int) -> Iterator[WireRun]:
    """The runs of these experiments as the engine tells them, children too, newest first.

    Where neither filter nor order asks for others, one more than wanted is enough of each.
    """
    runs.enter_children()
    for name in names:
        pages = filters.pages(
            runs.workspace.client, workspace=runs.workspace.name, experiment=name, filter=""
        )
        each = (run for page in pages for run in page["runs"])
        yield from each if is_all else islice(each, most + 1)


def last_values(run: WireRun, at: float) -> list[Metric]:
    """The last values of a run that has ended."""
    return list(numbers(run["metrics"], at))


def _check(max_results: int) -> None:
    if not isinstance(max_results, int) or not 0 < max_results <= _MOST:
        raise invalid(f"max_results={max_results!r} must be a whole number from 1 to {_MOST:,}")
