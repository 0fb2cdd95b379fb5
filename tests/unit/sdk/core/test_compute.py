"""Compute targets as SDK v1 showed them, of an engine that answers from memory."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.domain.errors import AlreadyExists, IllegalMove
from jupyter_aml.sdk._compute import waiting
from jupyter_aml.sdk.core.compute import (
    AdlaCompute,
    AksCompute,
    AmlCompute,
    BatchCompute,
    ComputeInstance,
    ComputeTarget,
    DatabricksCompute,
    DataFactoryCompute,
    DsvmCompute,
    HDInsightCompute,
    KubernetesCompute,
    KustoCompute,
    RemoteCompute,
    SynapseCompute,
)
from jupyter_aml.sdk.core.compute.amlcompute import AmlComputeStatus
from jupyter_aml.sdk.core.compute_target import LocalTarget
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.sdk.exceptions import ComputeTargetException
from tests.unit.magics.engine import a_target

SURFACE = json.loads(
    (Path(__file__).parents[3] / "compat" / "signatures.json").read_text(encoding="utf-8")
)


class Targets:
    """The calls on compute targets; `then` are further states that looks find one by one."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {"local": a_target("local")}
        self.then: list[dict[str, Any]] = []
        self.asked: list[Mapping[str, Any]] = []
        self.refusal: str | None = None

    def list(self, workspace: str) -> list[Any]:
        if self.then:
            name, *_ = [each for each in self.there if each != "local"]
            self.there[name].update(self.then.pop(0))
        return [*self.there.values()]

    def kinds(self) -> Any:
        return [{"name": "cluster", "hasNodes": True}, {"name": "slurm", "hasNodes": False}]

    def add(self, body: Mapping[str, Any]) -> Any:
        self.asked.append(body)
        if body["name"] in self.there:
            raise AlreadyExists(f"there is another compute target {body['name']!r} already")
        given = {key: value for key, value in body.items() if value is not None}
        self.there[body["name"]] = a_target(**{
            "maxNodes": 1, "slots": 9, **given, "workspace": "w", "refusal": self.refusal,
        })  # fmt: skip
        return self.there[body["name"]]

    def change(self, name: str, body: Mapping[str, Any]) -> Any:
        self.asked.append(body)
        self.there[name].update({key: value for key, value in body.items() if value is not None})
        return self.there[name]

    def remove(self, workspace: str, name: str) -> None:
        if self.there[name]["busy"]:
            raise IllegalMove(f"compute target {name!r} cannot be deleted: r_1 is on it")
        del self.there[name]


@pytest.fixture
def targets() -> Targets:
    return Targets()


@pytest.fixture
def ws(targets: Targets) -> Any:
    return SimpleNamespace(
        name="w", location="local", client=SimpleNamespace(compute=targets)
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(waiting, "_PAUSE", 0)
    yield


def a_node(state: str, *runs: str) -> dict[str, Any]:
    return {"id": f"n-{state}", "state": state, "runs": [*runs], "since": "2026-01-01T00:00:00Z",
            "address": "", "note": ""}  # fmt: skip


def test_find_or_create_says_what_sdk_v1_said(ws: Any, targets: Targets, capsys: Any) -> None:
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound: Compute Target with"):
        ComputeTarget(workspace=ws, name="cpu-cluster")
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    cluster = ComputeTarget.create(ws, "cpu-cluster", config)
    targets.then = [{"state": "Creating"}, {"state": "Creating"}, {"state": "Succeeded"}]

    cluster.wait_for_completion(show_output=True)

    assert capsys.readouterr().out == (
        'Creating..\nSucceededProvisioning operation finished, operation "Succeeded"\n'
        "Succeeded\nAmlCompute wait for completion finished\n\n"
        "Minimum number of nodes requested have been provisioned\n"
    )
    again = ComputeTarget(ws, "cpu-cluster")
    assert type(again) is AmlCompute
    again.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert capsys.readouterr().out == (
        "Succeeded\nAmlCompute wait for completion finished\n\n"
        "Minimum number of nodes requested have been provisioned\n"
    )


def test_a_cluster_is_asked_for_with_the_arguments_of_v1(ws: Any, targets: Targets) -> None:
    config = AmlCompute.provisioning_configuration(
        vm_size="Standard_NC6", vm_priority="LowPriority", min_nodes=1, max_nodes=3,
        idle_seconds_before_scaledown=60, tags={"team": "a"}, description="for tests",
        provider="slurm", settings={"partition": "gpu"},
    )  # fmt: skip

    AmlCompute.create(ws, "gpus", config)

    assert targets.asked == [{
        "workspace": "w", "name": "gpus", "kind": "slurm", "type": "AmlCompute", "minNodes": 1,
        "maxNodes": 3, "idleSeconds": 60, "vmSize": "Standard_NC6", "vmPriority": "lowpriority",
        "settings": {"partition": "gpu"}, "description": "for tests", "tags": {"team": "a"},
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"vm_size": "STANDARD_D2_V9"}, r"vm_size: 'STANDARD_D2_V9'.*did you mean Standard_D"),
        ({"min_nodes": 3, "max_nodes": 2}, "min_nodes is 3 and max_nodes 2"),
        ({"max_nodes": 0}, "max_nodes: 0 is less than 1"),
        ({"vm_priority": "cheap"}, "'cheap' is neither 'dedicated' nor 'lowpriority'"),
    ],
)
def test_what_no_cluster_can_be_is_said_at_once(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ComputeTargetException, match=told):
        AmlCompute.provisioning_configuration(**asked)


def test_what_belongs_to_the_cloud_is_named_where_it_was_said() -> None:
    with pytest.warns(UserWarning, match="^vnet_name, subnet_name belong to the cloud") as told:
        AmlCompute.provisioning_configuration(vnet_name="v", subnet_name="s")
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="^admin_user_password belongs") as told:
        AmlCompute.provisioning_configuration(admin_user_password="geheim")
    assert "geheim" not in str(told[0].message)


def test_the_status_counts_nodes_as_v1_did(ws: Any, targets: Targets) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=5))
    states = ["starting", "idle", "busy", "leaving", "lost"]
    targets.there["c"]["nodes"] = [a_node(state) for state in states]

    status = ws_cluster(ws).get_status()

    told = status.serialize()
    assert told["nodeStateCounts"] == {
        "preparingNodeCount": 1, "runningNodeCount": 1, "idleNodeCount": 1, "unusableNodeCount": 1,
        "leavingNodeCount": 1, "preemptedNodeCount": 0,
    }  # fmt: skip
    assert (told["currentNodeCount"], told["targetNodeCount"]) == (3, 3)
    assert (told["allocationState"], told["provisioningState"]) == ("Resizing", "Succeeded")
    assert (told["vmPriority"], told["vmSize"]) == ("Dedicated", "STANDARD_D2_V2")
    assert told["scaleSettings"] == {
        "minNodeCount": 0, "maxNodeCount": 5, "nodeIdleTimeBeforeScaleDown": "PT1800S",
    }  # fmt: skip
    assert (status.current_node_count, status.scale_settings.maximum_node_count) == (3, 5)
    assert AmlComputeStatus.deserialize(told).serialize() == told


def ws_cluster(ws: Any) -> AmlCompute:
    found = ComputeTarget(ws, "c")
    assert isinstance(found, AmlCompute)
    return found


def test_nodes_are_waited_for_as_far_as_somebody_starts_them(
    ws: Any, targets: Targets, capsys: Any
) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration(min_nodes=1, max_nodes=2))
    cluster = ws_cluster(ws)
    targets.then = [{"nodes": [a_node("starting")]}, {"nodes": [a_node("idle")]}]

    cluster.wait_for_completion(min_node_count=2)

    told = capsys.readouterr().out
    assert "1 of 2 nodes are there: nodes start when runs come, as min_nodes is 1" in told
    with pytest.raises(ComputeTargetException, match="min_node_count=3: 'c' has at most 2 nodes"):
        cluster.wait_for_completion(min_node_count=3)
    targets.there["c"]["nodes"] = []
    cluster.wait_for_completion(timeout_in_minutes=0)
    assert "Wait timeout has been reached" in capsys.readouterr().out


def test_nodes_of_a_queue_of_others_are_not_waited_for(ws: Any, capsys: Any) -> None:
    asked = AmlCompute.provisioning_configuration(min_nodes=1, max_nodes=2, provider="slurm")
    cluster = AmlCompute.create(ws, "c", asked)

    cluster.wait_for_completion(show_output=True, min_node_count=3)

    assert "Minimum number of nodes" in capsys.readouterr().out


def test_a_cluster_that_fails_says_why(ws: Any, targets: Targets) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration())
    targets.there["c"].update(state="Failed", why="nobody answers at slurm")
    cluster = ws_cluster(ws)

    assert cluster.provisioning_state == "Failed"
    assert cluster.provisioning_errors[0]["error"]["message"] == "nobody answers at slurm"
    with pytest.raises(ComputeTargetException, match="nobody answers at slurm"):
        cluster.wait_for_completion()


def test_a_cluster_is_resized_listed_and_deleted(ws: Any, targets: Targets, capsys: Any) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration(max_nodes=2))
    cluster = ws_cluster(ws)

    cluster.update(max_nodes=4)
    assert cluster.scale_settings.maximum_node_count == 4
    targets.there["c"]["nodes"] = [a_node("busy", "r_1")]
    assert [(node["nodeState"], node["runId"]) for node in cluster.list_nodes()] == [
        ("running", "r_1")
    ]
    assert AmlCompute.list_usages(ws)[0]["currentValue"] == 1
    targets.there["c"]["busy"] = 1
    with pytest.raises(ComputeTargetException, match="r_1 is on it"):
        cluster.delete()
    targets.there["c"]["busy"] = 0
    with pytest.raises(ComputeTargetException, match=r"Detach is not supported .* delete\(\)"):
        cluster.detach()
    cluster.delete()
    cluster.wait_for_completion(show_output=True, is_delete_operation=True)
    assert "Deletion operation finished" in capsys.readouterr().out
    assert [each.name for each in ComputeTarget.list(ws)] == ["local"]


def test_sizes_are_listed_with_the_keys_of_v1(ws: Any) -> None:
    sizes = {each["name"]: each for each in AmlCompute.supported_vmsizes(workspace=ws)}

    assert sizes["Standard_DS11_v2"] == {
        "name": "Standard_DS11_v2", "vCPUs": 2, "gpus": 0, "memoryGB": 14.0,
        "maxResourceVolumeMB": None,
    }  # fmt: skip


def test_the_quotas_and_identities_of_a_cloud_are_refused(ws: Any) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration())
    with pytest.raises(ComputeTargetException, match="max_nodes"):
        AmlCompute.list_quotas(ws)
    with pytest.raises(ComputeTargetException, match="vault"):
        ws_cluster(ws).add_identity("SystemAssigned")


def test_an_instance_is_started_and_stopped(ws: Any, targets: Targets, capsys: Any) -> None:
    config = ComputeInstance.provisioning_configuration(
        "STANDARD_DS3_V2", assigned_user_object_id="u1", assigned_user_tenant_id="t1",
        idle_time_before_shutdown_minutes=30,
    )  # fmt: skip
    instance = ComputeTarget.create(ws, "mine", config)
    assert isinstance(instance, ComputeInstance)
    assert targets.asked[0]["settings"] == {"idle_stop_minutes": 30}
    targets.there["mine"]["minNodes"] = 1
    instance.refresh_state()
    assert (instance.status.state, instance.assigned_user_object_id) == ("Starting", "u1")
    targets.there["mine"]["nodes"] = [a_node("idle")]
    instance.wait_for_completion(show_output=True)
    assert instance.get_status().serialize()["state"] == "Running"

    instance.stop()
    assert instance.get_status().state == "Stopping"
    targets.then = [{}, {"nodes": []}]
    instance.stop(wait_for_completion=True, show_output=True)
    assert capsys.readouterr().out.endswith("Stopping.\nStopped\n")
    targets.then = [{}, {"nodes": [a_node("idle")]}]
    instance.start(wait_for_completion=True, show_output=True)
    assert capsys.readouterr().out == "Starting.\nRunning\n"
    instance.delete(wait_for_completion=True)
    assert [*targets.there] == ["local"]


def test_a_name_is_of_one_class(ws: Any, targets: Targets) -> None:
    AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration())

    with pytest.raises(ComputeTargetException, match="'c' is a compute target of type AmlCompute"):
        AksCompute(ws, "c")
    with pytest.raises(ComputeTargetException, match="of type Local, and no AmlCompute"):
        AmlCompute(ws, "local")
    assert AmlCompute(workspace=ws, name="c").name == "c"
    with pytest.raises(ComputeTargetException, match="already"):
        AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration())


def test_what_a_target_is_serialized_as_finds_it_again(ws: Any) -> None:
    cluster = AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration())

    assert AmlCompute.deserialize(ws, cluster.serialize()).name == "c"
    with pytest.raises(ComputeTargetException, match="no name of a compute target"):
        ComputeTarget.deserialize(ws, {})


def test_more_nodes_than_this_machine_can_have_are_told(ws: Any) -> None:
    with pytest.warns(UserWarning, match="'c' may have 20 nodes; this machine has at most 9 at"):
        AmlCompute.create(ws, "c", AmlCompute.provisioning_configuration(max_nodes=20))


def test_a_name_that_is_longer_than_v1_took_is_told(ws: Any) -> None:
    with pytest.warns(
        UserWarning, match="has 21 characters: SDK v1 took at most 16 for AmlCompute"
    ):
        AmlCompute.create(ws, "a-very-large-clusters", AmlCompute.provisioning_configuration())


ATTACHED = {
    AdlaCompute: {"resource_group": "g", "account_name": "a"},
    AksCompute: {"resource_group": "g", "cluster_name": "c"},
    BatchCompute: {"resource_group": "g", "account_name": "a"},
    DatabricksCompute: {"resource_group": "g", "workspace_name": "w", "access_token": "t"},
    DataFactoryCompute: {"resource_group": "g", "factory_name": "f"},
    HDInsightCompute: {"username": "u", "address": "h"},
    KubernetesCompute: {"resource_id": "/subscriptions/s"},
    KustoCompute: {"resource_group": "g", "workspace_name": "w"},
    RemoteCompute: {"username": "u", "address": "h"},
    SynapseCompute: {"linked_service": "l", "type": "SynapseSpark", "pool_name": "p"},
}


@pytest.mark.parametrize("kind", ATTACHED)
def test_a_target_of_another_system_is_attached_and_says_what_it_needs(
    kind: Any, ws: Any, targets: Targets
) -> None:
    targets.refusal = "runs on it need another system"

    with pytest.warns(UserWarning, match="takes no runs: runs on it need another system"):
        made = ComputeTarget.attach(ws, "there", kind.attach_configuration(**ATTACHED[kind]))

    assert type(made) is kind
    targets.there["there"]["isAttached"] = True
    found = ComputeTarget(ws, "there")
    assert type(found) is kind
    assert {**targets.asked[0]["settings"]}.items() >= ATTACHED[kind].items()
    with pytest.raises(ComputeTargetException, match=r"detach\(\) forgets it"):
        found.delete()
    found.detach()
    assert [*targets.there] == ["local"]


@pytest.mark.parametrize("kind", [each for each in ATTACHED if each is not SynapseCompute])
def test_what_is_attached_must_be_said(kind: Any) -> None:
    needs = {key: "" for key in ("username",) if kind in (HDInsightCompute, RemoteCompute)}

    with pytest.raises(ComputeTargetException, match=r"give (resource_id|address)"):
        kind.attach_configuration(**needs)


def test_a_machine_is_attached_with_what_ssh_needs(ws: Any, targets: Targets) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked = RemoteCompute.attach_configuration(
            username="ada", address="node7", ssh_port=2222, private_key_file="key"
        )
    ComputeTarget.attach(ws, "node", asked)

    assert targets.asked[0]["kind"] == "ssh"
    assert targets.asked[0]["settings"] == {
        "address": "node7", "port": 2222, "username": "ada",
        "private_key_file": str(Path("key").absolute()),
    }  # fmt: skip
    with pytest.raises(ComputeTargetException, match="is no port"):
        RemoteCompute.attach_configuration(username="ada", address="node7", ssh_port="ssh")
    RemoteCompute.attach(ws, "older", "ada", "node8")
    assert targets.there["older"]["settings"]["address"] == "node8"


def test_a_machine_of_the_cloud_is_not_rented(ws: Any) -> None:
    with pytest.raises(ComputeTargetException, match=r"RemoteCompute\.attach_configuration"):
        ComputeTarget.create(ws, "vm", DsvmCompute.provisioning_configuration("STANDARD_D2_V2"))


def test_a_cluster_for_services_is_a_name(ws: Any, targets: Targets) -> None:
    config = AksCompute.provisioning_configuration(agent_count=3, vm_size="STANDARD_D2_V2")
    made = ComputeTarget.create(ws, "aks", config)

    assert isinstance(made, AksCompute)
    assert (made.agent_count, made.agent_vm_size, made.is_attached) == (3, "STANDARD_D2_V2", False)
    with pytest.warns(UserWarning, match="^ssl_cname belongs to the cloud"):
        config.enable_ssl(ssl_cname="a.example")
    with pytest.warns(UserWarning, match="^location, service_cidr belong to the cloud"):
        AksCompute.provisioning_configuration(location="eastus", service_cidr="10.0.0.0/16")
    made.delete()
    assert [*targets.there] == ["local"]


def test_this_machine_is_a_target_without_a_workspace() -> None:
    local = LocalTarget()

    assert (local.name, local.type) == ("local", "local")
    config = RunConfiguration()
    config.target = local
    assert config.target == "local"
    told = {"type": "local"}
    assert isinstance(LocalTarget.deserialize_from_dict("mine", told), LocalTarget)
    assert LocalTarget.deserialize_from_dict("c", {"type": "amlcompute"}).name == "c"
    with pytest.raises(ComputeTargetException, match="its type is not said"):
        LocalTarget.deserialize_from_dict("c", {})


def test_what_is_no_cluster_has_no_nodes_to_wait_for(ws: Any, capsys: Any) -> None:
    local = ComputeTarget(ws, "local")

    local.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)

    assert capsys.readouterr().out.startswith("SucceededProvisioning operation finished")
    with pytest.raises(ComputeTargetException, match="'local' is no cluster"):
        local.wait_for_completion(min_node_count=2)


@pytest.mark.parametrize("asked", [None, "STANDARD_D2_V2", {"vm_size": "STANDARD_D2_V2"}])
def test_what_is_no_configuration_is_said(asked: Any, ws: Any) -> None:
    with pytest.raises(ComputeTargetException, match="provisioning_configuration: expected what"):
        ComputeTarget.create(ws, "c", asked)
    with pytest.raises(ComputeTargetException, match="attach_configuration: expected what"):
        ComputeTarget.attach(ws, "c", AmlCompute.provisioning_configuration())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", [each for each in SURFACE if each.startswith("azureml.core.compute.")]
)
def test_every_attribute_of_v1_is_there(name: str, ws: Any, targets: Targets) -> None:
    module, _, last = name.replace("azureml", "jupyter_aml.sdk", 1).rpartition(".")
    kind = getattr(import_module(module), last)
    if not issubclass(kind, ComputeTarget) or kind is ComputeTarget:
        return
    targets.there["t"] = a_target("t", type=kind._type, workspace="w")

    made = kind(ws, "t")

    lacking = [each for each in SURFACE[name].get("attributes", ()) if not hasattr(made, each)]
    assert lacking == []
    json.dumps(made.serialize())
