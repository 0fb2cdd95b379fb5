"""The data sets that a model was made with, as objects and as they are sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_aml.sdk.exceptions import WebserviceException


def uses_of(datasets: Any) -> list[dict[str, Any]]:
    """`[('training data', dataset)]` as it is sent; raises WebserviceException."""
    if datasets is None:
        return []
    if not isinstance(datasets, Iterable) or isinstance(datasets, str):
        raise WebserviceException("datasets: give a list of pairs, such as [('training', dataset)]")
    found = []
    for pair in datasets:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise WebserviceException(
                f"datasets: each is a pair of a text and a data set, not {pair!r}"
            )
        found.append(_use(pair[0], pair[1]))
    return found


def whole_use(what: str, dataset: Any) -> dict[str, Any] | None:
    """One data set as it is sent; None stays None."""
    return None if dataset is None else _use(what, dataset)


def _use(scenario: str, dataset: Any) -> dict[str, Any]:
    definition = getattr(dataset, "_definition", None)
    if definition is None:
        kind = type(dataset).__name__
        raise WebserviceException(
            f"{scenario}: expected a TabularDataset or FileDataset, not a {kind}"
        )
    use = {"scenario": scenario, "id": dataset.id, "name": None, "version": None}
    if dataset.name:
        return {**use, "name": dataset.name, "version": str(dataset.version), "definition": None}
    return {**use, "definition": definition.to_json()}
