"""The vault of a workspace: secrets by name, encrypted where the runs are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from jupyter_aml.sdk._data.place import Place, told_as_v1
from jupyter_aml.sdk.exceptions import UserErrorException


class KeyVaultContentType(Enum):
    """What a secret is said to hold; kept beside it, and read by nobody else."""

    not_provided = "notprovided"
    text_plain = "text/plain"
    application_json = "application/json"


class Keyvault:
    """Sets and gets secrets. `workspace.get_default_keyvault()` gives it."""

    def __init__(self, workspace: Place) -> None:
        self.workspace = workspace

    def set_secret(
        self, name: str, value: str, content_type: Any = KeyVaultContentType.not_provided
    ) -> None:
        """Keep a secret, in the place of what had its name."""
        self._put([_secret(name, value, content_type)])

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """Keep several, all or none of them."""
        if not isinstance(secrets_batch, Mapping):
            raise UserErrorException("secrets_batch: give a dictionary, name to value")
        if secrets_batch:
            self._put([_secret(name, value, None) for name, value in secrets_batch.items()])

    def get_secret(self, name: str) -> str:
        """The value of a secret; UserErrorException names the nearest."""
        return self.get_secrets([name])[name]

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """The values of several by name."""
        names = _names(secrets)
        with told_as_v1():
            # What a run is told is masked in its logs.
            return self.workspace.client.secrets.values(
                self.workspace.name, names, os.environ.get("AML_RUN_ID")
            )

    def get_secret_content_type(self, name: str) -> str:
        """What a secret was said to hold."""
        for secret in self.workspace.client.secrets.list(self.workspace.name):
            if secret["name"] == name:
                return secret["contentType"] or KeyVaultContentType.not_provided.value
        raise UserErrorException(f"there is no secret {name!r}")

    def delete_secret(self, name: str) -> None:
        """Forget a secret."""
        self.delete_secrets([name])

    def delete_secrets(self, secrets: Iterable[str]) -> None:
        """Forget several."""
        with told_as_v1():
            for name in _names(secrets):
                self.workspace.client.secrets.remove(self.workspace.name, name)

    def list_secrets(self) -> list[dict[str, str]]:
        """The names of all secrets, as `{'name': ...}` each; no values."""
        found = self.workspace.client.secrets.list(self.workspace.name)
        return [{"name": secret["name"]} for secret in found]

    def _put(self, secrets: list[dict[str, str]]) -> None:
        with told_as_v1():
            self.workspace.client.secrets.put(self.workspace.name, secrets)


def _secret(name: str, value: Any, content_type: Any) -> dict[str, str]:
    if not isinstance(value, str):
        raise UserErrorException(
            f"the value of secret {name!r} is a text, not {type(value).__name__}"
        )
    told = content_type.value if isinstance(content_type, Enum) else content_type
    kind = "" if told in (None, KeyVaultContentType.not_provided.value) else str(told)
    return {"name": name, "value": value, "contentType": kind}


def _names(given: Iterable[str]) -> list[str]:
    if isinstance(given, str):
        raise UserErrorException(f"secrets: give a list of names, such as [{given!r}]")
    return [str(name) for name in given]
