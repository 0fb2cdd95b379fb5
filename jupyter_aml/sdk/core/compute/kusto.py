"""`azureml.core.compute.KustoCompute`: a Data Explorer cluster, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of, no_credentials
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class KustoCompute(Elsewhere):
    """A Data Explorer cluster: its key stands in the vault. Nothing here runs there."""

    _type = "Kusto"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        tenant_id: str | None = None,
        kusto_connection_string: str | None = None,
        application_id: str | None = None,
        application_key: str | None = None,
    ) -> KustoAttachConfiguration:
        """What is to be attached."""
        return KustoAttachConfiguration(
            resource_group,
            workspace_name,
            resource_id,
            tenant_id,
            kusto_connection_string,
            application_id,
            application_key,
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> KustoCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(KustoCompute, workspace, object_dict)

    def get_credentials(self) -> NoReturn:
        """Raise ComputeTargetException: what stands in the vault is not given out."""
        no_credentials(self)


class KustoAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see KustoCompute.attach_configuration."""

    _kind = "kusto"
    _settings = (
        "resource_group",
        "workspace_name",
        "resource_id",
        "tenant_id",
        "kusto_connection_string",
        "application_id",
        "application_key",
    )

    def __init__(
        self,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        tenant_id: str | None = None,
        kusto_connection_string: str | None = None,
        application_id: str | None = None,
        application_key: str | None = None,
    ) -> None:
        super().__init__(KustoCompute)
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self.resource_id = resource_id
        self.tenant_id = tenant_id
        self.kusto_connection_string = kusto_connection_string
        self.application_id = application_id
        self.application_key = application_key
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(
            self,
            ("resource_id",),
            ("resource_group", "workspace_name"),
            ("kusto_connection_string",),
        )
