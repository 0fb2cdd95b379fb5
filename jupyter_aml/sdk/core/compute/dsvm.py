"""`azureml.core.compute.DsvmCompute`: a machine of the cloud, which nobody rents here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.sdk.core.compute.compute import (
    ComputeTargetProvisioningConfiguration,
    _deserialized,
)
from jupyter_aml.sdk.core.compute.remote import RemoteCompute
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


class DsvmCompute(RemoteCompute):
    """A machine that is there and reached by SSH; none is rented."""

    _type = "VirtualMachine"

    @staticmethod
    def provisioning_configuration(
        vm_size: str | None = None, ssh_port: int | None = None, location: str | None = None
    ) -> DsvmProvisioningConfiguration:
        """What a machine should be; ComputeTarget.create says what to do instead."""
        return DsvmProvisioningConfiguration(vm_size or "", ssh_port, location)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> DsvmCompute:
        """The machine that `serialize` told of, as it is now."""
        return _deserialized(DsvmCompute, workspace, object_dict)


class DsvmProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """A machine that would have to be rented."""

    def __init__(
        self, vm_size: str = "", ssh_port: int | None = None, location: str | None = None
    ) -> None:
        super().__init__(DsvmCompute, location)
        self.vm_size, self.ssh_port = vm_size, ssh_port

    def validate_configuration(self) -> NoReturn:
        """Raise ComputeTargetException: no cloud rents it."""
        raise ComputeTargetException(
            f"a Data Science Virtual Machine ({self.vm_size or 'of any size'}) is rented in the "
            "cloud, which jupyter_aml does not do: attach a machine that is there by "
            "RemoteCompute.attach_configuration, or create nodes on this one by "
            "AmlCompute.provisioning_configuration"
        )
