"""A verb about one model that is there, given as NAME, NAME:VERSION or NAME@ALIAS."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._models import references
from jupyter_aml.wire.models import WireModel


class OneModel(Verb):
    """One positional argument, completed and found."""

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "model",
            type=parser.text,
            metavar=references.FORM,
            help="a model; without a version or alias its newest version",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Models."""
        return [] if before else self.session.model_names(word)

    def found(self, args: Namespace) -> WireModel:
        """The model that is meant."""
        workspace = self.session.workspace
        return workspace.client.models.get(workspace.name, *references.read(args.model))
