"""Targets of other systems, which notebooks name: they are known, and take no runs here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jupyter_aml.compute.kinds import Kind, Setting, TargetPlace
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle
from jupyter_aml.compute.target import Target
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.compute import ComputeDefinition
from jupyter_aml.domain.errors import Invalid, Unreachable


@dataclass(frozen=True, slots=True)
class Foreign:
    """A system whose targets are only known by name."""

    name: str
    type: str
    label: str
    refusal: str
    """Why it takes no runs; the name of the target stands before it."""
    settings: tuple[Setting, ...]


class ForeignTarget(Target):
    """A target that is known and takes no runs."""

    slots = 0

    def __init__(self, definition: ComputeDefinition, refusal: str) -> None:
        self.name, self.kind, self._refusal = definition.name, definition.type, refusal

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """Raise Invalid: none is handed over."""
        raise Invalid(self._refusal)

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """Raise Unreachable: none was handed over."""
        raise Unreachable(self._refusal)

    def refusal(self) -> str:
        """What runs on it would need."""
        return self._refusal

    async def change(self, definition: ComputeDefinition) -> None:
        """Nothing of it is kept here."""


class ForeignKind(Kind):
    """Knows the settings of one system, and connects to nothing."""

    is_known_only = True

    def __init__(self, foreign: Foreign) -> None:
        self.name, self.type, self.label = foreign.name, foreign.type, foreign.label
        self.settings, self._refusal = foreign.settings, foreign.refusal
        self.help = f"Known by its name: {foreign.refusal}."

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition, whose type is the system's."""
        return replace(super().checked(definition), type=self.type)

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Say that nothing is connected to."""
        return f"nothing is connected to: {self._refusal}"

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the target."""
        return ForeignTarget(definition, self._refusal)


def kinds(settings: TargetSettings) -> Iterable[Kind]:
    """Return the kinds that are known by name."""
    return map(ForeignKind, SYSTEMS)


def _undriven(what: str) -> str:
    return f"runs on it need {what}, which jupyter_aml does not drive"


_RESOURCE = (
    Setting(name="resource_group", label="Resource group", help="Azure's group that it is in."),
    Setting(name="resource_id", label="Resource id", help="Azure's id of it."),
)


def _named(name: str, label: str) -> tuple[Setting, ...]:
    return (Setting(name=name, label=label), *_RESOURCE)


SYSTEMS = (
    Foreign(
        "databricks", "Databricks", "Databricks workspace", _undriven("a Databricks workspace"),
        (
            *_named("workspace_name", "Workspace"),
            Setting(name="access_token", label="Access token", type="secret", is_required=True),
        ),
    ),
    Foreign(
        "aks", "AKS", "Kubernetes cluster for services",
        "it is a name for services, which run on this machine; send runs to 'local' or a cluster",
        (
            *_named("cluster_name", "Cluster"),
            Setting(name="agent_count", label="Nodes", type="number"),
            Setting(
                name="cluster_purpose", label="Purpose", type="choice",
                choices=("FastProd", "DevTest", "DenseProd"),
            ),
        ),
    ),
    Foreign(
        "kubernetes", "Kubernetes", "Kubernetes cluster",
        "runs on it need a Kubernetes cluster, which a target of kind 'dask' reaches by its "
        "cluster class",
        (
            Setting(name="namespace", label="Namespace"),
            Setting(name="resource_id", label="Resource id", help="Azure's id of it."),
        ),
    ),
    Foreign(
        "datafactory", "DataFactory", "Data Factory",
        "it moves data, and takes no runs: a run or a data set copies them here",
        _named("factory_name", "Factory"),
    ),
    Foreign(
        "hdinsight", "HDInsight", "Spark cluster of HDInsight",
        _undriven("a Spark cluster of HDInsight"),
        (
            *_named("cluster_name", "Cluster"),
            Setting(name="subscription_id", label="Subscription"),
            Setting(name="address", label="Address"),
            Setting(name="ssh_port", label="Port of SSH"),
            Setting(name="username", label="User", is_required=True),
            Setting(name="password", label="Password", type="secret"),
            Setting(name="private_key_file", label="File of the private key"),
            Setting(name="private_key_passphrase", label="Passphrase of it", type="secret"),
        ),
    ),
    Foreign(
        "batch", "Batch", "Batch account", _undriven("an Azure Batch account"),
        _named("account_name", "Account"),
    ),
    Foreign(
        "adla", "DataLakeAnalytics", "Data Lake Analytics account",
        "runs on it need Data Lake Analytics, which Azure has ended",
        _named("account_name", "Account"),
    ),
    Foreign(
        "synapse", "SynapseSpark", "Spark pool of Synapse", _undriven("a Spark pool of Synapse"),
        (
            Setting(name="linked_service", label="Linked service", is_required=True),
            Setting(name="pool_name", label="Pool", is_required=True),
            Setting(name="type", label="Type", help="SynapseSpark."),
        ),
    ),
    Foreign(
        "kusto", "Kusto", "Data Explorer cluster", _undriven("an Azure Data Explorer cluster"),
        (
            *_named("workspace_name", "Workspace"),
            Setting(name="tenant_id", label="Tenant"),
            Setting(name="kusto_connection_string", label="Connection", type="secret"),
            Setting(name="application_id", label="Application"),
            Setting(name="application_key", label="Its key", type="secret"),
        ),
    ),
)  # fmt: skip
"""SDK v1's targets that nothing here executes runs on."""
