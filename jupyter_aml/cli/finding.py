"""What a check of `doctor` found."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """How it is with one thing; `mend` says what to do where it is not well."""

    name: str
    state: Literal["ok", "warn", "fail"]
    told: str
    mend: str = ""
