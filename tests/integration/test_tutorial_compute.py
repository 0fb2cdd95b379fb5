"""The blocks of the courses on compute targets, word for word, on nodes of this machine.

Each block runs in the namespace that the blocks before it left, as in a notebook.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import Environment, Experiment, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, DatabricksCompute
from jupyter_aml.sdk.exceptions import ComputeTargetException
from tests.integration.test_tutorials import Notebook

CREATE = """
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, AmlCompute

# Load the workspace from the saved config file
ws = Workspace.from_config()

# Specify a name for the compute (unique within the workspace)
compute_name = 'aml-cluster'

# Define compute configuration
compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_DS11_V2',
                                                       min_nodes=0, max_nodes=4,
                                                       vm_priority='dedicated')

# Create the compute
aml_cluster = ComputeTarget.create(ws, compute_name, compute_config)
aml_cluster.wait_for_completion(show_output=True)
"""

CREATE_LARGER = """
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, AmlCompute

# Load the workspace from the saved config file
ws = Workspace.from_config()

# Specify a name for the compute (unique within the workspace)
compute_name = 'aml-cluster'

# Define compute configuration
compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_DS12_V2',
                                                       min_nodes=0, max_nodes=4,
                                                       vm_priority='dedicated')

# Create the compute
aml_cluster = ComputeTarget.create(ws, compute_name, compute_config)
aml_cluster.wait_for_completion(show_output=True)
"""

ATTACH = """
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, DatabricksCompute

# Load the workspace from the saved config file
ws = Workspace.from_config()

# Specify a name for the compute (unique within the workspace)
compute_name = 'db_cluster'

# Define configuration for existing Azure Databricks cluster
db_workspace_name = 'db_workspace'
db_resource_group = 'db_resource_group'
db_access_token = '1234-abc-5678-defg-90...'
db_config = DatabricksCompute.attach_configuration(resource_group=db_resource_group,
                                                   workspace_name=db_workspace_name,
                                                   access_token=db_access_token)

# Create the compute
databricks_compute = ComputeTarget.attach(ws, compute_name, db_config)
databricks_compute.wait_for_completion(True)
"""

FIND_OR_CREATE = """
from azureml.core.compute import ComputeTarget, AmlCompute
from azureml.core.compute_target import ComputeTargetException

compute_name = "aml-cluster"

# Check if the compute target exists
try:
    aml_cluster = ComputeTarget(workspace=ws, name=compute_name)
    print('Found existing cluster.')
except ComputeTargetException:
    # If not, create it
    compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_DS11_V2',
                                                           max_nodes=4)
    aml_cluster = ComputeTarget.create(ws, compute_name, compute_config)

aml_cluster.wait_for_completion(show_output=True)
"""

FIND_OR_CREATE_LARGER = """
from azureml.core.compute import ComputeTarget, AmlCompute
from azureml.core.compute_target import ComputeTargetException

compute_name = "aml-cluster"

# Check if the compute target exists
try:
    aml_cluster = ComputeTarget(workspace=ws, name=compute_name)
    print('Found existing cluster.')
except ComputeTargetException:
    # If not, create it
    compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_DS12_V2',
                                                           max_nodes=4)
    aml_cluster = ComputeTarget.create(ws, compute_name, compute_config)

aml_cluster.wait_for_completion(show_output=True)
"""

BY_NAME = """
from azureml.core import Environment, ScriptRunConfig

compute_name = 'aml-cluster'

training_env = Environment.get(workspace=ws, name='training_environment')

script_config = ScriptRunConfig(source_directory='my_dir',
                                script='script.py',
                                environment=training_env,
                                compute_target=compute_name)
"""

BY_OBJECT = """
from azureml.core import Environment, ScriptRunConfig
from azureml.core.compute import ComputeTarget

compute_name = "aml-cluster"

training_cluster = ComputeTarget(workspace=ws, name=compute_name)

training_env = Environment.get(workspace=ws, name='training_environment')

script_config = ScriptRunConfig(source_directory='my_dir',
                                script='script.py',
                                environment=training_env,
                                compute_target=training_cluster)
"""

ESTIMATOR_BY_NAME = """
from azureml.core import Environment, Estimator

compute_name = 'aml-cluster'

training_env = Environment.get(workspace=ws, name='training_environment')

estimator = Estimator(source_directory='experiment_folder',
                      entry_script='training_script.py',
                      environment_definition=training_env,
                      compute_target=compute_name)
"""

ESTIMATOR_BY_OBJECT = """
from azureml.core import Environment, Estimator
from azureml.core.compute import ComputeTarget

compute_name = 'aml-cluster'
training_cluster = ComputeTarget(workspace=ws, name=compute_name)

training_env = Environment.get(workspace=ws, name='training_environment')

estimator = Estimator(source_directory='experiment_folder',
                      entry_script='training_script.py',
                      environment_definition=training_env,
                      compute_target=training_cluster)
"""

READY = (
    'Provisioning operation finished, operation "Succeeded"',
    "AmlCompute wait for completion finished",
    "Minimum number of nodes requested have been provisioned",
)


@pytest.fixture
def notebook(aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path) -> Iterator[Notebook]:
    """A notebook beside two folders with a script, and an environment that needs no building."""
    import_module("jupyter_aml.azureml")
    os.chdir(tmp_path)
    for script in (Path("my_dir", "script.py"), Path("experiment_folder", "training_script.py")):
        script.parent.mkdir()
        script.write_text("from azureml.core import Run\nRun.get_context().log('there', 1)\n")
    ws = Workspace.from_config()
    environment = Environment("training_environment")
    environment.python.user_managed_dependencies = True
    environment.register(ws)
    yield Notebook(ws=ws)
    for target in ws.compute_targets.values():
        if isinstance(target, AmlCompute):
            target.delete()
    os.chdir("/")


def end_of(notebook: Notebook, config: Any) -> Any:
    run = Experiment(notebook["ws"], "training_experiment").submit(config)
    details = run.wait_for_completion()
    assert (details["status"], details["target"]) == ("Completed", "aml-cluster")
    return run


def test_a_cluster_is_created_found_and_given_runs(notebook: Notebook, capsys: Any) -> None:
    notebook.run(CREATE)

    told = capsys.readouterr().out
    assert all(words in told for words in READY)
    cluster = notebook["aml_cluster"]
    assert (cluster.vm_size, cluster.vm_priority) == ("STANDARD_DS11_V2", "dedicated")
    assert cluster.get_status().scale_settings.maximum_node_count == 4
    notebook.run(FIND_OR_CREATE)
    assert "Found existing cluster." in capsys.readouterr().out
    notebook.run(BY_NAME)
    assert end_of(notebook, notebook["script_config"]).get_metrics() == {"there": 1}
    notebook.run(BY_OBJECT)
    end_of(notebook, notebook["script_config"])


def test_a_cluster_that_is_not_there_is_created(notebook: Notebook, capsys: Any) -> None:
    notebook.run(FIND_OR_CREATE_LARGER)

    told = capsys.readouterr().out
    assert all(words in told for words in READY) and "Found" not in told
    assert notebook["aml_cluster"].vm_size == "STANDARD_DS12_V2"
    notebook.run(ESTIMATOR_BY_NAME)
    end_of(notebook, notebook["estimator"])
    notebook.run(ESTIMATOR_BY_OBJECT)
    end_of(notebook, notebook["estimator"])
    with pytest.raises(ComputeTargetException, match="there is another compute target"):
        notebook.run(CREATE)
    notebook.run(CREATE_LARGER)


def test_a_databricks_workspace_is_attached_and_says_what_runs_need(
    notebook: Notebook, capsys: Any, aml_root: Path
) -> None:
    with pytest.warns(UserWarning, match="'db_cluster' is registered, .*a Databricks workspace"):
        notebook.run(ATTACH)

    assert 'SucceededProvisioning operation finished, operation "Succeeded"' in (
        capsys.readouterr().out
    )
    assert type(notebook["ws"].compute_targets["db_cluster"]) is DatabricksCompute
    token = notebook["db_access_token"].encode()
    written = [path for path in aml_root.rglob("*") if path.is_file()]
    assert not [path for path in written if token in path.read_bytes()]
