"""What we have of SDK v1 takes the arguments that SDK v1 took, in its order.

`signatures.json` holds the names of the parameters alone, by class and method.
"""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk._workspace.labels import OF_THE_CLOUD
from jupyter_aml.sdk.core.runconfig import RunConfiguration

SURFACE = json.loads((Path(__file__).parent / "signatures.json").read_text())

# Later work; each leaves this list when it comes, so the list cannot grow stale.
LATER = {
    "azureml.core.run.Run": set(),
    "azureml.core.workspace.Workspace": {
        "webservices",
    },
    "azureml.core.experiment.Experiment": set(),
    "azureml.core.script_run_config.ScriptRunConfig": set(),
    "azureml.core.runconfig.RunConfiguration": set(),
    "azureml.core.environment.Environment": set(),
    "azureml.core.environment.PythonSection": set(),
    "azureml.core.environment.DockerSection": set(),
    "azureml.core.environment.ImageBuildDetails": set(),
    "azureml.core.environment.DockerImageDetails": set(),
    "azureml.core.environment.DockerBuildContext": set(),
    "azureml.core.conda_dependencies.CondaDependencies": set(),
    "azureml.core.runconfig.DockerConfiguration": set(),
    "azureml.core.authentication.AbstractAuthentication": set(),
    "azureml.core.authentication.InteractiveLoginAuthentication": set(),
    "azureml.core.authentication.AzureCliAuthentication": set(),
    "azureml.core.authentication.ServicePrincipalAuthentication": set(),
    "azureml.core.authentication.MsiAuthentication": set(),
    "azureml.core.authentication.ArmTokenAuthentication": set(),
    "azureml.core.authentication.TokenAuthentication": set(),
    "azureml.core.authentication.AzureMLTokenAuthentication": set(),
    "azureml.core.model.Model": {
        "deploy", "package", "print_configuration", "profile",
    },
    "azureml.core.resource_configuration.ResourceConfiguration": set(),
    "azureml.core.datastore.Datastore": set(),
    "azureml.core.keyvault.Keyvault": set(),
    "azureml.data.abstract_datastore.AbstractDatastore": set(),
    "azureml.core.dataset.Dataset": {
        "__getitem__", "archive", "compare_profiles", "create_snapshot", "definition",
        "definition_version", "delete_snapshot", "deprecate", "description", "diff",
        "generate_profile", "get_all_snapshots", "get_definition", "get_definitions",
        "get_profile", "get_snapshot", "head", "id", "is_visible", "name", "reactivate",
        "register", "sample", "state", "tags", "to_pandas_dataframe", "to_spark_dataframe",
        "update", "update_definition", "workspace"
    },
    "azureml.data.azure_storage_datastore.AbstractAzureStorageDatastore": set(),
    "azureml.data.azure_storage_datastore.AzureFileDatastore": set(),
    "azureml.data.azure_storage_datastore.AzureBlobDatastore": set(),
    "azureml.data.azure_data_lake_datastore.AbstractADLSDatastore": set(),
    "azureml.data.azure_data_lake_datastore.AzureDataLakeDatastore": set(),
    "azureml.data.azure_data_lake_datastore.AzureDataLakeGen2Datastore": set(),
    "azureml.data.azure_sql_database_datastore.AzureSqlDatabaseDatastore": set(),
    "azureml.data.azure_my_sql_datastore.AzureMySqlDatastore": set(),
    "azureml.data.azure_postgre_sql_datastore.AzurePostgreSqlDatastore": set(),
    "azureml.data.dbfs_datastore.DBFSDatastore": set(),
    "azureml.data.hdfs_datastore.HDFSDatastore": set(),
    "azureml.data.data_reference.DataReference": set(),
    "azureml.data.datapath.DataPath": set(),
    "azureml.data.datapath.DataPathComputeBinding": set(),
    "azureml.data.sql_data_reference.SqlDataReference": set(),
    "azureml.data.stored_procedure_parameter.StoredProcedureParameter": set(),
    "azureml.widgets.RunDetails": set(),
}  # fmt: skip


OF_THE_INSTANCE = {
    "azureml.core.model.Model": {"workspace"},
    "azureml.core.run.Run": {"id"},
    "azureml.data.azure_data_lake_datastore.AzureDataLakeDatastore": {
        "resource_group", "subscription_id",
    },
    "azureml.core.runconfig.RunConfiguration": {"target"},
    "azureml.core.environment.DockerSection": {
        "arguments", "base_dockerfile", "base_image", "build_context", "enabled", "gpu_support",
        "shared_volumes", "shm_size",
    },
}  # fmt: skip


ACCEPTED_BY_NAME = {
    ("azureml.core.workspace.Workspace", "create"): {*OF_THE_CLOUD},
}
"""What is behind `**`, where a test of the options says what becomes of each."""

ATTRIBUTES = SURFACE["azureml.core.runconfig.RunConfiguration"]["attributes"]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_of_a_run_configuration_is_there_or_says_that_it_is_not(name: str) -> None:
    config = RunConfiguration()

    if hasattr(config, name):
        setattr(config, name, getattr(config, name))
    else:
        with pytest.raises(NotImplementedError, match=f"{name} is not part of jupyter_aml"):
            setattr(config, name, None)


PARTS = [
    name
    for name in SURFACE
    if name.startswith("azureml.core.runconfig.")
    and SURFACE[name].get("attributes")
    and name != "azureml.core.runconfig.RunConfiguration"
]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_run_configuration_has_the_attributes_of_v1_and_no_others(name: str) -> None:
    part = ours(name)()

    for attribute in SURFACE[name]["attributes"]:
        setattr(part, attribute, getattr(part, attribute))
    with pytest.raises(AttributeError, match="has no attribute 'anything'"):
        part.anything = 1


def ours(name: str) -> type:
    module, _, kind = name.rpartition(".")
    found: type = getattr(import_module(module.replace("azureml", "jupyter_aml.sdk", 1)), kind)
    return found


@pytest.mark.parametrize("name", SURFACE)
def test_what_is_missing_is_known(name: str) -> None:
    told = SURFACE[name]
    wanted = {*told["methods"], *told["properties"]}

    own = OF_THE_INSTANCE.get(name, set())
    missing = {each for each in wanted if each not in own and not hasattr(ours(name), each)}

    assert missing == LATER.get(name, set())


@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name in SURFACE for method in SURFACE[name]["methods"]]
)
def test_the_arguments_are_those_of_v1(name: str, method: str) -> None:
    found = getattr(ours(name), method, None)
    if found is None:
        assert method in LATER.get(name, set())
        return
    wanted = [each for each in SURFACE[name]["methods"][method] if not each.startswith("*")]
    parameters = inspect.signature(found).parameters.values()
    taken = ACCEPTED_BY_NAME.get((name, method), set())
    taken = taken | {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    named = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    named = [each for each in named if each != "self" and not each.startswith("_")]

    assert set(wanted) <= {*named, *taken}
    positional = [each for each in wanted if each in named]
    assert [each for each in named if each in positional] == positional


@pytest.mark.parametrize(
    "line",
    [
        "from azureml.core import Workspace, Experiment, Run, ScriptRunConfig, Environment",
        "from azureml.core import Environment, Estimator",
        "from azureml.core.compute import ComputeTarget, AmlCompute",
        "from azureml.core.compute_target import ComputeTargetException",
        "from azureml.core.conda_dependencies import CondaDependencies",
        "from azureml.core.authentication import InteractiveLoginAuthentication",
        "from azureml.core.model import InferenceConfig, Model",
        "from azureml.core.runconfig import RunConfiguration",
        "from azureml.core.webservice import AciWebservice, Webservice",
        "from azureml.data.dataset_consumption_config import DatasetConsumptionConfig",
        "from azureml.exceptions import ComputeTargetException",
        "from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter",
        "from azureml.pipeline.steps import PythonScriptStep",
        "from azureml.telemetry import set_diagnostics_collection",
        "from azureml.train.automl import AutoMLConfig",
        "from azureml.train.hyperdrive import HyperDriveConfig, choice, uniform",
        "from azureml.widgets import RunDetails",
        "import azureml.core",
        "import azureml.train.automl.constants",
    ],
)
def test_the_imports_of_real_notebooks_work(line: str) -> None:
    import_module("jupyter_aml.azureml")
    names: dict[str, Any] = {}

    exec(line, names)

    assert len(names) > 1


def test_a_name_that_we_lack_says_so_when_it_is_used_and_not_before() -> None:
    import_module("jupyter_aml.azureml")
    hyperdrive = import_module("azureml.train.hyperdrive")
    config = hyperdrive.HyperDriveConfig

    assert config.__aml_missing__ is True
    with pytest.raises(NotImplementedError, match=r"HyperDriveConfig is not part of jupyter_aml"):
        config(max_total_runs=3)
    with pytest.raises(NotImplementedError, match="PrimaryMetricGoal"):
        _ = hyperdrive.PrimaryMetricGoal.MAXIMIZE
    with pytest.raises(NotImplementedError, match="HyperDriveConfig"):
        type("Mine", (config,), {})


def test_an_exception_that_we_lack_can_still_be_caught() -> None:
    import_module("jupyter_aml.azureml")
    missing = import_module("azureml.data.dataset_error_handling").DatasetValidationError

    with pytest.raises(missing):
        raise missing("as before")


def test_a_module_that_v1_never_had_is_not_found() -> None:
    import_module("jupyter_aml.azureml")

    with pytest.raises(ModuleNotFoundError):
        import_module("azureml.no_such_thing")
