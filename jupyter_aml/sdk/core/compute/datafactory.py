"""`azureml.core.compute.DataFactoryCompute`: a Data Factory, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._compute import given
from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
    ComputeTargetProvisioningConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class DataFactoryCompute(Elsewhere):
    """A Data Factory. Nothing here runs there."""

    _type = "DataFactory"

    @staticmethod
    def attach(  # type: ignore[override]
        workspace: Workspace,
        name: str,
        resource_id: str,
    ) -> ComputeTarget:
        """Attach it, in the oldest form of SDK v1."""
        return ComputeTarget.attach(
            workspace, name, DataFactoryCompute.attach_configuration(resource_id=resource_id)
        )

    @staticmethod
    def provisioning_configuration(
        location: str | None = None,
    ) -> DataFactoryProvisioningConfiguration:
        """A Data Factory by name alone: none is rented in the cloud."""
        return DataFactoryProvisioningConfiguration(location)

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        factory_name: str | None = None,
        resource_id: str | None = None,
    ) -> DataFactoryAttachConfiguration:
        """What is to be attached."""
        return DataFactoryAttachConfiguration(resource_group, factory_name, resource_id)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> DataFactoryCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(DataFactoryCompute, workspace, object_dict)


class DataFactoryProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """A Data Factory by name alone."""

    _kind = "datafactory"

    def __init__(self, location: str | None) -> None:
        super().__init__(DataFactoryCompute, location)
        given.warn_of_cloud(3, location=location)


class DataFactoryAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see DataFactoryCompute.attach_configuration."""

    _kind = "datafactory"
    _settings = ("resource_group", "factory_name", "resource_id")

    def __init__(
        self,
        resource_group: str | None = None,
        factory_name: str | None = None,
        resource_id: str | None = None,
    ) -> None:
        super().__init__(DataFactoryCompute)
        self.resource_group = resource_group
        self.factory_name = factory_name
        self.resource_id = resource_id
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",), ("resource_group", "factory_name"))
