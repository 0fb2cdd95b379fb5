"""Numbers of a compute target that JSON can write and nobody can mean are refused by name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jupyter_aml.compute.cluster import cluster
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.compute import decode_new_compute


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"idleSeconds": 1e15}, "idle_seconds_before_scaledown"),
        ({"idleSeconds": math.inf}, "idle_seconds_before_scaledown"),
        ({"maxNodes": math.inf}, "max_nodes"),
        ({"maxNodes": 10**400}, "max_nodes"),
        ({"settings": {"runs_per_node": math.inf}}, "runs_per_node"),
        ({"settings": {"runs_per_node": 10**400}}, "runs_per_node"),
    ],
)
def test_a_number_without_measure_is_refused_by_its_name(given: Any, named: str) -> None:
    kind, *_ = cluster.kinds(TargetSettings(max_runs=1))

    with pytest.raises(Invalid, match=named):
        kind.checked(decode_new_compute({"name": "c", "kind": "cluster", **given}).definition)


def test_what_is_no_whole_number_is_refused_as_before() -> None:
    for given in (math.nan, 1.5, True, "2"):
        with pytest.raises(Invalid, match="max_nodes"):
            decode_new_compute({"name": "c", "kind": "cluster", "maxNodes": given})
