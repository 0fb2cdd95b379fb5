"""Waits for compute targets, and says meanwhile what SDK v1 said."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute

Look = Callable[[], "WireCompute"]

_PAUSE = 0.5
"""Seconds between two looks; each prints a dot."""
_UNDER_WAY = ("Creating",)
_THERE = ("idle", "busy")


@dataclass(slots=True)
class Progress:
    """Prints a state, a dot for each further look, and the next state on its own line."""

    is_shown: bool
    _state: str | None = None

    def say(self, state: str) -> None:
        """Tell that it was looked, and what was seen."""
        if not self.is_shown:
            return
        if self._state is None:
            sys.stdout.write(state)
        else:
            sys.stdout.write("." if state == self._state else f".\n{state}")
        self._state = state
        sys.stdout.flush()


def until_there(look: Look, *, show_output: bool, minutes: float = math.inf) -> None:
    """Wait until the target is provisioned; raises ComputeTargetException where that fails."""
    progress, end = Progress(show_output), time.monotonic() + minutes * 60
    seen = look()
    progress.say(provisioning_state(seen))
    while seen["state"] in _UNDER_WAY and time.monotonic() < end:
        time.sleep(_PAUSE)
        seen = look()
        progress.say(provisioning_state(seen))
    print(f'Provisioning operation finished, operation "{provisioning_state(seen)}"')
    need_well(seen)


def until_nodes(
    look: Look, *, show_output: bool, wanted: int | None, minutes: float, are_told: bool = True
) -> None:
    """Wait until a cluster has that many nodes, by default its fewest.

    Nodes that nothing asks for are not waited for: they start when runs come. Where they belong
    to a queue of others they are not told, and there is nothing to wait for. Raises
    ComputeTargetException for more than there may be, and where the cluster fails.
    """
    progress, end = Progress(show_output), time.monotonic() + minutes * 60
    seen = look()
    if are_told:
        _need_possible(seen, wanted)
    goal = seen["minNodes"] if wanted is None else min(wanted, seen["minNodes"])
    goal = goal if are_told else 0
    progress.say(provisioning_state(seen))
    while not (is_reached := _is_reached(seen, goal)) and time.monotonic() < end:
        time.sleep(_PAUSE)
        seen = look()
        progress.say(provisioning_state(seen))
    print("\n" * show_output + "AmlCompute wait for completion finished\n")
    need_well(seen)
    print(_outcome(seen, wanted if are_told else None) if is_reached else _lateness(seen))


def _outcome(seen: WireCompute, wanted: int | None) -> str:
    told = "Minimum number of nodes requested have been provisioned"
    count = node_count(seen)
    if wanted is None or count >= wanted:
        return told
    return (
        f"{count} of {wanted} nodes are there: nodes start when runs come, "
        f"as min_nodes is {seen['minNodes']}"
    )


def _lateness(seen: WireCompute) -> str:
    return (
        "Wait timeout has been reached\n"
        f'Current provisioning state of AmlCompute is "{provisioning_state(seen)}" '
        f'and current node count is "{node_count(seen)}"'
    )


def told_of_deletion(*, show_output: bool) -> None:
    """Say that a target is gone, which it is when `delete` returns."""
    if show_output:
        sys.stdout.write("Succeeded")
        sys.stdout.flush()
    print('Deletion operation finished, operation "Succeeded"')


def provisioning_state(seen: WireCompute) -> str:
    """What SDK v1 said of it: a target that is stopped or resized is there."""
    return seen["state"] if seen["state"] in ("Creating", "Failed") else "Succeeded"


def node_count(seen: WireCompute) -> int:
    """The nodes that are there."""
    return sum(node["state"] in _THERE for node in seen["nodes"])


def need_well(seen: WireCompute) -> None:
    """Raise ComputeTargetException for a target that failed, with the reason."""
    if seen["state"] == "Failed":
        raise ComputeTargetException(
            "Compute object provisioning polling reached non-successful terminal state, current "
            f"provisioning state: Failed\nProvisioning operation error:\n{seen['why']}"
        )


def _is_reached(seen: WireCompute, goal: int) -> bool:
    if seen["state"] in _UNDER_WAY:
        return False
    return seen["state"] == "Failed" or seen["isStopped"] or node_count(seen) >= goal


def _need_possible(seen: WireCompute, wanted: int | None) -> None:
    if wanted is not None and wanted > seen["maxNodes"]:
        most = seen["maxNodes"]
        raise ComputeTargetException(
            f"min_node_count={wanted}: {seen['name']!r} has at most "
            f"{'one node' if most == 1 else f'{most} nodes'}"
        )
