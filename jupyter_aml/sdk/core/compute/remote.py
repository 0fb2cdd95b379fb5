"""`azureml.core.compute.RemoteCompute`: a machine that is reached by SSH."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.sdk._compute import given
from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of, no_credentials
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
    _deserialized,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute


class RemoteCompute(Elsewhere):
    """A machine that is reached by SSH: what opens it stands in the vault."""

    _type = "VirtualMachine"

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.vm_size = seen["vmSize"].upper() or None
        self.address = seen["settings"].get("address")
        self.ssh_port = seen["settings"].get("port", 22)

    @staticmethod
    def attach(  # type: ignore[override]
        workspace: Workspace,
        name: str,
        username: str,
        address: str,
        ssh_port: int | str = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> ComputeTarget:
        """Attach it, in the oldest form of SDK v1."""
        return ComputeTarget.attach(
            workspace,
            name,
            RemoteCompute.attach_configuration(
                username=username,
                address=address,
                ssh_port=ssh_port,
                password=password,
                private_key_file=private_key_file,
                private_key_passphrase=private_key_passphrase,
            ),
        )

    @staticmethod
    def attach_configuration(
        username: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        vm_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> RemoteComputeAttachConfiguration:
        """The machine, who logs in there, and how; a key is a file of this machine.

        `settings` is ours: `host_key`, `python`, `folder` and `max_runs` of a target of kind
        `ssh`. Raises ComputeTargetException without an address: there is no cloud that knows it.
        """
        return RemoteComputeAttachConfiguration(
            username,
            subscription_id,
            resource_group,
            vm_name,
            resource_id,
            address,
            ssh_port,
            password,
            private_key_file,
            private_key_passphrase,
            settings,
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> RemoteCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(RemoteCompute, workspace, object_dict)

    def get_credentials(self) -> NoReturn:
        """Raise ComputeTargetException: what stands in the vault is not given out."""
        no_credentials(self)


class RemoteComputeAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see RemoteCompute.attach_configuration."""

    _kind = "ssh"

    def __init__(
        self,
        username: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        vm_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(RemoteCompute)
        self.username = username
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.vm_name = vm_name
        self.resource_id = resource_id
        self.address = address
        self.ssh_port = ssh_port
        self.password = password
        self.private_key_file = private_key_file
        self.private_key_passphrase = private_key_passphrase
        self.settings = dict(settings or {})
        given.warn_of_cloud(
            3, subscription_id=subscription_id, resource_group=resource_group, vm_name=vm_name,
            resource_id=resource_id,
        )  # fmt: skip
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException without an address, and for a port that is none."""
        need_one_of(self, ("address",))
        if not str(self.ssh_port).isdigit() or not 0 < int(self.ssh_port) < 65536:
            raise ComputeTargetException(f"ssh_port: {self.ssh_port!r} is no port")

    def _body(self) -> dict[str, Any]:
        key = os.path.abspath(os.path.expanduser(self.private_key_file))
        settings = {
            "address": self.address,
            "port": int(self.ssh_port),
            "username": self.username,
            "password": self.password,
            "private_key_file": key if self.private_key_file else "",
            "private_key_passphrase": self.private_key_passphrase,
        }
        given = {name: value for name, value in settings.items() if value}
        return {**super()._body(), "settings": {**self.settings, **given}}
