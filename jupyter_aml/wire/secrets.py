"""Secrets: what is asked of the vault, decoded, and what may be told of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.vault import NewSecret, Secret, new_secret, secret_name


class WireSecret(TypedDict):
    """What may be told of a secret: all but its value."""

    name: str
    contentType: str
    changedAt: str


class WireSecretValues(TypedDict):
    """Values of secrets by name; only the socket of the engine answers with them."""

    values: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class NewSecrets:
    """Secrets that shall be kept, all or none of them."""

    workspace: WorkspaceName
    secrets: tuple[NewSecret, ...]


@dataclass(frozen=True, kw_only=True)
class SecretsWanted:
    """Secrets whose values are wanted, and the run that asks for them."""

    workspace: WorkspaceName
    names: tuple[str, ...]
    run: RunId | None


def decode_new_secrets(body: Mapping[str, Any]) -> NewSecrets:
    """Read the body of POST /aml/secrets; raises Invalid, and never repeats a value."""
    given = body.get("secrets")
    if not isinstance(given, list) or not given:
        raise Invalid("secrets: expected a list of objects with a name and a value")
    secrets = tuple(_given(each) for each in given)
    return NewSecrets(workspace=_workspace(body), secrets=secrets)


def decode_secrets_wanted(body: Mapping[str, Any]) -> SecretsWanted:
    """Read the body of POST /aml/secret-values; raises Invalid."""
    names, run = body.get("names"), body.get("runId")
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise Invalid("names: expected a list of names")
    return SecretsWanted(
        workspace=_workspace(body),
        names=tuple(secret_name(each) for each in names),
        run=None if run is None else ids.run_id(str(run)),
    )


def _given(data: Any) -> NewSecret:
    if not isinstance(data, Mapping):
        raise Invalid("secrets: expected a list of objects with a name and a value")
    content_type = str(data.get("contentType") or "")
    return new_secret(data.get("name"), data.get("value"), content_type)


def _workspace(body: Mapping[str, Any]) -> WorkspaceName:
    return ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))


def encode_secret(secret: Secret) -> WireSecret:
    """What may be told of a secret."""
    return {
        "name": secret.name,
        "contentType": secret.content_type,
        "changedAt": secret.changed_at,
    }
