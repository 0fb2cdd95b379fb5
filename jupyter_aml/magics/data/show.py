"""`%aml data show`: one data set in full."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.data.one import OneDataset
from jupyter_aml.widgets.datasets import describe


class Show(OneDataset):
    """Print a data set: where it comes from, what is done with it, and who uses it."""

    name = "data show"
    usage = "NAME[:VERSION]"

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        seen = self.found(args)
        client = self.session.workspace.client.datasets
        print(describe(seen, client.lineage(seen["workspace"], seen["name"], seen["version"])))
