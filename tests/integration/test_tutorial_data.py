"""The courses on data, estimators and models, block by block, through the old names.

Each block stands here word for word and runs in the namespace that the blocks before it left, as
in a notebook. What a text has wrong, or what belongs to its author's machine, is put right by the
table `CORRECTIONS`, which the test prints.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.data.azure import open_blobs
from tests.azurite import KEY, Azurite
from tests.integration.test_tutorials import Notebook

pytest.importorskip("adlfs")

CORRECTIONS = (
    ("entry_script='training_script.py'\n", "entry_script='training_script.py',\n",
     "a comma is missing"),
    ("'azureml-dataprep[pandas]')", "'azureml-dataprep[pandas]'])", "a bracket is missing"),
    ("    \n    ws = Workspace", "ws = Workspace", "it is indented"),
    ("'data_container'", "'data-container'", "Azure allows no such name of a container"),
    ("'123456abcde789…'", repr(KEY), "the author's key, cut short"),
    ("'/files'", "'files'", "a folder of the author's machine"),
    ("from azureml.train.estimator import Estimator\n",
     "from azureml.train.estimator import Estimator\nfrom azureml.train.sklearn import SKLearn\n",
     "SKLearn is not imported"),
)  # fmt: skip

CREATE_WORKSPACE = """
from azureml.core import Workspace
    
    ws = Workspace.create(name='aml-workspace', 
                      subscription_id='123456-abc-123...',
                      resource_group='aml-resources',
                      create_resource_group=True,
                      location='eastus'
                     )
"""  # noqa: W291, W293

TRAINING = """
from azureml.core import Run
import joblib
import os

# Get the experiment run context
run = Run.get_context()

# Train and test...
model = 'a model'

# Save the trained model
os.makedirs('outputs', exist_ok=True)
joblib.dump(value=model, filename='outputs/model.pkl')

run.complete()
"""

READING = """
from azureml.core import Run
import os
import sys

run = Run.get_context()
if '--data_folder' in sys.argv:
    folder = sys.argv[sys.argv.index('--data_folder') + 1]
    run.log_list('files', sorted(os.listdir(folder)))
if 'csv_data' in run.input_datasets:
    data = run.input_datasets['csv_data'].to_pandas_dataframe()
    run.log('rows', len(data))
if 'img_data' in run.input_datasets:
    run.log_list('images', sorted(os.listdir(run.input_datasets['img_data'])))
"""

ESTIMATORS = """
from azureml.train.estimator import Estimator
from azureml.core import Experiment

# Create an estimator
estimator = Estimator(source_directory='experiment_folder',
                      entry_script='training_script.py',
                      compute_target='local',
                      conda_packages=['scikit-learn']
                      )

# Or use a framework specific estimator as
estimator = SKLearn(source_directory='experiment_folder',
                    entry_script='training_script.py'
                    compute_target='local'
                    )

# Create and run an experiment
experiment = Experiment(workspace = ws, name = 'training_experiment')
run = experiment.submit(config=estimator)
"""

FETCH_MODEL = """
run.download_file(name='outputs/model.pkl', output_file_path='model.pkl')
"""

REGISTER_MODEL = """
from azureml.core import Model

model = Model.register(workspace=ws,
                       model_name='classification_model',
                       model_path='model.pkl', # local path
                       description='A classification model',
                       tags={'dept': 'sales'},
                       model_framework=Model.Framework.SCIKITLEARN,
                       model_framework_version='0.20.3')
"""

REGISTER_MODEL_OF_RUN = """
run.register_model( model_name='classification_model',
                    model_path='outputs/model.pkl', # run outputs path
                    description='A classification model',
                    tags={'dept': 'sales'},
                    model_framework=Model.Framework.SCIKITLEARN,
                    model_framework_version='0.20.3')
"""

LIST_MODELS = """
for model in Model.list(ws):
    # Get model name and auto-generated version
    print(model.name, 'version:', model.version)
"""

REGISTER_DATASTORE = """
from azureml.core import Workspace, Datastore

ws = Workspace.from_config()

# Register a new datastore
blob_ds = Datastore.register_azure_blob_container(
    workspace=ws,
    datastore_name='blob_data',
    container_name='data_container',
    account_name='az_store_acct',
    account_key='123456abcde789…'
)
"""

MANAGE_DATASTORES = """
# list
for ds_name in ws.datastores:
    print(ds_name)

# get
blob_store = Datastore.get(ws, datastore_name='blob_data')

# get default
default_store = ws.get_default_datastore()

# set default
ws.set_default_datastore('blob_data')
"""

UPLOAD = """
blob_ds.upload(src_dir='/files',
               target_path='/data/files',
               overwrite=True, show_progress=True)

blob_ds.download(target_path='downloads',
                 prefix='/data',
                 show_progress=True)
"""

DATA_REFERENCE = """
data_ref = blob_ds.path('data/files').as_download(path_on_compute='training_data')
estimator = SKLearn(source_directory='experiment_folder',
                    entry_script='training_script.py'
                    compute_target='local',
                    script_params = {'--data_folder': data_ref})
"""

TABULAR = """
from azureml.core import Dataset

blob_ds = ws.get_default_datastore()
csv_paths = [(blob_ds, 'data/files/current_data.csv'),
             (blob_ds, 'data/files/archive/*.csv')]
tab_ds = Dataset.Tabular.from_delimited_files(path=csv_paths)
tab_ds = tab_ds.register(workspace=ws, name='csv_table')
"""

FILES = """
from azureml.core import Dataset

blob_ds = ws.get_default_datastore()
file_ds = Dataset.File.from_files(path=(blob_ds, 'data/files/images/*.jpg'))
file_ds = file_ds.register(workspace=ws, name='img_files')
"""

RETRIEVE = """
import azureml.core
from azureml.core import Workspace, Dataset

# Load the workspace from the saved config file
ws = Workspace.from_config()

# Get a dataset from the workspace datasets collection
ds1 = ws.datasets['csv_table']

# Get a dataset by name from the datasets class
ds2 = Dataset.get_by_name(ws, 'img_files')
"""

VERSIONS = """
img_paths = [(blob_ds, 'data/files/images/*.jpg'),
             (blob_ds, 'data/files/images/*.png')]
file_ds = Dataset.File.from_files(path=img_paths)
file_ds = file_ds.register(workspace=ws, name='img_files', create_new_version=True)
"""

ONE_VERSION = """
img_ds = Dataset.get_by_name(workspace=ws, name='img_files', version=2)
"""

READ = """
df = tab_ds.to_pandas_dataframe()
"""

PATHS = """
for file_path in file_ds.to_path():
    print(file_path)
"""

TABLE_FOR_A_RUN = """
estimator = SKLearn( source_directory='experiment_folder',
                     entry_script='training_script.py',
                     compute_target='local',
                     inputs=[tab_ds.as_named_input('csv_data')],
                     pip_packages=['azureml-dataprep[pandas]')
"""

FILES_FOR_A_RUN = """
estimator = Estimator( source_directory='experiment_folder',
                     entry_script='training_script.py'
                     compute_target='local',
                     inputs=[img_ds.as_named_input('img_data').as_download(path_on_compute='data')],
                     pip_packages=['azureml-dataprep[pandas]')
"""

LOOK = """
import json

# Get logged metrics
metrics = run.get_metrics()
print(json.dumps(metrics, indent=2))
"""

LOOK_AT_FILES = """
import json

files = run.get_file_names()
print(json.dumps(files, indent=2))
"""

EXPERIMENT = """
from azureml.core import Experiment

experiment = Experiment(workspace = ws, name = 'training_experiment')
"""

SUBMIT = """
run = experiment.submit(config=estimator)
"""
"""What the texts say in other words."""


def corrected(block: str) -> str:
    """The block as it can run, with what was put right printed."""
    for wrong, right, why in CORRECTIONS:
        if wrong in block:
            print(f"put right, {why}: {wrong.strip()!r} is {right.strip()!r}")
            block = block.replace(wrong, right)
    return block


class Course(Notebook):
    """A notebook whose blocks are put right before they run."""

    def run(self, *blocks: str) -> Course:
        super().run(*map(corrected, blocks))
        return self

    def completed(self) -> Any:
        """Wait for the run of the last block, see that all went well, and return it."""
        run = self["run"]
        run.wait_for_completion(raise_on_error=False)
        details = json.dumps(run.get_details_with_logs(), default=str)
        assert run.get_status() == "Completed", details[-4000:]
        return run


@pytest.fixture
def notebook(
    aml_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jupyter_env: Mapping[str, str]
) -> Iterator[Course]:
    import_module("jupyter_aml.azureml")
    # No conda channel can be reached from here: the packages come from the index.
    monkeypatch.setenv("CONDA_EXE", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment_folder").mkdir()
    (tmp_path / "experiment_folder" / "training_script.py").write_text(TRAINING)
    yield Course()
    os.chdir("/")


@pytest.fixture
def blobs(
    azurite: Azurite, notebook: Course, tmp_path: Path, jupyter_env: Mapping[str, str]
) -> None:
    """The container of the course, at a server of our own, and the files that its author had."""
    config = Path(jupyter_env["JUPYTER_CONFIG_DIR"], "jupyter_aml_config.json")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"AmlConfig": {"storage_endpoints": azurite.endpoints}}))
    (tmp_path / "experiment_folder" / "training_script.py").write_text(READING)
    login = {"account_name": "az_store_acct", "account_key": KEY}
    open_blobs(f"{azurite.url}/az_store_acct/data-container", login).check(make=True)
    for name, text in {
        "current_data.csv": "a,b\n1,2\n3,4\n",
        "archive/old.csv": "a,b\n5,6\n",
        "images/one.jpg": "jpg",
        "images/two.png": "png",
    }.items():
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_workspace_is_made_a_script_trains_and_its_model_is_registered_twice(
    notebook: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run(CREATE_WORKSPACE, ESTIMATORS)
    run = notebook.completed()
    assert "outputs/model.pkl" in run.get_file_names()
    notebook.run(LOOK, LOOK_AT_FILES, FETCH_MODEL, REGISTER_MODEL, REGISTER_MODEL_OF_RUN)
    capsys.readouterr()

    notebook.run(LIST_MODELS)

    said = capsys.readouterr().out.splitlines()
    assert said == ["classification_model version: 2", "classification_model version: 1"]
    model = notebook["Model"](notebook["ws"], "classification_model")
    assert (model.run_id, model.model_framework, model.tags) == (
        run.id, "ScikitLearn", {"dept": "sales"},
    )  # fmt: skip


def test_data_of_a_store_of_blobs_is_registered_read_and_trained_with(
    notebook: Course, blobs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run(REGISTER_DATASTORE, MANAGE_DATASTORES, UPLOAD)
    assert "blob_data" in capsys.readouterr().out.splitlines()
    assert Path("downloads/data/files/archive/old.csv").is_file()
    assert notebook["ws"].get_default_datastore().name == "blob_data"
    assert notebook["default_store"].name == "workspaceblobstore"

    notebook.run("from azureml.train.sklearn import SKLearn", EXPERIMENT, DATA_REFERENCE, SUBMIT)
    seen = notebook.completed().get_metrics()["files"]
    assert seen == ["archive", "current_data.csv", "images"]

    notebook.run(TABULAR, FILES, RETRIEVE, VERSIONS, ONE_VERSION, READ)
    assert notebook["ds1"].id == notebook["tab_ds"].id
    assert notebook["ds2"].version == 1
    assert notebook["df"].to_dict("list") == {"a": [1, 3, 5], "b": [2, 4, 6]}
    capsys.readouterr()
    notebook.run(PATHS)
    assert capsys.readouterr().out.split() == ["/one.jpg", "/two.png"]

    notebook.run(TABLE_FOR_A_RUN, SUBMIT)
    assert notebook.completed().get_metrics() == {"rows": 3}
    notebook.run("from azureml.train.estimator import Estimator", FILES_FOR_A_RUN, SUBMIT)
    assert notebook.completed().get_metrics()["images"] == ["one.jpg", "two.png"]
