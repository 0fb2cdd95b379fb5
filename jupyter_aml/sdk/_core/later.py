"""Members of SDK v1's classes that this version lacks: known by name, and saying so when used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_aml._version import __version__
from jupyter_aml.domain.errors import AmlError

Kind = TypeVar("Kind", bound=type)

PAGE = "docs/reference/names.md"
"""The page of the documentation that tells the state of each name of SDK v1."""


class NotThereYet(AmlError, AttributeError, NotImplementedError):
    """A name of SDK v1 was used that this version does not have; `hasattr` says False."""


_INSTEAD = {
    "azureml.accel": "images for FPGAs cannot be had any more",
    "azureml.contrib.dataset": "azureml.core.Dataset has what became of it",
    "azureml.contrib.explain": "the package interpret-community explains models",
    "azureml.contrib.fairness": "the package fairlearn has these metrics",
    "azureml.contrib.interpret": "the package interpret-community explains models",
    "azureml.dataprep": "azureml.core.Dataset.Tabular reads these files, and pandas does the rest",
    "azureml.responsibleai": "the package raiwidgets shows these analyses",
}
"""What may help where a package is not there, and none of SDK v1's own words does."""


def missing(name: str) -> NotThereYet:
    """The error for the use of that name."""
    parents = (package for package in _INSTEAD if f"{name}.".startswith(f"{package}."))
    instead = next((f"; {_INSTEAD[package]}" for package in parents), "")
    return NotThereYet(
        f"{name} is not part of jupyter_aml {__version__} yet; {PAGE} tells what there is{instead}"
    )


class _Later:
    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        raise missing(f"{owner.__name__}.{self._name}")


def later(names: str) -> Callable[[Kind], Kind]:
    """Give a class these names of SDK v1. An object may still be given one as an attribute."""

    def mark(kind: Kind) -> Kind:
        for name in names.split():
            setattr(kind, name, _Later(name))
        return kind

    return mark
