"""`%aml models` and `%aml register`: models, one file per verb."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.models.alias import Alias
from jupyter_aml.magics.models.download import Download
from jupyter_aml.magics.models.ls import Ls
from jupyter_aml.magics.models.register import Register
from jupyter_aml.magics.models.rm import Rm
from jupyter_aml.magics.models.show import Show
from jupyter_aml.magics.verb import Parser
from jupyter_aml.magics.verbs import Group

__all__ = ["Models", "Register"]


class Models(Group):
    """List registered models; show, download, name and delete them.

    Without a verb it lists them, as `ls` does.
    """

    name = "models"
    usage = "[VERB]"
    kinds = (Ls, Show, Download, Alias, Rm)

    def parser(self) -> Parser:
        """A parser that knows the options of `ls`, too."""
        parser = super().parser()
        Ls(self.session).arguments(parser)
        return parser

    def __call__(self, args: Namespace, cell: str) -> Any:
        """Return the list."""
        return Ls(self.session)(args, cell)
