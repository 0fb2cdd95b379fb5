"""Reading for the SDK: stores by name, errors as SDK v1's, and what is to be told as warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import (
    AlreadyExists,
    AmlError,
    IllegalMove,
    Invalid,
    NotFound,
    Refused,
    StorageFailed,
    Unreachable,
)
from jupyter_aml.sdk.data.dataset_error_handling import (
    DatasetExecutionError,
    DatasetValidationError,
)
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.data.stores import Store
    from jupyter_aml.domain.datastore import Datastore

_OF_THE_CALLER = (
    AlreadyExists, IllegalMove, Invalid, NotFound, Refused, StorageFailed, Unreachable,
)  # fmt: skip


class Stores:
    """Opens datastores by name: those that the caller gave, and those that the workspace knows."""

    def __init__(self, workspace: Any, given: dict[str, Any]) -> None:
        self.workspace, self.given = workspace, dict(given)

    def __call__(self, name: str) -> Store:
        """Open one; UserErrorException where there is none."""
        store: Store = self.datastore(name)._store()
        return store

    def database(self, name: str) -> tuple[Datastore, Callable[[str], str]]:
        """What is known of one, and how its secrets are had."""
        found = self.datastore(name)
        return found._definition(), found._secret

    def datastore(self, name: str) -> Any:
        """The datastore of that name."""
        if name not in self.given:
            if self.workspace is None:
                raise UserErrorException(f"nothing says in which workspace datastore {name!r} is")
            from jupyter_aml.sdk.data.datastore_client import from_wire

            seen = self.workspace.client.datastores.get(self.workspace.name, name)
            self.given[name] = from_wire(self.workspace, seen)
        return self.given[name]


@contextmanager
def executing() -> Iterator[None]:
    """Raise what is wrong with the data as DatasetExecutionError, with the same sentence."""
    try:
        yield
    except UserErrorException:
        raise
    except _OF_THE_CALLER as error:
        raise DatasetExecutionError(str(error), error) from None


@contextmanager
def validating() -> Iterator[None]:
    """Raise what is wrong with the data as DatasetValidationError, with the same sentence."""
    try:
        yield
    except DatasetExecutionError as error:
        raise DatasetValidationError(str(error), error.inner_exception) from None
    except UserErrorException:
        raise
    except _OF_THE_CALLER as error:
        raise DatasetValidationError(str(error), error) from None


@contextmanager
def asking() -> Iterator[None]:
    """Raise what the engine refuses as UserErrorException, with the same sentence."""
    try:
        yield
    except UserErrorException:
        raise
    except (AlreadyExists, IllegalMove, Invalid, NotFound, Refused) as error:
        raise UserErrorException(str(error)) from None


def tell(sentences: Sequence[str], definition: Dataset) -> None:
    """Warn of what was found while reading."""
    for sentence in sentences:
        warnings.warn(f"data set {definition.label}: {sentence}", UserWarning, stacklevel=4)


def tell_changes(place: Any, seen: Any, found: Sequence[Any]) -> None:
    """Warn where what lies behind a registered version is not what was registered."""
    from jupyter_aml.data.listing import seen as seen_now

    recorded = seen["files"]
    if recorded is None or recorded["seen"] == seen_now(found):
        return
    try:
        changes = place.client.datasets.changes(place.name, seen["name"], seen["version"])
    except AmlError:
        return  # The engine that keeps the record does not answer; the data can be read.
    if not changes["count"]:
        return
    words = {"changed": "changed", "added": "new", "removed": "gone"}
    said = [f"{len(changes[how])} {word}" for how, word in words.items() if changes[how]]
    warnings.warn(
        f"data set {seen['name']}:{seen['version']} is not what was registered: of its files "
        f"{', '.join(said)}; changes() names them, and register(create_new_version=True) records "
        "them as they are now",
        UserWarning,
        stacklevel=5,
    )
