"""`ComputeTarget`: what is there is found, and what is not says so as SDK v1 did."""

from __future__ import annotations

import pytest

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import AmlCompute, ComputeTarget
from jupyter_aml.sdk.exceptions import ComputeTargetException


def test_this_machine_is_a_target_that_runs_can_be_given(ws: Workspace, tmp_path, capsys) -> None:
    target = ComputeTarget(workspace=ws, name="local")

    assert (target.name, target.type, target.provisioning_state) == ("local", "Local", "Succeeded")
    assert [*ws.compute_targets] == ["local"]
    status = target.get_status().serialize()
    assert (status["currentNodeCount"], status["nodeStateCounts"]["idleNodeCount"]) == (1, 1)
    target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert "Succeeded" in capsys.readouterr().out
    (tmp_path / "a.py").write_text("print('here')\n")
    run = Experiment(ws, "e").submit(ScriptRunConfig(".", "a.py", compute_target=target))
    assert run.wait_for_completion()["target"] == "local"


def test_find_or_create_goes_as_far_as_it_can(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match=r"ComputeTargetNotFound.*'local'"):
        ComputeTarget(ws, "locale")

    with pytest.raises(NotImplementedError, match=r"clusters of nodes come later.*'local'"):
        AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    with pytest.raises(NotImplementedError, match=r"names\.md"):
        ComputeTarget.create(ws, "cpu-cluster", None)


def test_a_target_that_was_not_made_here_is_not_deleted(ws: Workspace) -> None:
    target = ws.compute_targets["local"]

    with pytest.raises(ComputeTargetException, match="cannot be deleted"):
        target.delete()
    with pytest.raises(ComputeTargetException, match="one node"):
        target.wait_for_completion(min_node_count=2)
