"""`ComputeTarget` at a real engine: what is there is found, what is not says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import (
    AksCompute,
    AmlCompute,
    ComputeInstance,
    ComputeTarget,
    DatabricksCompute,
    KustoCompute,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException
from jupyter_aml.testing.jupyter import until

TOKEN = "1234-abc-5678-defg-90..."


def test_this_machine_is_a_target_that_runs_can_be_given(ws: Workspace, tmp_path, capsys) -> None:
    target = ComputeTarget(workspace=ws, name="local")

    assert (target.name, target.type, target.provisioning_state) == ("local", "Local", "Succeeded")
    assert [*ws.compute_targets] == ["local"]
    status = target.get_status().serialize()
    assert (status["currentNodeCount"], status["nodeStateCounts"]["idleNodeCount"]) == (1, 1)
    target.wait_for_completion(show_output=True)
    assert "Succeeded" in capsys.readouterr().out
    (tmp_path / "a.py").write_text("print('here')\n")
    run = Experiment(ws, "e").submit(ScriptRunConfig(".", "a.py", compute_target=target))
    assert run.wait_for_completion()["target"] == "local"


def test_what_is_not_there_names_what_is_near(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match=r"ComputeTargetNotFound.*'local'"):
        ComputeTarget(ws, "locale")

    assert ws.get_default_compute_target("CPU") is None


def test_a_target_that_was_not_made_here_is_not_deleted(ws: Workspace) -> None:
    target = ws.compute_targets["local"]

    with pytest.raises(ComputeTargetException, match="cannot be deleted"):
        target.delete()
    with pytest.raises(ComputeTargetException, match=r"'local'.*choose another name"):
        AmlCompute.create(ws, "local", AmlCompute.provisioning_configuration())


def test_a_kind_that_nobody_brings_is_said(ws: Workspace) -> None:
    asked = AmlCompute.provisioning_configuration(provider="slrm")

    with pytest.raises(ComputeTargetException, match="no kind of compute target 'slrm'"):
        ComputeTarget.create(ws, "c", asked)


def test_a_databricks_workspace_is_known_and_takes_no_runs(
    ws: Workspace, tmp_path: Path, aml_root: Path
) -> None:
    asked = DatabricksCompute.attach_configuration(
        resource_group="g", workspace_name="db", access_token=TOKEN
    )

    with pytest.warns(UserWarning, match="need a Databricks workspace"):
        target = ComputeTarget.attach(ws, "db", asked)

    target.wait_for_completion(True)
    assert type(ws.compute_targets["db"]) is DatabricksCompute
    (tmp_path / "a.py").write_text("print('here')\n")
    config = ScriptRunConfig(".", "a.py", compute_target=target)
    with pytest.raises(
        ComputeTargetException, match=r"'db' takes no runs: .* Databricks workspace"
    ):
        Experiment(ws, "e").submit(config)
    written = [path for path in aml_root.rglob("*") if path.is_file()]
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]
    target.detach()
    assert [*ws.compute_targets] == ["local"]


def test_secrets_of_targets_stand_in_the_vault(ws: Workspace) -> None:
    asked = KustoCompute.attach_configuration(
        resource_group="g", workspace_name="k", application_id="a", application_key="geheim"
    )
    with pytest.warns(UserWarning, match="need an Azure Data Explorer cluster"):
        ComputeTarget.attach(ws, "k", asked)

    told = ws.client.compute.get(ws.name, "k")["settings"]

    assert told["application_key"] == "secret://compute/k/application_key"
    with pytest.raises(ComputeTargetException, match="vault"):
        KustoCompute(ws, "k").get_credentials()


def test_a_cluster_for_services_is_found_again(ws: Workspace) -> None:
    asked = AksCompute.provisioning_configuration(agent_count=3, vm_size="STANDARD_D2_V2")
    with pytest.warns(UserWarning, match="send runs to 'local'"):
        ComputeTarget.create(ws, "aks", asked)

    found = AksCompute(ws, "aks")

    assert (found.agent_count, found.get_status()) == (3, "Succeeded")
    found.delete()


def test_an_instance_is_started_stopped_and_given_runs(ws: Workspace, tmp_path: Path) -> None:
    asked = ComputeInstance.provisioning_configuration(
        "STANDARD_DS1_V2", tags={"team": "a"}, assigned_user_object_id="u1"
    )
    made = ComputeTarget.create(ws, "desk", asked)
    made.wait_for_completion(show_output=True)
    desk = ComputeTarget(ws, "desk")
    assert isinstance(desk, ComputeInstance)
    assert (desk.get_status().state, desk.tags["team"]) == ("Running", "a")
    assert desk.assigned_user_object_id == "u1"

    desk.stop(wait_for_completion=True)
    (tmp_path / "a.py").write_text("print('here')\n")
    run = Experiment(ws, "desks").submit(ScriptRunConfig(".", "a.py", compute_target=desk))
    assert [each.id for each in desk.get_active_runs()] == [run.id]
    desk.start(wait_for_completion=True)
    assert run.wait_for_completion()["target"] == "desk"
    desk.restart(wait_for_completion=True)
    assert desk.get_status().state == "Running"
    desk.delete(wait_for_completion=True)
    assert [*ws.compute_targets] == ["local"]


def test_an_instance_that_idles_stops_and_the_next_run_starts_it(
    ws: Workspace, tmp_path: Path
) -> None:
    asked = ComputeInstance.provisioning_configuration(idle_time_before_shutdown_minutes=0.01)
    desk = ComputeTarget.create(ws, "desk", asked)
    assert isinstance(desk, ComputeInstance)
    desk.wait_for_completion()
    assert desk.get_status().state == "Stopped"
    (tmp_path / "a.py").write_text("print('here')\n")

    run = Experiment(ws, "idle-desk").submit(ScriptRunConfig(".", "a.py", compute_target=desk))

    assert run.wait_for_completion()["status"] == "Completed"
    until(lambda: desk.get_status().state == "Stopped", seconds=60, what="the node to end")
    desk.delete()


def test_a_cluster_counts_its_nodes_and_may_name_more_than_there_are(ws: Workspace) -> None:
    asked = AmlCompute.provisioning_configuration("STANDARD_NC6", min_nodes=1, max_nodes=100)
    with pytest.warns(UserWarning, match="'c' may have 100 nodes; this machine has at most"):
        cluster = ComputeTarget.create(ws, "c", asked)
    cluster.wait_for_completion(show_output=True)
    assert isinstance(cluster, AmlCompute)

    status = cluster.get_status()

    assert (status.current_node_count, status.node_state_counts.idle_node_count) == (1, 1)
    assert status.allocation_state == "Steady"
    assert [node["nodeState"] for node in cluster.list_nodes()] == ["idle"]
    cluster.update(min_nodes=0, idle_seconds_before_scaledown=0)
    until(lambda: not cluster.list_nodes(), seconds=60, what="the node to leave")
    cluster.delete()
