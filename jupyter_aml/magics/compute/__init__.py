"""`%aml compute`: where runs run, one file per verb."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.compute.check import Check
from jupyter_aml.magics.compute.create import Attach, Create
from jupyter_aml.magics.compute.kinds import Kinds
from jupyter_aml.magics.compute.ls import Ls
from jupyter_aml.magics.compute.rm import Rm
from jupyter_aml.magics.compute.scale import Scale
from jupyter_aml.magics.compute.show import Show
from jupyter_aml.magics.compute.turn import Start, Stop
from jupyter_aml.magics.verbs import Group

__all__ = ["Compute"]


class Compute(Group):
    """Where runs run: list, create, attach, resize, stop and delete compute targets.

    Without a verb it lists them, as `ls` does.
    """

    name = "compute"
    usage = "[VERB]"
    kinds = (Ls, Show, Create, Attach, Scale, Start, Stop, Rm, Check, Kinds)

    def __call__(self, args: Namespace, cell: str) -> Any:
        """Return the list."""
        return Ls(self.session)(args, cell)
