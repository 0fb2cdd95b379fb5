"""Checks what a caller gave before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.wire.values import sendable


def parameters(given: Any) -> dict[str, Any]:
    """Parameters as they are sent; raises UserErrorException naming the one that cannot be."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UserErrorException(
            f"parameters: give a dictionary, name to value, not a {type(given).__name__}"
        )
    try:
        return {
            str(name): sendable(f"parameter {str(name)!r}", value) for name, value in given.items()
        }
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def words(name: str, given: Any) -> list[Any]:
    """The words of a command line; raises UserErrorException where they are no list."""
    if given is None:
        return []
    if isinstance(given, list | tuple):
        return [*given]
    example = ["--rate", 0.1]
    raise UserErrorException(
        f"{name}: give a list, such as {example}, not the {type(given).__name__} {given!r}"
    )
