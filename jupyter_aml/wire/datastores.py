"""Datastores: what is asked of them, decoded, and how they are told."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from jupyter_aml.domain import datastore, ids
from jupyter_aml.domain.datastore import SECRET, Datastore
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.secrets import looks_secret

if sys.version_info >= (3, 11):
    from typing import NotRequired

_SECRETS = frozenset({"kerberos_keytab", "connection_string"})
"""Options that are secrets, though no word of them says so."""


class WireDatastore(TypedDict):
    """A datastore. `kind` is SDK v1's type; `url` says where it is, under the settings of now.

    `options` are what it was registered with; a value `secret://NAME` stands in the vault.
    """

    workspace: str
    name: str
    kind: str
    url: str | None
    options: dict[str, Any]
    builtIn: bool
    isDefault: bool
    isDatabase: bool
    version: str
    createdAt: str


class WireStoreFile(TypedDict):
    """A file of a datastore: its name in its folder, bytes, seconds since 1970.

    Where all files below a folder are listed, its name is its path, and `etag` what the store
    calls its content.
    """

    name: str
    size: int | None
    modified: float | None
    etag: NotRequired[str | None]


class WireStoreFolder(TypedDict):
    """What lies in a folder of a datastore; `next` is the name after which the next page begins.

    Folders come first, so that they are all on the first page.
    """

    path: str
    folders: list[str]
    files: list[WireStoreFile]
    total: int
    next: str | None


@dataclass(frozen=True, kw_only=True)
class UploadPiece:
    """Bytes of a file that is sent in pieces, each from its offset on."""

    path: str
    upload: str
    offset: int
    data: bytes
    is_last: bool = False
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class NewDatastore:
    """A datastore that shall be registered, with what belongs into the vault by name."""

    workspace: WorkspaceName
    definition: Datastore
    secrets: Mapping[str, str]
    overwrite: bool = False
    is_dry: bool = False

    def __repr__(self) -> str:
        return f"NewDatastore({self.definition.name!r})"


def decode_new_datastore(body: Mapping[str, Any]) -> NewDatastore:
    """Read the body of POST /aml/datastores; raises Invalid, and never repeats a secret."""
    workspace = ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))
    url = body.get("url")
    if isinstance(url, str) and looks_secret("url", url):
        raise Invalid(
            "url: it holds a password or a signature; give that as an option, such as "
            "options={'password': ...}: options that are secrets are kept in the vault"
        )
    given = body.get("options") or {}
    if not isinstance(given, Mapping):
        raise Invalid("options: expected an object")
    name = datastore.datastore_name(body.get("name"))
    secrets: dict[str, str] = {}
    options = _without_secrets(name, given, secrets, "")
    definition = datastore.read({**body, "options": options})
    return NewDatastore(
        workspace=workspace,
        definition=definition,
        secrets=secrets,
        overwrite=bool(body.get("overwrite")),
        is_dry=bool(body.get("dryRun")),
    )


def decode_default_datastore(body: Mapping[str, Any]) -> tuple[WorkspaceName, str]:
    """Read the body of POST /aml/default-datastore: a workspace and the name; raises Invalid."""
    workspace = ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE))
    return workspace, datastore.datastore_name(body.get("name"))


def decode_datastore(data: Mapping[str, Any]) -> Datastore:
    """The datastore of an answer, as `data.stores` opens it."""
    return datastore.read(data).with_version(str(data.get("version", "")))


def _without_secrets(
    name: str, given: Mapping[str, Any], secrets: dict[str, str], above: str
) -> dict[str, Any]:
    """Options with references where secrets were, which are put into `secrets`."""
    options: dict[str, Any] = {}
    for key, value in given.items():
        option = f"{above}{key}"
        if value is None:
            continue
        if isinstance(value, Mapping):
            options[key] = _without_secrets(name, value, secrets, f"{option}.")
        elif isinstance(value, str) and _is_secret(key, value):
            reference = datastore.secret_name(name, option)
            secrets[reference] = value
            options[key] = SECRET + reference
        elif isinstance(value, str) and value.startswith(SECRET):
            options[key] = _own_reference(value, name)
        else:
            options[key] = value
    return options


def _is_secret(key: str, value: str) -> bool:
    is_reference = value.startswith(SECRET)
    return value != "" and not is_reference and (key in _SECRETS or looks_secret(key, value))


def _own_reference(value: str, name: str) -> str:
    """A reference that was given: to a secret of the user's, or to one that it has already."""
    meant = value.removeprefix(SECRET)
    if "/" in meant and not meant.startswith(datastore.secret_name(name, "")):
        raise Invalid(f"{value!r} belongs to another datastore")
    return value
