"""`azureml.core.compute.DatabricksCompute`: a Databricks workspace, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of, no_credentials
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class DatabricksCompute(Elsewhere):
    """A Databricks workspace: its token stands in the vault. Nothing here runs there."""

    _type = "Databricks"

    @staticmethod
    def attach(  # type: ignore[override]
        workspace: Workspace,
        name: str,
        resource_id: str,
        access_token: str,
    ) -> ComputeTarget:
        """Attach it, in the oldest form of SDK v1."""
        return ComputeTarget.attach(
            workspace,
            name,
            DatabricksCompute.attach_configuration(
                resource_id=resource_id, access_token=access_token
            ),
        )

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        access_token: str = "",
    ) -> DatabricksAttachConfiguration:
        """What is to be attached."""
        return DatabricksAttachConfiguration(
            resource_group, workspace_name, resource_id, access_token
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> DatabricksCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(DatabricksCompute, workspace, object_dict)

    def get_credentials(self) -> NoReturn:
        """Raise ComputeTargetException: what stands in the vault is not given out."""
        no_credentials(self)


class DatabricksAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see DatabricksCompute.attach_configuration."""

    _kind = "databricks"
    _settings = ("resource_group", "workspace_name", "resource_id", "access_token")

    def __init__(
        self,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        access_token: str = "",
    ) -> None:
        super().__init__(DatabricksCompute)
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self.resource_id = resource_id
        self.access_token = access_token
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(
            self,
            ("resource_id", "access_token"),
            ("resource_group", "workspace_name", "access_token"),
        )
