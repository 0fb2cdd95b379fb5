"""`%aml models show`: one model in full."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.models.one import OneModel
from jupyter_aml.sdk._models import references
from jupyter_aml.widgets.models import describe


class Show(OneModel):
    """Print a model: what was said of it, its files, what made it and what uses it."""

    name = "models show"
    usage = references.FORM

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        model = self.found(args)
        place = model["workspace"], model["name"], model["version"]
        client = self.session.workspace.client.models
        print(describe(model, client.files(*place), client.lineage(*place)))
