"""`%aml models rm`: delete a model."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.asking import agreed
from jupyter_aml.magics.models.one import OneModel
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._models import references


class Rm(OneModel):
    """Delete a model: a version, or without one all versions. Asks first.

    A version that has aliases, or that a run at work has fetched, stays.
    """

    name = "models rm"
    usage = f"{references.FORM} [--yes]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Delete it."""
        model = self.found(args)
        name, wanted = references.read(args.model)
        version = None if wanted is None else model["version"]
        what = f"all versions of {name}" if version is None else model["id"]
        if not args.yes and not agreed(f"Delete model {what}?"):
            print("Nothing was deleted.")
            return
        self.session.workspace.client.models.remove(model["workspace"], name, version)
        self.session.cache.refresh()
        print(f"Deleted {what}.")
