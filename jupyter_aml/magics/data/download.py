"""`%aml data download`: copy files of a datastore into a folder."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._named import places


class Download(Verb):
    """Copy a file or folder of a datastore into a folder, by its path; returns how many files."""

    name = "data download"
    usage = f"{places.FORM} [FOLDER] [--force]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument("place", type=parser.text, metavar=places.FORM, help=places.HELP)
        parser.add_argument(
            "folder", nargs="?", type=parser.text, default=".", metavar="FOLDER",
            help="where to; default: the current one",
        )  # fmt: skip
        parser.add_argument("--force", action="store_true", help="replace files that are there")

    def __call__(self, args: Namespace, cell: str) -> int:
        """Copy them."""
        store, path = places.place(self.session.workspace, args.place)
        return store.download(args.folder, prefix=path or None, overwrite=args.force)
