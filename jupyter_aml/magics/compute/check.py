"""`%aml compute check`: connect to what a compute target stands for."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.compute.asked import Asked
from jupyter_aml.sdk._compute import command_line


class Check(Asked):
    """Connect to a compute target and say what is there; with --kind to one that is not there yet.

    Nothing is registered.
    """

    name = "compute check"
    usage = "NAME [--kind KIND] [--set K=V]..."

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Targets."""
        return [] if before else self.session.compute_names(made=True)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Say what was found."""
        workspace = self.session.workspace
        print(command_line.checked(workspace.name, workspace.client, args))
