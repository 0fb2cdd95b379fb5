"""`%aml data rm`: forget a data set."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain.dataset import read_label
from jupyter_aml.magics.asking import agreed
from jupyter_aml.magics.data.one import OneDataset
from jupyter_aml.magics.verb import Parser


class Rm(OneDataset):
    """Forget a data set: a version, or without one all versions. Asks first; its files stay."""

    name = "data rm"
    usage = "NAME[:VERSION] [--yes]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Forget it."""
        seen = self.found(args)
        name, version = read_label(args.dataset)
        what = f"all versions of {name}" if version is None else f"{name}:{version}"
        if not args.yes and not agreed(f"Forget data set {what}?"):
            print("Nothing was forgotten.")
            return
        self.session.workspace.client.datasets.remove(seen["workspace"], name, version)
        self.session.cache.refresh()
        print(f"Forgot {what}; its files stay.")
