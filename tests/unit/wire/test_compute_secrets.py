"""What of the settings of a compute target goes into the vault: its secrets, and nothing else."""

from __future__ import annotations

import pytest

from jupyter_aml.compute import foreign
from jupyter_aml.compute.cluster import cluster
from jupyter_aml.compute.dask import kind as dask
from jupyter_aml.compute.kinds import Kind, Setting
from jupyter_aml.compute.slurm import kind as slurm
from jupyter_aml.compute.ssh import kind as ssh
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.wire.compute import decode_new_compute

KINDS: list[Kind] = [
    kind
    for kinds in (foreign.kinds, cluster.kinds, dask.kinds, slurm.kinds, ssh.kinds)
    for kind in kinds(TargetSettings(max_runs=1))
]
SETTINGS = [
    pytest.param(kind, setting, id=f"{kind.name}-{setting.name}")
    for kind in KINDS
    for setting in kind.settings
    if setting.type in ("text", "secret")
]


@pytest.mark.parametrize(("kind", "setting"), SETTINGS)
def test_secrets_are_hidden_and_all_else_stays_as_it_was_given(
    kind: Kind, setting: Setting
) -> None:
    asked = decode_new_compute({"name": "t", "kind": kind.name, "settings": {setting.name: "x"}})

    is_secret = setting.type == "secret"
    assert [*asked.secrets.values()] == (["x"] if is_secret else [])
    assert (asked.definition.settings[setting.name] == "x") is not is_secret
