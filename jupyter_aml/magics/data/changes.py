"""`%aml data changes`: what is other than it was when a version was registered."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.data.one import OneDataset
from jupyter_aml.widgets import datasets


class Changes(OneDataset):
    """Print which files are new (+), gone (-) or changed (~) since a version was registered."""

    name = "data changes"
    usage = "NAME[:VERSION]"

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print them."""
        seen = self.found(args)
        client = self.session.workspace.client.datasets
        found = client.changes(seen["workspace"], seen["name"], seen["version"])
        print(datasets.changes(seen, found))
