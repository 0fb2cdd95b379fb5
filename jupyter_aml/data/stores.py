"""Opens the store that a datastore, or an address, means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_aml.data.addresses import check_store
from jupyter_aml.data.local import LocalStore
from jupyter_aml.data.protocol import Entry, Folder, Lacking, Mode, Store
from jupyter_aml.domain.datastore import (
    BLOB,
    DATA_LAKE,
    DATA_LAKE_2,
    FILE_SHARE,
    HDFS,
    SECRET,
    Datastore,
)
from jupyter_aml.domain.errors import Invalid

__all__ = [
    "Entry",
    "Folder",
    "Lacking",
    "LocalStore",
    "Mode",
    "Secret",
    "Store",
    "open_store",
    "open_url",
]

Secret = Callable[[str], str]
"""Gives the value of a secret of the vault by its name."""


_NEEDS = {
    FILE_SHARE: "a file share is read where it is mounted: mount it, and name the folder in the "
    "setting storage_endpoints, as in ACCOUNT=file:///mnt (the share is a folder below it)",
    DATA_LAKE: "Azure has switched off data lakes of the first generation in 2024; move its files, "
    "and register where they are",
}
"""What a kind of datastore needs that nothing here can give."""


def open_store(definition: Datastore, secret: Secret) -> Store:
    """The store of a datastore, whose `url` says where it is; raises Invalid for a database."""
    if definition.is_database:
        raise Invalid(
            f"datastore {definition.name!r} is a database and holds no files: "
            "read it with Dataset.Tabular.from_sql_query"
        )
    url = definition.url
    if url is None:
        raise Invalid(f"datastore {definition.name!r}: nothing says where it is")
    if url.startswith("file:"):
        # The engine makes the folders of its own; where one is missing, this is another machine.
        links = not definition.is_built_in
        return LocalStore(folder_of(url), links=links, must_be_there=True)
    if definition.kind in _NEEDS:
        raise Invalid(f"datastore {definition.name!r}: {_NEEDS[definition.kind]}")
    options = revealed(definition.options, secret)
    if definition.kind in (BLOB, DATA_LAKE_2):
        from jupyter_aml.data.azure import open_blobs

        check_store(url, {})
        return open_blobs(url, options)
    return open_url(url, _hadoop(options) if definition.kind == HDFS else options)


def open_url(url: str, options: Mapping[str, Any] | None = None) -> Store:
    """The store below an address such as `file:///data` or `s3://bucket/folder`.

    `options` go to fsspec's file system. Raises Invalid naming what is not installed.
    """
    if url.startswith("file:"):
        return LocalStore(folder_of(url), links=True, must_be_there=True)
    check_store(url, options or {})
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise Lacking(
            f"{url} is read with the library fsspec, which is not installed here: pip install "
            "fsspec (in a run: add it to its environment)"
        ) from None
    from jupyter_aml.data.remote import RemoteStore
    from jupyter_aml.data.trouble import told

    scheme = url.partition(":")[0]
    try:
        with told(url, ""):
            system, base = url_to_fs(url, **dict(options or {}))
    except ImportError as error:
        raise Lacking(f"{url} needs a library that is not installed here: {error}") from None
    except (ValueError, TypeError) as error:
        raise Invalid(f"nothing opens {scheme}://... with these options: {error}") from None
    return RemoteStore(system, base, url)


def revealed(options: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
    """Options with the values of their secrets, also of those that stand deeper."""
    found: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            found[key] = revealed(value, secret)
        elif isinstance(value, str) and value.startswith(SECRET):
            found[key] = secret(value.removeprefix(SECRET))
        else:
            found[key] = value
    return found


def folder_of(url: str) -> Path:
    """The folder of a `file:` address; raises Invalid."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise Invalid(f"{url!r}: write a folder as file:///its/absolute/path")
    return Path(unquote(parts.path))


def _hadoop(options: Mapping[str, Any]) -> dict[str, Any]:
    """SDK v1's options as fsspec's WebHDFS takes them; Kerberos takes the login of this machine."""
    return {
        "use_https": str(options.get("protocol", "")).lower() == "https",
        "kerberos": bool(options.get("kerberos_principal")),
        "kerb_kwargs": {"principal": options.get("kerberos_principal")},
        "session_verify": options.get("hdfs_server_certificate") or True,
    }
