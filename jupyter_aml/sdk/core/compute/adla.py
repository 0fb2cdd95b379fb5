"""`azureml.core.compute.AdlaCompute`: a Data Lake Analytics account, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class AdlaCompute(Elsewhere):
    """A Data Lake Analytics account. Nothing here runs there."""

    _type = "DataLakeAnalytics"

    @staticmethod
    def attach(  # type: ignore[override]
        workspace: Workspace,
        name: str,
        resource_id: str,
    ) -> ComputeTarget:
        """Attach it, in the oldest form of SDK v1."""
        return ComputeTarget.attach(
            workspace, name, AdlaCompute.attach_configuration(resource_id=resource_id)
        )

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
    ) -> DataLakeAnalyticsAttachConfiguration:
        """What is to be attached."""
        return DataLakeAnalyticsAttachConfiguration(resource_group, account_name, resource_id)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> AdlaCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(AdlaCompute, workspace, object_dict)


class DataLakeAnalyticsAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see AdlaCompute.attach_configuration."""

    _kind = "adla"
    _settings = ("resource_group", "account_name", "resource_id")

    def __init__(
        self,
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
    ) -> None:
        super().__init__(AdlaCompute)
        self.resource_group = resource_group
        self.account_name = account_name
        self.resource_id = resource_id
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",), ("resource_group", "account_name"))
