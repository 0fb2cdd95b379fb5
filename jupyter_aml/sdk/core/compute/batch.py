"""`azureml.core.compute.BatchCompute`: a Batch account, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class BatchCompute(Elsewhere):
    """A Batch account. Nothing here runs there."""

    _type = "Batch"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
    ) -> BatchAttachConfiguration:
        """What is to be attached."""
        return BatchAttachConfiguration(resource_group, account_name, resource_id)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> BatchCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(BatchCompute, workspace, object_dict)


class BatchAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see BatchCompute.attach_configuration."""

    _kind = "batch"
    _settings = ("resource_group", "account_name", "resource_id")

    def __init__(
        self,
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
    ) -> None:
        super().__init__(BatchCompute)
        self.resource_group = resource_group
        self.account_name = account_name
        self.resource_id = resource_id
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",), ("resource_group", "account_name"))
