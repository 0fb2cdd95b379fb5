"""`%aml compute show`: one compute target in full."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.compute.one import OneTarget
from jupyter_aml.widgets.compute import describe


class Show(OneTarget):
    """Print a compute target: how it does, its nodes with their runs, its settings."""

    name = "compute show"
    usage = "NAME"
    takes_local = True

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        print(describe(self.found(args)))
