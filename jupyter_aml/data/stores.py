"""Opens the store that a datastore, or an address, means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_aml.data.local import LocalStore
from jupyter_aml.data.protocol import Entry, Mode, Store
from jupyter_aml.domain.datastore import Datastore
from jupyter_aml.domain.errors import Invalid

__all__ = ["Entry", "LocalStore", "Mode", "Secret", "Store", "open_store", "open_url"]

Secret = Callable[[str], str]
"""Gives the value of a secret of the vault by its name."""


def open_store(definition: Datastore, secret: Secret) -> Store:
    """The store of a datastore, whose `url` says where it is; raises Invalid for a database."""
    if definition.is_database:
        raise Invalid(
            f"datastore {definition.name!r} is a database and holds no files: "
            "read it with Dataset.Tabular.from_sql_query"
        )
    if definition.url is None:
        raise Invalid(f"datastore {definition.name!r}: nothing says where it is")
    options = revealed(definition.options, secret)
    if definition.url.startswith("file:"):
        return LocalStore(
            _folder(definition.url),
            links=not definition.is_built_in,
            must_be_there=not definition.is_built_in,
        )
    return open_url(definition.url, options)


def open_url(url: str, options: Mapping[str, Any] | None = None) -> Store:
    """The store below an address such as `file:///data` or `s3://bucket/folder`."""
    if url.startswith("file:"):
        return LocalStore(_folder(url), links=True, must_be_there=True)
    raise Invalid(f"nothing here opens {url!r}")


def revealed(options: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
    """Options with the values of their secrets, also of those that stand deeper."""
    from jupyter_aml.domain.datastore import SECRET

    found: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            found[key] = revealed(value, secret)
        elif isinstance(value, str) and value.startswith(SECRET):
            found[key] = secret(value.removeprefix(SECRET))
        else:
            found[key] = value
    return found


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise Invalid(f"{url!r}: write a folder as file:///its/absolute/path")
    return Path(unquote(parts.path))
