"""`%aml data`: datastores with their files, and data sets, one file per verb."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.data.changes import Changes
from jupyter_aml.magics.data.download import Download
from jupyter_aml.magics.data.ls import Ls
from jupyter_aml.magics.data.preview import Preview
from jupyter_aml.magics.data.rm import Rm
from jupyter_aml.magics.data.sets import Sets
from jupyter_aml.magics.data.show import Show
from jupyter_aml.magics.data.upload import Upload
from jupyter_aml.magics.verb import Parser
from jupyter_aml.magics.verbs import Group


class Data(Group):
    """List datastores and their files, copy files to and from them; list and show data sets.

    Without a verb it lists the datastores, as `ls` does.
    """

    name = "data"
    usage = "[VERB]"
    kinds = (Ls, Upload, Download, Sets, Show, Preview, Changes, Rm)

    def parser(self) -> Parser:
        """A parser that knows the arguments of `ls`, too."""
        parser = super().parser()
        Ls(self.session).arguments(parser)
        return parser

    def __call__(self, args: Namespace, cell: str) -> Any:
        """Return the list."""
        return Ls(self.session)(args, cell)
