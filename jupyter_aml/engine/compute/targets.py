"""The compute targets of an engine, and how busy they are."""

from __future__ import annotations

import builtins

from jupyter_aml.compute.targets import AbsentTarget, Target
from jupyter_aml.engine.compute.slots import Slots
from jupyter_aml.wire.runs import WireCompute


class Compute:
    """Targets by name, each with its places."""

    def __init__(self, targets: dict[str, Target], slots: dict[str, Slots]) -> None:
        self._targets, self._slots = targets, slots

    async def list(self) -> builtins.list[WireCompute]:
        """All targets."""
        kinds = {name: target.kind for name, target in self._targets.items()}
        return [{**slots.told(), "type": kinds[name]} for name, slots in self._slots.items()]

    def know(self, target: str) -> None:
        """Let runs wait whose target came with a package that is gone."""
        if target not in self._targets:
            self._targets[target] = AbsentTarget(target)
            self._slots[target] = Slots(target, 0)
