"""Datastores that hold files: blobs, file shares, and what a workspace has of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain.datastore import BLOB, CUSTOM, FILE_SHARE
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk._data import transfer
from jupyter_aml.sdk._data.place import Place, told_as_v1
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore, Hidden
from jupyter_aml.sdk.data.data_reference import DataReference
from jupyter_aml.sdk.exceptions import UserErrorException

__all__ = [
    "AbstractAzureStorageDatastore",
    "AbstractDatastore",
    "AzureBlobDatastore",
    "AzureFileDatastore",
    "DataReference",
    "UserErrorException",
]


class AbstractAzureStorageDatastore(AbstractDatastore):
    """Uploads and downloads files, and points at them."""

    _SECRETS = ("sas_token", "account_key")
    sas_token = Hidden()
    account_key = Hidden()

    def __init__(
        self,
        workspace: Place,
        name: str,
        datastore_type: str,
        container_name: str | None,
        account_name: str | None,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        super().__init__(workspace, name, datastore_type)
        self.container_name, self.account_name = container_name, account_name
        self.sas_token, self.account_key = sas_token, account_key
        self.protocol = protocol or "https"
        self.endpoint = endpoint or "core.windows.net"

    @property
    def credential_type(self) -> str | None:
        """`Sas`, `AccountKey` or None."""
        if self.is_sas:
            return "Sas"
        return None if self.__dict__["_account_key"] is None else "AccountKey"

    @property
    def is_sas(self) -> bool:
        """Whether it is opened by a signature."""
        return self.__dict__["_sas_token"] is not None

    # ---- references -----------------------------------------------------------------------------

    def path(
        self, path: str | None = None, data_reference_name: str | None = None
    ) -> DataReference:
        """A reference to a folder or file of it, which a run can be given."""
        return DataReference(self, data_reference_name, path)

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """A reference to all of it, copied to where the run is."""
        return self.path().as_download(path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """A reference to it, to which what the run writes is copied."""
        return self.path().as_upload(path_on_compute)

    def as_mount(self) -> DataReference:
        """A reference to all of it, as a folder."""
        return self.path().as_mount()

    # ---- copies ---------------------------------------------------------------------------------

    def download(
        self,
        target_path: str | os.PathLike[str],
        prefix: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Copy files below `target_path` by their paths; returns how many.

        `prefix` is a folder or file of the datastore, or how paths begin; None means all. A file
        that is there already stays unless `overwrite`. Each file appears whole or not at all.
        """
        with told_as_v1():
            store = self._store()
            entries = transfer.matching(store, prefix)
            say = transfer.teller(show_progress)
            return transfer.download(
                store, entries, Path(target_path), overwrite=overwrite, say=say
            )

    def upload(
        self,
        src_dir: str | os.PathLike[str],
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy all files below a folder to `target_path`; returns a reference to it.

        A file that is there already stays unless `overwrite`, so a call that was broken off is
        simply repeated. Each file appears whole or not at all.
        """
        target = transfer.target_path(target_path)
        pairs = transfer.below(os.fspath(src_dir), target)
        return self._uploaded(pairs, target, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str | os.PathLike[str]],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy files to `target_path`, by their paths from `relative_root`, like `upload`.

        Without a `relative_root` it is the folder that all of them share.
        """
        if isinstance(files, str | os.PathLike):
            raise UserErrorException(f"files: give a list of paths, such as [{files!r}]")
        paths = [os.fspath(path) for path in given.words("files", files)]
        if not paths:
            raise UserErrorException("files: the list is empty, there is nothing to upload")
        target = transfer.target_path(target_path)
        pairs = transfer.chosen(paths, relative_root, target)
        return self._uploaded(pairs, target, overwrite, show_progress)

    def _uploaded(
        self, pairs: list[transfer.Pair], target: str, overwrite: bool, show_progress: bool
    ) -> DataReference:
        with told_as_v1():
            say = transfer.teller(show_progress)
            transfer.upload(self._store(), pairs, overwrite=overwrite, say=say)
        return self.path(target or None)


@later("blob_service")
class AzureBlobDatastore(AbstractAzureStorageDatastore):
    """A container of blobs, or one of the workspace's own datastores of that type."""

    _KEPT = (
        "container_name", "account_name", "sas_token", "account_key", "protocol", "endpoint",
        "subscription_id", "resource_group",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        container_name: str | None,
        account_name: str | None,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        request_session: Any = None,
        workspace_msi_has_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        service_data_access_auth_identity: str | None = None,
    ) -> None:
        given.refuse("there is no web session to share here", request_session=request_session)
        super().__init__(
            workspace, name, BLOB, container_name, account_name, sas_token, account_key,
            protocol, endpoint,
        )  # fmt: skip
        self.workspace_msi_has_access = workspace_msi_has_access
        self.service_data_access_auth_identity = service_data_access_auth_identity
        self.subscription_id, self.resource_group = subscription_id, resource_group


@later("file_service")
class AzureFileDatastore(AbstractAzureStorageDatastore):
    """A file share, or one of the workspace's own datastores of that type."""

    _KEPT = (
        "file_share_name", "account_name", "sas_token", "account_key", "protocol", "endpoint",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        container_name: str | None = None,
        account_name: str | None = None,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = "core.windows.net",
        request_session: Any = None,
        file_share_name: str | None = None,
    ) -> None:
        given.refuse("there is no web session to share here", request_session=request_session)
        super().__init__(
            workspace, name, FILE_SHARE, container_name or file_share_name, account_name,
            sas_token, account_key, protocol, endpoint,
        )  # fmt: skip


class UrlDatastore(AbstractAzureStorageDatastore):
    """Ours: files below an address that fsspec opens; `Datastore.register` makes it."""

    def __init__(self, workspace: Place, name: str) -> None:
        super().__init__(workspace, name, CUSTOM, None, None)

    @property
    def url(self) -> str:
        """The address; it holds no secret."""
        return self._definition().url or ""
