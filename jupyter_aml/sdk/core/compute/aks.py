"""`azureml.core.compute.AksCompute`: a Kubernetes cluster for services, known by name.

Services run on this machine here: what is created or attached is a name for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.domain.vm_sizes import vm_size as known_size
from jupyter_aml.sdk._compute import given
from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of, no_credentials
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
    ComputeTargetProvisioningConfiguration,
    ComputeTargetUpdateConfiguration,
    _deserialized,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute

_NO_TLS = (
    "there is no cluster here whose traffic a certificate could protect: the Jupyter server, or "
    "the proxy before it, speaks TLS"
)


class AksCompute(Elsewhere):
    """A Kubernetes cluster for services. Runs do not go there."""

    _type = "AKS"

    class ClusterPurpose:
        """What a cluster is for; services here are the same for both."""

        FAST_PROD = "FastProd"
        DEV_TEST = "DevTest"

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        told = seen["settings"]
        self.is_attached = bool(told.get("cluster_name") or told.get("resource_id"))
        self.agent_vm_size = seen["vmSize"].upper() or None
        self.agent_count = told.get("agent_count")
        self.cluster_purpose = told.get("cluster_purpose", self.ClusterPurpose.FAST_PROD)
        # What only a cluster of the cloud has.
        self.cluster_fqdn = self.load_balancer_type = self.load_balancer_subnet = None
        self.system_services: list[SystemService] = []
        self.ssl_configuration: SslConfiguration | None = None

    @staticmethod
    def attach(  # type: ignore[override]
        workspace: Workspace, name: str, resource_id: str
    ) -> ComputeTarget:
        """Attach it, in the oldest form of SDK v1."""
        asked = AksCompute.attach_configuration(resource_id=resource_id)
        return ComputeTarget.attach(workspace, name, asked)

    @staticmethod
    def provisioning_configuration(
        agent_count: int | None = None,
        vm_size: str | None = None,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        location: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        service_cidr: str | None = None,
        dns_service_ip: str | None = None,
        docker_bridge_cidr: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> AksProvisioningConfiguration:
        """What the cluster should be; its size is kept, and nothing is rented.

        Warns of what means nothing without a cloud.
        """
        return AksProvisioningConfiguration(
            agent_count, vm_size, ssl_cname, ssl_cert_pem_file, ssl_key_pem_file, location,
            vnet_resourcegroup_name, vnet_name, subnet_name, service_cidr, dns_service_ip,
            docker_bridge_cidr, cluster_purpose, load_balancer_type, load_balancer_subnet,
            _stacklevel=3,
        )  # fmt: skip

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> AksAttachConfiguration:
        """Which cluster is meant."""
        return AksAttachConfiguration(
            resource_group, cluster_name, resource_id, cluster_purpose, load_balancer_type,
            load_balancer_subnet,
        )  # fmt: skip

    def update(self, update_configuration: AksUpdateConfiguration) -> NoReturn:
        """Raise ComputeTargetException: there is no cluster to be changed."""
        raise ComputeTargetException(f"{update_configuration!r}: {_NO_TLS}")

    def get_credentials(self) -> NoReturn:
        """Raise ComputeTargetException: nobody logs in there."""
        no_credentials(self)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> AksCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(AksCompute, workspace, object_dict)


class AksProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """What a cluster should be; see AksCompute.provisioning_configuration."""

    _kind = "aks"
    _settings = ("agent_count", "cluster_purpose")

    def __init__(
        self,
        agent_count: int | None,
        vm_size: str | None,
        ssl_cname: str | None,
        ssl_cert_pem_file: str | None,
        ssl_key_pem_file: str | None,
        location: str | None,
        vnet_resourcegroup_name: str | None,
        vnet_name: str | None,
        subnet_name: str | None,
        service_cidr: str | None,
        dns_service_ip: str | None,
        docker_bridge_cidr: str | None,
        cluster_purpose: str | None,
        load_balancer_type: str | None,
        load_balancer_subnet: str | None,
        *,
        _stacklevel: int = 2,
    ) -> None:
        super().__init__(AksCompute, location)
        self.agent_count, self.vm_size, self.cluster_purpose = agent_count, vm_size, cluster_purpose
        self.ssl_cname, self.ssl_cert_pem_file = ssl_cname, ssl_cert_pem_file
        self.ssl_key_pem_file = ssl_key_pem_file
        self.vnet_resourcegroup_name, self.vnet_name = vnet_resourcegroup_name, vnet_name
        self.subnet_name, self.service_cidr = subnet_name, service_cidr
        self.dns_service_ip, self.docker_bridge_cidr = dns_service_ip, docker_bridge_cidr
        self.load_balancer_type = load_balancer_type
        self.load_balancer_subnet = load_balancer_subnet
        self.leaf_domain_label: str | None = None
        self.overwrite_existing_domain = False
        kept = ("agent_count", "vm_size", "cluster_purpose")
        told = {name: value for name, value in vars(self).items() if name not in kept}
        given.warn_of_cloud(_stacklevel, **{k: v for k, v in told.items() if k[0] != "_"})
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException for an unknown size, and for less than one agent."""
        with given.told_as_v1():
            if self.vm_size:
                known_size(str(self.vm_size))
        if self.agent_count is not None and self.agent_count < 1:
            raise ComputeTargetException(f"agent_count: {self.agent_count!r} is less than 1")

    def enable_ssl(
        self,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        leaf_domain_label: str | None = None,
        overwrite_existing_domain: bool = False,
    ) -> None:
        """Warn that nothing is done: there is no cluster whose traffic it could protect."""
        given.warn_of_cloud(
            2, ssl_cname=ssl_cname, ssl_cert_pem_file=ssl_cert_pem_file,
            ssl_key_pem_file=ssl_key_pem_file, leaf_domain_label=leaf_domain_label,
            overwrite_existing_domain=overwrite_existing_domain,
        )  # fmt: skip

    def _body(self) -> dict[str, Any]:
        return {**super()._body(), "vmSize": self.vm_size or None}


class AksAttachConfiguration(ComputeTargetAttachConfiguration):
    """Which cluster is meant; see AksCompute.attach_configuration."""

    _kind = "aks"
    _settings = ("resource_group", "cluster_name", "resource_id", "cluster_purpose")

    def __init__(
        self,
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> None:
        super().__init__(AksCompute)
        self.resource_group, self.cluster_name = resource_group, cluster_name
        self.resource_id, self.cluster_purpose = resource_id, cluster_purpose
        self.load_balancer_type = load_balancer_type
        self.load_balancer_subnet = load_balancer_subnet
        self.ssl_cname = self.ssl_cert_pem_file = self.ssl_key_pem_file = None
        self.leaf_domain_label: str | None = None
        self.overwrite_existing_domain = False
        given.warn_of_cloud(
            3, load_balancer_type=load_balancer_type, load_balancer_subnet=load_balancer_subnet
        )
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",), ("resource_group", "cluster_name"))

    enable_ssl = AksProvisioningConfiguration.enable_ssl


class AksUpdateConfiguration(ComputeTargetUpdateConfiguration):
    """What should be other of a cluster."""

    def __init__(
        self,
        ssl_configuration: SslConfiguration | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> None:
        super().__init__(AksCompute)
        self.ssl_configuration = ssl_configuration
        self.load_balancer_type = load_balancer_type
        self.load_balancer_subnet = load_balancer_subnet


class SystemService:
    """A service of the cluster itself; SDK v1 listed them."""

    def __init__(self, service_type: str, version: str, public_ip_address: str) -> None:
        self.service_type, self.version = service_type, version
        self.public_ip_address = public_ip_address

    def serialize(self) -> dict[str, Any]:
        """What it is, with SDK v1's keys."""
        return {
            "serviceType": self.service_type,
            "version": self.version,
            "publicIpAddress": self.public_ip_address,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> SystemService:
        """What `serialize` wrote."""
        keys = ("serviceType", "version", "publicIpAddress")
        return SystemService(*(object_dict[key] for key in keys))


_SSL = {
    "status": "status",
    "cert": "cert",
    "key": "key",
    "cname": "cname",
    "leaf_domain_label": "leafDomainLabel",
    "overwrite_existing_domain": "overwriteExistingDomain",
    "renew": "renew",
}


class SslConfiguration:
    """How a cluster should speak TLS; AksCompute.update says why it does not."""

    def __init__(
        self,
        status: str | None = None,
        cert: str | None = None,
        key: str | None = None,
        cname: str | None = None,
        leaf_domain_label: str | None = None,
        overwrite_existing_domain: bool = False,
        renew: bool = False,
    ) -> None:
        self.status, self.cert, self.key, self.cname = status, cert, key, cname
        self.leaf_domain_label = leaf_domain_label
        self.overwrite_existing_domain, self.renew = overwrite_existing_domain, renew

    def serialize(self) -> dict[str, Any]:
        """What it is, with SDK v1's keys."""
        return {key: getattr(self, name) for name, key in _SSL.items()}

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> SslConfiguration:
        """What `serialize` wrote."""
        told: dict[str, Any] = {name: object_dict.get(key) for name, key in _SSL.items()}
        return SslConfiguration(**told)
