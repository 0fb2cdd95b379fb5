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


def missing(name: str) -> NotThereYet:
    """The error for the use of that name."""
    return NotThereYet(
        f"{name} is not part of jupyter_aml {__version__} yet; {PAGE} tells what there is"
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
