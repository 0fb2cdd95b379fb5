"""Builds of torch other than those of the package index."""

from __future__ import annotations

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.environments import strictness


def given_up(wanted: str, error: Unreachable, *, strict: bool) -> str:
    """What to warn of where they cannot be had; raises Invalid if nothing else is to be taken."""
    told = (
        f"the {wanted} builds of torch cannot be had ({error}): "
        "that of the package index is taken, which may bring gigabytes for GPUs"
    )
    strictness.check([told], strict=strict)
    return told
