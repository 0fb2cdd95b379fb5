"""`azureml.core.compute.HDInsightCompute`: a Spark cluster of HDInsight, known by name."""

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
    from jupyter_aml.wire.compute import WireCompute


class HDInsightCompute(Elsewhere):
    """A Spark cluster of HDInsight: what opens it stands in the vault. Nothing here runs there."""

    _type = "HDInsight"

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.vm_size = seen["vmSize"].upper() or None
        self.address = seen["settings"].get("address")
        self.ssh_port = seen["settings"].get("ssh_port", "22")

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
            HDInsightCompute.attach_configuration(
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
        cluster_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> HDInsightAttachConfiguration:
        """What is to be attached."""
        return HDInsightAttachConfiguration(
            username,
            subscription_id,
            resource_group,
            cluster_name,
            resource_id,
            address,
            ssh_port,
            password,
            private_key_file,
            private_key_passphrase,
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> HDInsightCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(HDInsightCompute, workspace, object_dict)

    def get_credentials(self) -> NoReturn:
        """Raise ComputeTargetException: what stands in the vault is not given out."""
        no_credentials(self)


class HDInsightAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see HDInsightCompute.attach_configuration."""

    _kind = "hdinsight"
    _settings = (
        "username",
        "subscription_id",
        "resource_group",
        "cluster_name",
        "resource_id",
        "address",
        "ssh_port",
        "password",
        "private_key_file",
        "private_key_passphrase",
    )

    def __init__(
        self,
        username: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int | str = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> None:
        super().__init__(HDInsightCompute)
        self.username = username
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.cluster_name = cluster_name
        self.resource_id = resource_id
        self.address = address
        self.ssh_port = ssh_port
        self.password = password
        self.private_key_file = private_key_file
        self.private_key_passphrase = private_key_passphrase
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",), ("resource_group", "cluster_name"), ("address",))
