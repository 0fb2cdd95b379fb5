"""`%aml compute create` and `attach`: a new compute target."""

from __future__ import annotations

from argparse import Namespace
from typing import ClassVar

from IPython.core.error import UsageError

from jupyter_aml.domain.vm_sizes import SIZES
from jupyter_aml.magics.compute.asked import Asked
from jupyter_aml.sdk._compute import command_line
from jupyter_aml.widgets.compute import made


class Create(Asked):
    """Create a compute target: without --kind a cluster of nodes on this machine.

    Nodes start when runs come, and leave after --idle without runs. --size limits each node to what
    such a machine of Azure has.
    """

    name = "compute create"
    usage = "NAME [--kind KIND] [--size SIZE] [--min N] [--max N] [--idle 30m] [--set K=V]..."
    has_nodes: ClassVar[bool] = True

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Kinds, their settings, and sizes."""
        if name == "size":
            return [size.name for size in SIZES.values()]
        return super().complete_option(name, word)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Create it."""
        workspace = self.session.workspace
        body = command_line.body(workspace.name, workspace.client, args)
        print(made(workspace.client.compute.add(body)))
        self.session.cache.refresh()


class Attach(Create):
    """Attach what is there already, such as a machine that is reached by SSH.

    `%aml compute kinds` lists the kinds with their settings. A secret is best set in the vault
    first, by `jupyter aml secret set NAME`, and said as --set password=secret://NAME.
    """

    name = "compute attach"
    usage = "NAME --kind KIND [--set K=V]..."
    has_nodes: ClassVar[bool] = False

    def __call__(self, args: Namespace, cell: str) -> None:
        """Attach it."""
        if args.kind is None:
            kinds = [kind["name"] for kind in self.session.workspace.client.compute.kinds()]
            raise UsageError(f"{self.program}: say --kind: there are {', '.join(kinds)}")
        super().__call__(args, cell)
