"""Data lakes of both generations."""

from __future__ import annotations

from jupyter_aml.domain.datastore import DATA_LAKE, DATA_LAKE_2
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore, Hidden

__all__ = [
    "AbstractADLSDatastore",
    "AbstractDatastore",
    "AzureDataLakeDatastore",
    "AzureDataLakeGen2Datastore",
]


class AbstractADLSDatastore(AbstractDatastore):
    """What both generations share: who opens them."""

    client_secret = Hidden()

    def __init__(
        self,
        workspace: Place,
        name: str,
        datastore_type: str,
        tenant_id: str | None,
        client_id: str | None,
        client_secret: str | None,
        resource_url: str | None,
        authority_url: str | None,
        service_data_access_auth_identity: str | None,
    ) -> None:
        super().__init__(workspace, name, datastore_type)
        self.tenant_id, self.client_id = tenant_id, client_id
        self.client_secret = client_secret
        self.resource_url, self.authority_url = resource_url, authority_url
        self.service_data_access_auth_identity = service_data_access_auth_identity


class AzureDataLakeDatastore(AbstractADLSDatastore):
    """A data lake of the first generation, which Azure has switched off."""

    _KEPT = (
        "store_name", "tenant_id", "client_id", "client_secret", "resource_url", "authority_url",
        "subscription_id", "resource_group",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        store_name: str | None,
        tenant_id: str | None,
        client_id: str | None,
        client_secret: str | None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        service_data_access_auth_identity: str | None = None,
    ) -> None:
        super().__init__(
            workspace, name, DATA_LAKE, tenant_id, client_id, client_secret, resource_url,
            authority_url, service_data_access_auth_identity,
        )  # fmt: skip
        self.store_name = store_name
        self.subscription_id, self.resource_group = subscription_id, resource_group


class AzureDataLakeGen2Datastore(AbstractADLSDatastore):
    """A data lake of the second generation: blobs with folders."""

    _KEPT = (
        "filesystem", "account_name", "tenant_id", "client_id", "client_secret", "resource_url",
        "authority_url", "protocol", "endpoint",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        container_name: str | None = None,
        account_name: str | None = None,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        service_data_access_auth_identity: str | None = None,
        filesystem: str | None = None,
    ) -> None:
        super().__init__(
            workspace, name, DATA_LAKE_2, tenant_id, client_id, client_secret, resource_url,
            authority_url, service_data_access_auth_identity,
        )  # fmt: skip
        self.container_name = container_name or filesystem
        self.account_name = account_name
        self.protocol, self.endpoint = protocol or "https", endpoint or "core.windows.net"
