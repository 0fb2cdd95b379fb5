"""A datastore: a place for files, or a database, that a workspace knows by a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid

BLOB, FILE_SHARE = "AzureBlob", "AzureFile"
DATA_LAKE, DATA_LAKE_2 = "AzureDataLake", "AzureDataLakeGen2"
SQL_SERVER, POSTGRES, MY_SQL = "AzureSqlDatabase", "AzurePostgreSql", "AzureMySql"
DBFS, HDFS, CUSTOM = "DBFS", "HDFS", "Custom"
KINDS = (
    BLOB, FILE_SHARE, DATA_LAKE, DATA_LAKE_2, SQL_SERVER, POSTGRES, MY_SQL, DBFS, HDFS, CUSTOM,
)  # fmt: skip
"""What SDK v1 calls `datastore_type`; `Custom` is what one of its own has, by a URL."""

DATABASES = frozenset({SQL_SERVER, POSTGRES, MY_SQL})
"""Kinds that are asked in SQL and hold no files."""

DEFAULT = "workspaceblobstore"
BUILT_IN: Mapping[str, str] = {
    DEFAULT: BLOB,
    "workspacefilestore": FILE_SHARE,
    "workspaceartifactstore": BLOB,
}
"""The datastores that every workspace has, and their kinds; their files lie in the root."""

SECRET = "secret://"
"""How a value begins that stands in the vault: the rest is its name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore:
    """Where files are, or a database is. Make it from JSON by `read`."""

    name: str
    kind: str
    url: str | None = None
    """Where it is, as fsspec names it; None where the options say it, as those of SDK v1 do."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What it was registered with, by SDK v1's names; a secret is `secret://<its name>`."""
    version: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether every workspace has it and its files lie in the root."""
        return self.name in BUILT_IN

    @property
    def is_database(self) -> bool:
        """Whether it is asked in SQL and holds no files."""
        return self.kind in DATABASES or (self.url or "").partition(":")[0] == "sqlite"

    def option(self, name: str) -> str | None:
        """An option as text; None where it is not given."""
        value = self.options.get(name)
        return None if value is None else str(value)

    def with_version(self, version: str) -> Datastore:
        """The same definition as a version of its name."""
        return replace(self, version=version)

    def same_as(self, other: Datastore) -> bool:
        """Whether both define the same, whatever their versions."""
        return replace(self, version=None) == replace(other, version=None)

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which `read` reads."""
        return {
            "name": self.name,
            "kind": self.kind,
            "url": self.url,
            "options": dict(self.options),
        }


def read(data: Mapping[str, Any]) -> Datastore:
    """Check the JSON form; raises Invalid naming the key."""
    kind, url, options = data.get("kind"), data.get("url"), data.get("options") or {}
    if kind not in KINDS:
        raise Invalid(f"kind: {kind!r} is no kind of datastore; there are {', '.join(KINDS)}")
    if url is not None and (not isinstance(url, str) or ":" not in url):
        raise Invalid(f"url: expected an address such as 's3://bucket/folder', not {url!r}")
    if kind == CUSTOM and url is None:
        raise Invalid("url: a datastore of one's own needs its address")
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise Invalid("options: expected an object")
    name = datastore_name(data.get("name"))
    return Datastore(name=name, kind=str(kind), url=url, options=dict(options))


def datastore_name(text: object) -> str:
    """Return `text` as the name of a datastore, or raise Invalid."""
    return ids.named("datastore", text)


def secret_name(datastore: str, option: str) -> str:
    """The name in the vault of an option's value; no name that a user may choose has a slash."""
    return f"datastore/{datastore}/{option}"


def inside(path: str) -> str:
    """A path on a datastore without the slashes around it; raises Invalid where it climbs out."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise Invalid(f"the path {path!r} leads out of the datastore")
    return "/".join(parts)
