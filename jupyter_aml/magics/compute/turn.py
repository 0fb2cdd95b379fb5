"""`%aml compute start` and `stop`: a compute target that takes runs, or lets them wait."""

from __future__ import annotations

from argparse import Namespace
from typing import ClassVar

from jupyter_aml.magics.compute.one import OneTarget


class Stop(OneTarget):
    """Stop a compute target: runs that are on it go on, others wait until it is started."""

    name = "compute stop"
    usage = "NAME"
    is_stopped: ClassVar[bool] = True

    def __call__(self, args: Namespace, cell: str) -> None:
        """Do it."""
        word = "stopped" if self.is_stopped else "started"
        seen, workspace = self.made(args, word), self.session.workspace
        body = {"workspace": workspace.name, "isStopped": self.is_stopped}
        workspace.client.compute.change(seen["name"], body)
        print(f"{seen['name']} is {word}.")


class Start(Stop):
    """Start a compute target that was stopped; runs that wait for it go on."""

    name = "compute start"
    is_stopped: ClassVar[bool] = False
