"""`%aml data upload`: copy files to a datastore."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._named import places

if TYPE_CHECKING:
    from jupyter_aml.sdk.data.data_reference import DataReference


class Upload(Verb):
    """Copy a folder, or files, to a datastore."""

    name = "data upload"
    usage = f"SOURCE... {places.FORM} [--force]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "source", nargs="+", type=parser.text, metavar="SOURCE", help="a folder, or files"
        )
        parser.add_argument("place", type=parser.text, metavar=places.FORM, help=places.HELP)
        parser.add_argument("--force", action="store_true", help="replace files that are there")

    def __call__(self, args: Namespace, cell: str) -> DataReference:
        """Copy them; returns a reference to where they are."""
        store, path = places.place(self.session.workspace, args.place)
        if len(args.source) == 1 and os.path.isdir(args.source[0]):
            return store.upload(args.source[0], path, overwrite=args.force)
        return store.upload_files(args.source, target_path=path, overwrite=args.force)
