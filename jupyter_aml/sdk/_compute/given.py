"""Checks what is asked of a compute target, and tells its errors as SDK v1 did."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_aml.domain.errors import (
    AlreadyExists,
    IllegalMove,
    Invalid,
    NotFound,
    Refused,
    Unreachable,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException

_LONGEST = {"AmlCompute": 16, "ComputeInstance": 24, "AKS": 16, "VirtualMachine": 24}
"""How many characters a name might have in SDK v1, which notebooks may want to be read by."""


@contextmanager
def told_as_v1() -> Iterator[None]:
    """Raise what is the caller's affair as ComputeTargetException, with the same sentence."""
    try:
        yield
    except ComputeTargetException:
        raise
    except (AlreadyExists, IllegalMove, Invalid, NotFound, Refused) as error:
        raise ComputeTargetException(str(error)) from None
    except Unreachable as error:
        if "engine" in str(error):
            raise
        raise ComputeTargetException(str(error)) from None


def warn_of_cloud(stacklevel: int, **options: Any) -> None:
    """Warn of options of SDK v1 that were given and mean nothing without a cloud."""
    said = [name for name, value in options.items() if value not in (None, False, "")]
    if said:
        verb = "belongs" if len(said) == 1 else "belong"
        warnings.warn(
            f"{', '.join(said)} {verb} to the cloud: there is none here, and nothing is done "
            "about it",
            stacklevel=stacklevel + 1,
        )


def warn_of_length(name: object, type: str) -> None:
    """Warn of a name that SDK v1 would not have taken."""
    longest = _LONGEST.get(type)
    if longest is not None and isinstance(name, str) and len(name) > longest:
        warnings.warn(
            f"{name!r} has {len(name)} characters: SDK v1 took at most {longest} for {type}",
            stacklevel=4,
        )
