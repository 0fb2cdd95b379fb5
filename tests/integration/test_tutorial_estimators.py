"""The blocks of the courses on estimators and on data in scripts, word for word.

Their environments are built of the packages that they name, from the index of this machine. Where
it cannot be reached the tests are skipped; in CI they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import Workspace
from tests.integration.test_tutorial_packages import completed, console
from tests.integration.test_tutorials import Notebook

PUT_RIGHT = {
    # The courses leave out commas between arguments, and two quotes.
    "entry_script='training_script.py'\n": "entry_script='training_script.py',\n",
    "source_directory='experiment_folder'\n": "source_directory='experiment_folder',\n",
    "pip_packages=['azureml-dataprep[pandas')": "pip_packages=['azureml-dataprep[pandas]'])",
    "pip_packages=['azureml-dataprep[pandas]')": "pip_packages=['azureml-dataprep[pandas]'])",
}

TRAIN = """
from azureml.core import Run
import joblib

# Get the experiment run context
run = Run.get_context()

# Train and test...

# Save the trained model
os.makedirs('outputs', exist_ok=True)
joblib.dump(value=model, filename='outputs/model.pkl')

run.complete()
"""

REG_RATE = """
# Set regularization hyperparameter
parser = argparse.ArgumentParser()
parser.add_argument('--reg_rate', type=float, dest='reg', default=0.01)
args = parser.parse_args()
reg = args.reg
"""

READ = """
run = Run.get_context()
data = run.input_datasets['csv_data'].to_pandas_dataframe()
"""

GENERIC = """
from azureml.train.estimator import Estimator
from azureml.core import Experiment

# Create an estimator
estimator = Estimator(source_directory='experiment_folder',
                      entry_script='training_script.py',
                      compute_target='local',
                      conda_packages=['scikit-learn']
                      )
"""

SPECIFIC = """
# Or use a framework specific estimator as
estimator = SKLearn(source_directory='experiment_folder',
                    entry_script='training_script.py'
                    compute_target='local',
                    )
"""

SUBMIT = """
# Create and run an experiment
experiment = Experiment(workspace = ws, name = 'training_experiment')
run = experiment.submit(config=estimator)
"""

PARAMETERS = """
# Create an estimator
estimator = SKLearn(source_directory='experiment_folder',
                    entry_script='training_script.py'
                    script_params = {'--reg_rate': 0.1},
                    compute_target='local'
                    )
"""

REFERENCE = """
data_ref = blob_ds.path('data/files').as_download(path_on_compute='training_data')
estimator = SKLearn(source_directory='experiment_folder',
                    entry_script='training_script.py'
                    compute_target='local',
                    script_params = {'--data_folder': data_ref})
"""

TABLE = """
estimator = SKLearn( source_directory='experiment_folder',
                     entry_script='training_script.py'
                     compute_target='local',
                     inputs=[tab_ds.as_named_input('csv_data')],
                     pip_packages=['azureml-dataprep[pandas]')
"""

FILES = """
estimator = Estimator( source_directory='experiment_folder',
                     entry_script='training_script.py'
                     compute_target='local',
                     inputs=[img_ds.as_named_input('img_data').as_download(path_on_compute='data')],
                     pip_packages=['azureml-dataprep[pandas')
"""

DEFINED = """
from azureml.core import Environment, Estimator

training_env = Environment.get(workspace=ws, name='training_environment')
estimator = Estimator(source_directory='experiment_folder'
                      entry_script='training_script.py',
                      compute_target='local',
                      environment_definition=training_env)
"""


def put_right(block: str) -> str:
    """A block with what the courses mistyped, which is printed."""
    for wrong, right in PUT_RIGHT.items():
        if wrong in block:
            print(f"put right: {wrong.strip()!r} to {right.strip()!r}")
            block = block.replace(wrong, right)
    return block


@pytest.fixture
def notebook(
    aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Notebook]:
    import_module("jupyter_aml.azureml")
    monkeypatch.setenv("CONDA_EXE", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment_folder").mkdir()
    ws = Workspace.from_config()
    store = ws.get_default_datastore()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "current_data.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "files" / "one.jpg").write_text("1")
    store.upload("files", "data/files", overwrite=True, show_progress=False)
    made = Notebook(ws=ws)
    made.names["blob_ds"] = store
    made.run(
        "from azureml.core import Dataset, Experiment\nfrom azureml.train.sklearn import SKLearn\n"
        "from azureml.train.estimator import Estimator"
    )
    yield made
    os.chdir("/")


def script(text: str) -> None:
    Path("experiment_folder", "training_script.py").write_text(text)


def run_of(notebook: Notebook, *blocks: str) -> Any:
    notebook.run(*map(put_right, blocks))
    return completed(notebook["run"])


def test_an_estimator_trains_a_model_and_a_specific_one_does_it_too(notebook: Notebook) -> None:
    script(f"import os\nimport sklearn\nmodel = sklearn.__version__\n{TRAIN}")

    run = run_of(notebook, GENERIC, SUBMIT)
    again = run_of(notebook, SPECIFIC, SUBMIT)

    assert "outputs/model.pkl" in run.get_file_names()
    assert "outputs/model.pkl" in again.get_file_names()
    assert "scikit-learn" in " ".join(again.seen["warnings"])


def test_parameters_come_as_arguments(notebook: Notebook) -> None:
    script(f"import argparse\n{REG_RATE}\nprint('reg', reg)")

    assert "reg 0.1" in console(run_of(notebook, PARAMETERS, SUBMIT))


def test_a_data_reference_is_a_path_for_the_script(notebook: Notebook) -> None:
    script(
        "import argparse, os\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--data_folder')\nargs = parser.parse_args()\n"
        "print(sorted(os.listdir(args.data_folder)), sorted(os.listdir('training_data')))"
    )

    files = "['current_data.csv', 'one.jpg']"
    assert f"{files} {files}" in console(run_of(notebook, REFERENCE, SUBMIT))


def test_data_sets_come_as_tables_and_as_files(notebook: Notebook) -> None:
    notebook.run(
        "tab_ds = Dataset.Tabular.from_delimited_files(path=(blob_ds, 'data/files/*.csv'))",
        "img_ds = Dataset.File.from_files(path=(blob_ds, 'data/files/*.jpg'))",
    )

    script(f"from azureml.core import Run\n{READ}\nprint('sum', data['y'].sum())")
    assert "sum 6" in console(run_of(notebook, TABLE, SUBMIT))
    script(
        "import os\nfrom azureml.core import Run\nrun = Run.get_context()\n"
        "print(os.listdir('data'), os.listdir(run.input_datasets['img_data']))"
    )
    assert "['one.jpg'] ['one.jpg']" in console(run_of(notebook, FILES, SUBMIT))


def test_an_estimator_takes_a_registered_environment(notebook: Notebook) -> None:
    notebook.run("""
from azureml.core import Environment
env = Environment('training_environment')
env.python.user_managed_dependencies = True
env.register(workspace=ws)
""")
    script("print('here')")

    run = run_of(notebook, DEFINED, SUBMIT)

    assert "here" in console(run)
    assert run.get_environment().name == "training_environment"
