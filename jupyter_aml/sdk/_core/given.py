"""Checks what a caller gave before anything is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near
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


@contextmanager
def within_limits() -> Iterator[None]:
    """Turn what is too long or too much into a UserErrorException."""
    try:
        yield
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def only(what: str, given: Mapping[str, Any], known: Collection[str] = ()) -> None:
    """Raise TypeError for a keyword that nobody reads, as Python does."""
    for name in given:
        if name not in known:
            close = near(name, known)
            cure = f"; did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"{what}() got an unexpected keyword argument {name!r}{cure}")


def refuse(why: str, **options: Any) -> None:
    """Raise UserErrorException for an option of SDK v1 that was given and can do nothing here."""
    for name, value in options.items():
        if value is not None and value is not False:
            raise UserErrorException(f"{name}={value!r}: {why}; leave it out")


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
