"""Says in MLflow's words what went wrong: its clients ask for the code of an error."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes

from jupyter_aml.domain.errors import (
    AlreadyExists,
    AmlError,
    IllegalMove,
    Invalid,
    NotFound,
    Outdated,
    Refused,
    Unreachable,
)
from jupyter_aml.sdk.exceptions import UserErrorException

P = ParamSpec("P")
T = TypeVar("T")
_CODES: tuple[tuple[type[AmlError], Any], ...] = (
    (NotFound, codes.RESOURCE_DOES_NOT_EXIST),
    (AlreadyExists, codes.RESOURCE_ALREADY_EXISTS),
    (IllegalMove, codes.INVALID_STATE),
    (Outdated, codes.INVALID_STATE),
    (Unreachable, codes.TEMPORARILY_UNAVAILABLE),
    (Refused, codes.INVALID_PARAMETER_VALUE),
    (Invalid, codes.INVALID_PARAMETER_VALUE),
    (UserErrorException, codes.INVALID_PARAMETER_VALUE),
)


@contextmanager
def refusing() -> Iterator[None]:
    """Raise errors of ours as those of MLflow, with the same text."""
    try:
        yield
    except AmlError as error:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
        raise MlflowException(str(error), code or codes.INTERNAL_ERROR) from error


def in_its_words(method: Callable[P, T]) -> Callable[P, T]:
    """Have what goes wrong in a method raised so."""

    @functools.wraps(method)
    def told(*args: P.args, **named: P.kwargs) -> T:
        with refusing():
            return method(*args, **named)

    return told


def invalid(text: str) -> MlflowException:
    """What cannot be asked for."""
    return MlflowException(text, codes.INVALID_PARAMETER_VALUE)


def ended(text: str) -> MlflowException:
    """What cannot be asked of a run as it is."""
    return MlflowException(text, codes.INVALID_STATE)


def absent(text: str) -> MlflowException:
    """What is not there."""
    return MlflowException(text, codes.RESOURCE_DOES_NOT_EXIST)
