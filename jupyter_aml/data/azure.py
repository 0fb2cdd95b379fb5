"""Opens containers of blobs: accounts in Azure, or wherever a setting sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_aml.data.protocol import Entry, Lacking, Recipe
from jupyter_aml.data.remote import RemoteStore
from jupyter_aml.data.trouble import told
from jupyter_aml.domain.errors import Invalid

_PATIENCE: dict[str, Any] = {
    "retry_total": 2, "retry_connect": 1, "initial_backoff": 1, "increment_base": 2,
    "connection_timeout": 10, "read_timeout": 60,
}  # fmt: skip
"""A store that is down is given up after a few seconds, not after a minute."""


class BlobStore(RemoteStore):
    """A container. What adlfs answers with "no" whatever the reason is asked of the service."""

    def __init__(self, system: Any, container: str, url: str, options: Mapping[str, Any]) -> None:
        super().__init__(system, container, url)
        self._options = dict(options)

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
        return Recipe("jupyter_aml.data.azure:open_blobs", (self._url, self._options))

    def _is_there(self) -> bool:
        return bool(self._ask(self._container().exists()))

    def _make(self) -> None:
        self._ask(self._container().create_container())

    def _is_file(self, place: str) -> bool:
        from azure.core.exceptions import ResourceNotFoundError

        name = place.removeprefix(f"{self._base}/")
        try:
            found = self._ask(self._container().get_blob_client(name).get_blob_properties())
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", None) == "ContainerNotFound":
                raise
            return False
        return not _is_folder(found)

    def _found(self, meant: str) -> list[Entry]:
        async def all_of(prefix: str) -> list[Entry]:
            blobs = self._container().list_blobs(prefix, include=["metadata"])
            return [_entry(blob) async for blob in blobs if not _is_folder(blob)]

        below: list[Entry] = self._ask(all_of(f"{meant}/" if meant else ""))
        if below or not meant:
            return below
        same: list[Entry] = self._ask(all_of(meant))
        return [entry for entry in same if entry.path == meant]

    def _listed(self, meant: str) -> tuple[list[str], list[Entry]]:
        from azure.storage.blob import BlobPrefix

        async def all_of(prefix: str) -> tuple[list[str], list[Entry]]:
            folders: list[str] = []
            files: list[Entry] = []
            async for each in self._container().walk_blobs(prefix, delimiter="/"):
                if isinstance(each, BlobPrefix) or each.name.endswith("/"):
                    folders.append(each.name.rstrip("/").rpartition("/")[2])
                else:
                    files.append(_entry(each))
            return folders, files

        found: tuple[list[str], list[Entry]] = self._ask(all_of(f"{meant}/" if meant else ""))
        return found

    def _container(self) -> Any:
        return self._system.service_client.get_container_client(self._base)

    def _ask(self, question: Any) -> Any:
        from fsspec.asyn import sync

        async def answer() -> Any:
            return await question

        return sync(self._system.loop, answer)


def _entry(blob: Any) -> Entry:
    return Entry(blob.name, blob.size, blob.last_modified.timestamp(), blob.etag)


def _is_folder(blob: Any) -> bool:
    """Whether a blob only says that there is a folder, as data lakes have it."""
    told = blob.metadata or {}
    return "true" in (told.get("hdi_isfolder"), told.get("is_directory"))


def open_blobs(url: str, options: Mapping[str, Any]) -> BlobStore:
    """The container at `https://ACCOUNT.blob.core.windows.net/CONTAINER`, or where it is instead.

    The options are SDK v1's: `account_key`, `sas_token`, or `tenant_id`, `client_id` and
    `client_secret`; without any it is a public one.
    """
    service, container = _parts(url)
    system = _file_system()(
        account_name=str(options.get("account_name") or "account"),
        connection_string=f"BlobEndpoint={service}",
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    with told(url, ""):
        system.service_client = _client(service, options)
    return BlobStore(system, container, url, options)


def _parts(url: str) -> tuple[str, str]:
    """The address of the account, and the container."""
    address = urlsplit(url)
    above, _, container = address.path.rstrip("/").rpartition("/")
    if not container:
        raise Invalid(f"{url!r} names no container")
    return f"{address.scheme}://{address.netloc}{above}", unquote(container)


def _file_system() -> Any:
    try:
        from adlfs import AzureBlobFileSystem
    except ImportError:
        raise Lacking(
            "blobs are read with the library adlfs, which is not installed here: "
            "pip install 'jupyter-aml[azure]' (in a run: add adlfs to its environment)"
        ) from None
    return AzureBlobFileSystem


def _client(service: str, options: Mapping[str, Any]) -> Any:
    from azure.storage.blob.aio import BlobServiceClient

    return BlobServiceClient(service, credential=_credential(options), **_PATIENCE)


def _credential(options: Mapping[str, Any]) -> Any:
    """What opens the account: a key, a signature, a login, or nothing."""
    key, signature = options.get("account_key"), options.get("sas_token")
    if key:
        return {"account_name": str(options.get("account_name")), "account_key": _key(str(key))}
    if signature:
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(str(signature).lstrip("?"))
    if options.get("client_secret"):
        from azure.identity.aio import ClientSecretCredential

        return ClientSecretCredential(
            str(options.get("tenant_id")),
            str(options.get("client_id")),
            str(options.get("client_secret")),
            **({"authority": options["authority_url"]} if options.get("authority_url") else {}),
        )
    return None


def _key(text: str) -> str:
    import base64

    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise Invalid("account_key: a key is text in base64, as the portal shows it") from None
    return text
