"""The old names: where notebooks import them from, and what those say that are not there."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from jupyter_aml import azureml
from jupyter_aml.sdk import exceptions
from jupyter_aml.sdk._core.version import V1
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.workspace import Workspace
from jupyter_aml.widgets import RunDetails

SITES = (Path(__file__).parent / "import_sites.txt").read_text().split()
"""What real notebooks and scripts import, from where they import it."""


@pytest.fixture(autouse=True)
def _old_names() -> None:
    azureml.install()


@pytest.mark.parametrize("site", SITES)
def test_what_real_notebooks_import_can_be_imported(site: str) -> None:
    module, _, name = site.rpartition(".")

    exec(f"from {module} import {name}", {})


@pytest.mark.parametrize(
    ("site", "ours"),
    [
        ("azureml.core.workspace.Workspace", Workspace),
        ("azureml.core.Workspace", Workspace),
        ("azureml.widgets.run_details.RunDetails", RunDetails),
        ("azureml.widgets.RunDetails", RunDetails),
        ("azureml.core.runconfig.CondaDependencies", CondaDependencies),
        ("azureml.core.environment.CondaDependencies", CondaDependencies),
        ("azureml.core.compute_target.ComputeTargetException", exceptions.ComputeTargetException),
        ("azureml.core.compute.aks.ComputeTargetException", exceptions.ComputeTargetException),
        ("azureml.telemetry.UserErrorException", exceptions.UserErrorException),
        ("azureml.core.datastore.UserErrorException", exceptions.UserErrorException),
        ("azureml.core.VERSION", V1),
        ("azureml.core.__version__", V1),
        ("azureml.data.__version__", V1),
    ],
)
def test_a_name_is_ours_at_every_module_that_had_it(site: str, ours: object) -> None:
    module, _, name = site.rpartition(".")

    assert getattr(import_module(module), name) is ours


def test_the_version_is_one_that_notebooks_of_sdk_v1_ask_for() -> None:
    exec('import azureml.core; assert azureml.core.VERSION >= "1.0.2"', {})

    assert import_module("azureml.core").VERSION.startswith("1.")


def test_a_class_that_we_lack_is_one_class_wherever_it_is_imported_from() -> None:
    shown = import_module("azureml.pipeline.steps").PythonScriptStep
    defined = import_module("azureml.pipeline.steps.python_script_step").PythonScriptStep

    assert shown is defined


def test_what_is_not_there_names_the_page_that_tells_what_is() -> None:
    page = r"docs/reference/names\.md"

    with pytest.raises(ModuleNotFoundError, match=page):
        import_module("azureml.contrib.nothing_of_that_name")
    with pytest.raises(NotImplementedError, match=page):
        import_module("azureml.train.hyperdrive").HyperDriveConfig()
    with pytest.raises(NotImplementedError, match=page):
        Workspace.webservices  # noqa: B018


def test_a_name_that_sdk_v1_did_not_have_names_the_page_as_well() -> None:
    page = r"docs/reference/names\.md"

    with pytest.raises(ImportError, match=page):
        exec("from azureml.core import NoSuchName", {})
    with pytest.raises(AttributeError, match=page):
        import_module("azureml.core").NoSuchName  # noqa: B018
    assert not hasattr(import_module("azureml.core"), "NoSuchName")


def test_what_has_a_substitute_elsewhere_names_it() -> None:
    with pytest.raises(NotImplementedError, match=r"names\.md.*; azureml\.core\.Dataset\.Tabular"):
        import_module("azureml.dataprep").read_csv("data.csv")
    with pytest.raises(NotImplementedError, match="fairlearn"):
        import_module("azureml.contrib.fairness").upload_dashboard_dictionary()


def test_a_module_that_is_looked_for_and_not_there_breaks_nobody_who_asks_first() -> None:
    assert find_spec("azureml") is not None
    assert find_spec("azureml.core") is not None


def test_telemetry_does_nothing_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = import_module("azureml.telemetry")

    telemetry.set_diagnostics_collection(send_diagnostics=True)

    assert telemetry.get_diagnostics_collection_info() == (None, None)
    assert capsys.readouterr() == ("", "")
