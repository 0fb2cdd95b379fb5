"""What SDK v1's Workspace could do, over a real engine."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException, WorkspaceException

STORAGE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/mine"


def made(**more: object) -> Workspace:
    return Workspace.create(
        name="lab", subscription_id="sub", resource_group="group", location="eastus2",
        create_resource_group=True, sku="enterprise", exist_ok=True, show_output=False,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_workspace_is_made_as_notebooks_make_it(ws: Workspace) -> None:
    lab = made(storage_account=STORAGE, friendly_name="My lab", hbi_workspace=False)

    details = lab.get_details()
    assert (lab.sku, lab.location, lab.resource_group) == ("Enterprise", "eastus2", "group")
    assert details["storageAccount"] == STORAGE
    assert (details["friendlyName"], details["description"]) == ("My lab", "")
    assert details["id"].endswith("/Microsoft.MachineLearningServices/workspaces/lab")
    assert str(uuid.UUID(details["workspaceid"])) == details["workspaceid"]
    assert json.loads(json.dumps(details)) == details
    assert Workspace.get("lab", subscription_id="sub", resource_group="group").name == "lab"
    assert Workspace.list("sub")["lab"][0].get_details() == details


def test_a_workspace_that_is_there_is_taken_only_if_that_is_fine(ws: Workspace) -> None:
    made(tags={"of": "first"})

    assert made(tags={"of": "second"}).tags == {"of": "first"}
    with pytest.raises(WorkspaceException, match="exist_ok=True"):
        Workspace.create("lab")


def test_what_is_said_of_a_workspace_can_be_changed(ws: Workspace) -> None:
    lab = made(tags={"kept": "yes", "old": "1"})

    details = lab.update(friendly_name="Named", description="About it", tags={"old": "2"})

    assert (details["friendlyName"], details["description"]) == ("Named", "About it")
    assert details["tags"] == lab.tags == {"kept": "yes", "old": "2"}
    assert details["sku"] == "Enterprise"
    assert Workspace.get("lab").get_details() == details
    with pytest.raises(UserErrorException, match="image_build_compute='c': it belongs"):
        lab.update(image_build_compute="c")


def test_setup_takes_the_workspace_of_the_folder(ws: Workspace, tmp_path: Path) -> None:
    made().write_config(tmp_path)

    assert Workspace.setup().name == "lab"


def test_a_workspace_with_runs_is_deleted_only_when_that_is_said(ws: Workspace) -> None:
    lab = made()
    run = Experiment(lab, "e").submit(ScriptRunConfig.from_cell("1"))
    run.wait_for_completion()

    with pytest.raises(UserErrorException, match=r"has 1 run: delete_dependent_resources=True"):
        lab.delete()
    assert run.get_status() == "Completed"
    lab.delete(delete_dependent_resources=True, no_wait=True)

    assert "lab" not in Workspace.list("sub")
    with pytest.raises(UserErrorException, match="there is no run"):
        ws.get_run(run.id)
    with pytest.raises(UserErrorException, match="there is no workspace 'lab'"):
        lab.delete()


def test_a_workspace_is_not_deleted_while_runs_go_on(ws: Workspace) -> None:
    lab = made()
    with Experiment(lab, "e").start_logging(outputs=False, snapshot_directory=None) as run:
        with pytest.raises(UserErrorException, match="1 of the runs of workspace 'lab' go on"):
            lab.delete(delete_dependent_resources=True)
        assert run.get_status() == "Running"

    lab.delete(delete_dependent_resources=True)


def test_the_default_workspace_stays(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="'default' is always there"):
        ws.delete(delete_dependent_resources=True)


def test_what_belongs_to_the_cloud_says_what_there_is_instead(ws: Workspace) -> None:
    assert (ws.images, ws.private_endpoints, ws.linked_services) == ({}, {}, [])
    assert not hasattr(ws, "service_context")
    assert str(ws.client.address) == ws.discovery_url
    ws.sync_keys()
    for call in (
        ws.list_keys, ws.list_connections, ws.update_dependencies,
        lambda: ws.diagnose_workspace({}), lambda: ws.add_private_endpoint(None),
        lambda: ws.set_connection("n", "c", "t", "PAT", "v"), lambda: ws.get_connection("n"),
        lambda: ws.delete_connection("n"), lambda: ws.delete_private_endpoint_connection("n"),
    ):  # fmt: skip
        with pytest.raises(UserErrorException, match=r"^Workspace\.\w+: "):
            call()
