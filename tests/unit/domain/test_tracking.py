"""The addresses by which MLflow knows a workspace."""

from __future__ import annotations

import pytest

from jupyter_aml.domain import tracking
from jupyter_aml.domain.errors import Invalid

CLOUD = (
    "azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/a-b/resourceGroups/rg"
    "/providers/Microsoft.MachineLearningServices/workspaces/team"
)


def test_an_address_of_ours_names_its_workspace_and_no_cloud() -> None:
    uri = tracking.tracking_uri("team", "my/subscription", "rg")

    assert tracking.workspace_of(uri) == "team"
    assert tracking.is_ours(uri)
    assert "/subscriptions/my%2Fsubscription/resourceGroups/rg/" in uri


@pytest.mark.parametrize("uri", [CLOUD, f"{CLOUD}?", f"{CLOUD}?_aml_token=secret"])
def test_an_address_of_the_cloud_names_its_workspace_too(uri: str) -> None:
    assert tracking.workspace_of(uri) == "team"
    assert not tracking.is_ours(uri)


@pytest.mark.parametrize("path", ["", "model", "model/über uns/x%2F.txt"])
def test_the_files_of_a_run_have_an_address(path: str) -> None:
    base = tracking.artifact_uri(tracking.tracking_uri("team"), "fit", "fit_1")

    place = tracking.file_place(f"{base}/{path}".replace("%", "%25") if path else base)

    assert place == ("team", "fit_1", path)


@pytest.mark.parametrize(
    "uri",
    ["azureml://jupyter-aml", "azureml://jupyter-aml/workspaces", "http://x/workspaces/team",
     "azureml://jupyter-aml/mlflow/workspaces/..", ""],
)  # fmt: skip
def test_an_address_of_something_else_is_refused(uri: str) -> None:
    with pytest.raises(Invalid):
        tracking.workspace_of(uri)
