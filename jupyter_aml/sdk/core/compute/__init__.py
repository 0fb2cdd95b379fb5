"""`azureml.core.compute`: where runs run."""

from __future__ import annotations

from jupyter_aml.sdk.core.compute.adla import AdlaCompute
from jupyter_aml.sdk.core.compute.aks import AksCompute
from jupyter_aml.sdk.core.compute.amlcompute import AmlCompute
from jupyter_aml.sdk.core.compute.batch import BatchCompute
from jupyter_aml.sdk.core.compute.compute import ComputeTarget
from jupyter_aml.sdk.core.compute.computeinstance import ComputeInstance
from jupyter_aml.sdk.core.compute.databricks import DatabricksCompute
from jupyter_aml.sdk.core.compute.datafactory import DataFactoryCompute
from jupyter_aml.sdk.core.compute.dsvm import DsvmCompute
from jupyter_aml.sdk.core.compute.hdinsight import HDInsightCompute
from jupyter_aml.sdk.core.compute.kubernetescompute import KubernetesCompute
from jupyter_aml.sdk.core.compute.kusto import KustoCompute
from jupyter_aml.sdk.core.compute.remote import RemoteCompute
from jupyter_aml.sdk.core.compute.synapse import SynapseCompute

__all__ = [
    "AdlaCompute", "AksCompute", "AmlCompute", "BatchCompute", "ComputeInstance", "ComputeTarget",
    "DataFactoryCompute", "DatabricksCompute", "DsvmCompute", "HDInsightCompute",
    "KubernetesCompute", "KustoCompute", "RemoteCompute", "SynapseCompute",
]  # fmt: skip
