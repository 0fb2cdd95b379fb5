"""`%aml models alias`: a name for a version of a model."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.models.one import OneModel
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._models import references


class Alias(OneModel):
    """Give a version of a model an alias, which leaves whichever version had it."""

    name = "models alias"
    usage = f"{references.FORM} ALIAS [--remove]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument("alias", type=parser.text, metavar="ALIAS", help="such as champion")
        parser.add_argument("--remove", action="store_true", help="take it away")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Give it, or take it away."""
        model, client = self.found(args), self.session.workspace.client.models
        if args.remove:
            client.remove_alias(model["workspace"], model["name"], args.alias)
            print(f"{model['name']} has no alias {args.alias} any more.")
        else:
            client.alias(model["workspace"], model["name"], model["version"], args.alias)
            print(f"{model['name']}@{args.alias} is {model['id']}.")
        self.session.cache.refresh()
