"""Tokens by which plain HTTP clients are let in: for what, how long, and known by their hash."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jupyter_aml.domain.errors import Refused
from jupyter_aml.domain.ids import WorkspaceName

Verb = Literal["read", "write"]
VERBS: tuple[Verb, ...] = ("read", "write")
LONGEST = 366 * 24 * 3600
"""Seconds that a token may be good for."""
UNKNOWN = "this token is not one of ours, or it was revoked"
"""The same words for each, so that nobody learns which ids there are."""
_FORM = re.compile(r"aml_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token; the secret part is known to whom it was given alone."""

    id: str
    digest: str
    name: str
    """What it was made for, in its owner's words."""
    workspace: WorkspaceName | None
    """The one workspace that it opens; None for all."""
    verbs: tuple[Verb, ...]
    created_at: datetime
    expires_at: datetime

    def check(self, secret: str, *, now: datetime) -> None:
        """Raise Refused for another secret, and for a token whose time is over."""
        if not hmac.compare_digest(digest_of(secret), self.digest):
            raise Refused(UNKNOWN)
        if now >= self.expires_at:
            raise Refused(f"this token ended at {self.expires_at:%Y-%m-%d %H:%M} UTC: get another")


def digest_of(secret: str) -> str:
    """The hash by which a token is known. Its secret is random, so that nobody can try them."""
    return hashlib.sha256(secret.encode()).hexdigest()


def text_of(token_id: str, secret: str) -> str:
    """A token as its owner sends it."""
    return f"aml_{token_id}_{secret}"


def parts_of(text: str) -> tuple[str, str] | None:
    """Id and secret of a token as it was sent; None for what is no token of ours."""
    match = _FORM.fullmatch(text)
    return None if match is None else (match[1], match[2])
