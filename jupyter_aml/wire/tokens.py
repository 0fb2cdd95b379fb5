"""Tokens as they are asked for, kept and told; a secret is told once and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.token import LONGEST, VERBS, Token, Verb
from jupyter_aml.wire.coding import decode_time, encode_time
from jupyter_aml.wire.fields import Fields

_AN_HOUR = 3600
_NAME = 200


class WireNewToken(TypedDict, total=False):
    """Body of POST /aml/tokens. Without a workspace it opens all; `seconds` are an hour."""

    name: str
    workspace: str | None
    verbs: list[str]
    seconds: int


class WireToken(TypedDict):
    """A token, without what makes it one."""

    id: str
    name: str
    workspace: str | None
    verbs: list[str]
    createdAt: str
    expiresAt: str


class WireIssuedToken(WireToken):
    """A token that was just made, with the text that is sent as `Authorization: Bearer`."""

    token: str


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token that shall be made."""

    name: str
    workspace: WorkspaceName | None
    verbs: tuple[Verb, ...]
    seconds: int


def decode_new_token(body: Mapping[str, Any]) -> NewToken:
    """Read the body of POST /aml/tokens; raises Invalid."""
    given = Fields("token", body)
    seconds = body.get("seconds", _AN_HOUR)
    if type(seconds) is not int or not 0 < seconds <= LONGEST:
        raise Invalid(f"seconds: expected a number from 1 to {LONGEST}, not {seconds!r}")
    named, workspace = given.text("name", ""), given.optional("workspace")
    if len(named) > _NAME:
        raise Invalid(f"name: expected at most {_NAME} characters")
    return NewToken(
        name=named,
        workspace=None if workspace is None else ids.workspace_name(workspace),
        verbs=_verbs(body.get("verbs", [*VERBS])),
        seconds=seconds,
    )


def encode_token(token: Token) -> WireToken:
    """A token as it is answered."""
    return {
        "id": token.id,
        "name": token.name,
        "workspace": token.workspace,
        "verbs": list(token.verbs),
        "createdAt": encode_time(token.created_at) or "",
        "expiresAt": encode_time(token.expires_at) or "",
    }


def encode_issued(token: Token, text: str) -> WireIssuedToken:
    """A token as it is answered once."""
    return {**encode_token(token), "token": text}


def encode_kept(token: Token) -> dict[str, Any]:
    """A token as it is written down."""
    return {**encode_token(token), "digest": token.digest}


def decode_kept(data: Any) -> Token:
    """The token that was written down; raises Invalid."""
    given = Fields("token", data)
    workspace = given.optional("workspace")
    created, expires = decode_time(given.text("createdAt")), decode_time(given.text("expiresAt"))
    if created is None or expires is None:
        raise Invalid("token: it has no times")
    return Token(
        id=given.text("id"),
        digest=given.text("digest"),
        name=given.text("name"),
        workspace=None if workspace is None else ids.workspace_name(workspace),
        verbs=_verbs(data.get("verbs")),
        created_at=created,
        expires_at=expires,
    )


def _verbs(told: Any) -> tuple[Verb, ...]:
    if not isinstance(told, list) or not told or not all(each in VERBS for each in told):
        raise Invalid(f"verbs: expected a list of {' and '.join(VERBS)}, not {told!r:.80}")
    return tuple(verb for verb in VERBS if verb in told)
