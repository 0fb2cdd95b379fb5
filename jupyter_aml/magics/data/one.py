"""A verb about one data set that is there, given as NAME or NAME:VERSION."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain.dataset import read_label
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.wire.datasets import WireDataset


class OneDataset(Verb):
    """One positional argument, completed and found."""

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "dataset",
            type=parser.text,
            metavar="NAME[:VERSION]",
            help="a data set; without a version its newest",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Data sets."""
        return [] if before else self.session.dataset_names(word)

    def found(self, args: Namespace) -> WireDataset:
        """The data set that is meant."""
        workspace = self.session.workspace
        return workspace.client.datasets.get(workspace.name, *read_label(args.dataset))
