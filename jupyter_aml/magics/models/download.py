"""`%aml models download`: the files of a model, in a folder."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.models.one import OneModel
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._models import references
from jupyter_aml.sdk.core.model import Model


class Download(OneModel):
    """Fetch the files of a model into a folder; returns the path of its file or folder."""

    name = "models download"
    usage = f"{references.FORM} [FOLDER] [--force]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument(
            "folder", nargs="?", type=parser.text, default=".", metavar="FOLDER",
            help="where to; default: the current one",
        )  # fmt: skip
        parser.add_argument("--force", action="store_true", help="replace files that are there")

    def __call__(self, args: Namespace, cell: str) -> str:
        """Fetch them."""
        model = Model._from_wire(self.session.workspace, self.found(args))
        return model.download(args.folder, exist_ok=args.force)
