"""Secrets of a vault: what they are called, and what may be told of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jupyter_aml.domain.errors import Invalid

LONGEST = 25 * 1024
"""Bytes of a value, as SDK v1's key vault had it."""

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}\Z")


@dataclass(frozen=True, slots=True)
class Secret:
    """What may be told of a secret: all but its value. The time is ISO 8601 in UTC."""

    name: str
    content_type: str = ""
    changed_at: str = ""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A value that shall be kept; nothing that shows this object shows the value."""

    name: str
    value: str = field(repr=False)
    content_type: str = ""


def secret_name(text: object) -> str:
    """Return `text` as the name of a user's secret, or raise Invalid. The rule is Key Vault's.

    What belongs to us has a slash in its name, so that nobody can ask for it by chance.
    """
    if not isinstance(text, str) or not _NAME.match(text):
        raise Invalid(
            f"{text!r:.80} cannot be the name of a secret: use letters, digits and '-', at most 127"
        )
    return text


def new_secret(name: object, value: object, content_type: str = "") -> NewSecret:
    """Check a secret that shall be kept; raises Invalid, which never repeats the value."""
    known = secret_name(name)
    if not isinstance(value, str) or not value:
        what = "nothing" if value in ("", None) else type(value).__name__
        raise Invalid(f"secret {known!r}: its value is a text, not {what}")
    if len(value.encode("utf-8", "replace")) > LONGEST:
        raise Invalid(f"secret {known!r}: its value is longer than {LONGEST // 1024} KB")
    return NewSecret(known, value, content_type)
