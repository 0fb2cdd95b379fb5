"""What is not met to the letter: a warning, or under `AmlConfig.strict` an error."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_aml.domain.errors import Invalid


def check(warnings: Sequence[str], *, strict: bool) -> None:
    """Raise Invalid with the first of the warnings where none is allowed."""
    if strict and warnings:
        raise Invalid(f"{warnings[0]}: AmlConfig.strict makes an error of it")
