"""`%aml env show`: one environment in full."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.env.one import OneEnvironment
from jupyter_aml.widgets.environments import describe


class Show(OneEnvironment):
    """Print an environment: its state, its warnings, and its definition as YAML."""

    name = "env show"
    usage = "NAME[:VERSION]"

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        print(describe(self.found(args)))
