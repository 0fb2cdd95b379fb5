"""`%aml last`: the run that was sent last."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Verb
from jupyter_aml.sdk.core import Run


class Last(Verb):
    """Return the run that this notebook sent last, else the newest of the workspace."""

    name = "last"

    def __call__(self, args: Namespace, cell: str) -> Run:
        """Return the run, which draws itself."""
        return self.session.find("last")
