"""How many processes a run has, and how they find each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

MPI, PYTORCH, TENSORFLOW = "mpi", "pytorch", "tensorflow"
KINDS = (MPI, PYTORCH, TENSORFLOW)
MOST_PROCESSES = 1_024


@dataclass(frozen=True, slots=True)
class Distribution:
    """The processes of one run. The first that fails ends all."""

    kind: str
    """What they are told of each other: `mpi`, `pytorch` or `tensorflow`."""
    processes: int = 1
    """Processes on each node."""
    nodes: int = 1
    servers: int = 0
    """How many of all processes, the last ones, are parameter servers of TensorFlow."""

    @property
    def size(self) -> int:
        """Processes on all nodes."""
        return self.processes * self.nodes

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "kind": self.kind, "processes": self.processes, "nodes": self.nodes,
            "servers": self.servers,
        }  # fmt: skip

    @staticmethod
    def from_json(given: Any) -> Distribution | None:
        """Read and check it; None is none. Raises Invalid, which names the field."""
        if given is None:
            return None
        if not isinstance(given, Mapping):
            raise Invalid(f"distribution: expected an object, not {given!r}")
        for name in given:
            if name not in ("kind", "processes", "nodes", "servers"):
                raise Invalid(f"distribution: there is no field {name!r}")
        kind = given.get("kind")
        if kind not in KINDS:
            raise Invalid(f"distribution.kind: {kind!r}{did_you_mean(str(kind), KINDS)}")
        made = Distribution(
            kind=kind,
            processes=_count(given, "processes", 1, 1),
            nodes=_count(given, "nodes", 1, 1),
            servers=_count(given, "servers", 0, 0),
        )
        if made.servers >= made.size:
            raise Invalid(f"distribution.servers: {made.servers} of {made.size} leave no worker")
        if made.size > MOST_PROCESSES:
            raise Invalid(f"distribution: {made.size:,} processes; at most {MOST_PROCESSES:,} go")
        return made


ALONE = Distribution(PYTORCH)
"""One process on one node, which needs to be told nothing."""


def _count(given: Mapping[str, Any], name: str, default: int, least: int) -> int:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise Invalid(f"distribution.{name}: must be a whole number from {least} on, not {value!r}")
    return value
