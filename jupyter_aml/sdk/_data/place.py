"""What a datastore needs of the workspace that it belongs to, and how its errors are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from jupyter_aml.domain.errors import (
    AlreadyExists,
    IllegalMove,
    Invalid,
    NotFound,
    Refused,
    StorageFailed,
)
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client import Client


class Place(Protocol):
    """A workspace, as far as it matters here."""

    client: Client

    @property
    def name(self) -> str:
        """Its name."""


@contextmanager
def told_as_v1() -> Iterator[None]:
    """Raise what is the caller's affair as UserErrorException, with the same sentence."""
    try:
        yield
    except UserErrorException:
        raise
    except (AlreadyExists, IllegalMove, Invalid, NotFound, Refused, StorageFailed) as error:
        raise UserErrorException(str(error)) from None
